import { beforeEach, expect, it, vi } from 'vitest';

const called: [string, unknown][] = [];
const answers: Record<string, (input: never) => unknown> = {};
vi.mock('../../../src-renderer/lib/client.ts', () => ({
  call: async (name: string, input: never) => {
    called.push([name, input]);
    return answers[name](input);
  },
  onCoreEvent: () => () => {},
  CallError: Error,
  shell: null,
}));
const { AdaptBoard } = await import('../../../src-renderer/pages/pretrain/adapt/adapt.svelte.ts');
const { notices } = await import('../../../src-renderer/state/notices.svelte.ts');

const result = { best: 'linear', inUse: 'knn', methods: [] };

beforeEach(() => {
  called.length = 0;
  notices.list = [];
  answers['adapt.result'] = () => ({ result: null });
  answers['adapt.compare'] = () => result;
  answers['adapt.use'] = () => ({ method: 'linear', model: 'dino-1', toIndex: 3 });
});

it('a comparison is shown when it is done, and uses nothing by itself', async () => {
  const board = new AdaptBoard();
  await board.load();
  expect(board.asked && board.result).toBeNull();
  board.finetune = false;
  await board.compare('cpu');
  expect(board.result).toEqual(result);
  expect(called).toEqual([
    ['adapt.result', {}],
    ['adapt.compare', { finetune: false, device: 'cpu' }],
  ]);
});

it('a chosen way is used, and the next step is told', async () => {
  const board = new AdaptBoard();
  await board.use('linear');
  expect(called).toEqual([
    ['adapt.use', { method: 'linear' }],
    ['adapt.result', {}],
  ]);
  expect(notices.list.at(-1)?.message).toContain('Index the other 3 products');
});

it('too few labels are told with the remedy; a cancelled comparison is no problem', async () => {
  const board = new AdaptBoard();
  const failing = (code: string) => () => {
    throw Object.assign(new Error('No SKU is labelled on two photos.'), { code });
  };
  answers['adapt.compare'] = failing('labels-too-few');
  await board.compare('cpu');
  expect(board.problem).toMatchObject({ code: 'labels-too-few' });
  answers['adapt.compare'] = failing('cancelled');
  await board.compare('cpu');
  expect(board.problem).toBeNull();
});
