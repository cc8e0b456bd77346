import { beforeEach, describe, expect, it, vi } from 'vitest';

const called: [string, unknown][] = [];
const answers: Record<string, (input: never) => unknown> = {};
class CallError extends Error {
  readonly code = 'weights-heads';
  readonly hint = 'Say how many heads there are (--heads).';
}
vi.mock('../../../src-renderer/lib/client.ts', () => ({
  call: async (name: string, input: never) => {
    called.push([name, input]);
    return answers[name](input);
  },
  onCoreEvent: () => () => {},
  CallError,
  shell: null,
}));
const { EncoderBoard, WeightsToImport } = await import(
  '../../../src-renderer/pages/pretrain/encoders/encoders.svelte.ts'
);
const { notices } = await import('../../../src-renderer/state/notices.svelte.ts');
const { remedy } = await import('../../../src-renderer/lib/remedies.ts');

const found = { architecture: 'ViT', dimensions: 12, inputSize: 28, notes: [], name: 'free' };

beforeEach(() => {
  called.length = 0;
  notices.list = [];
  answers['models.inspect'] = () => found;
  answers['models.import'] = ({ activate }: { activate: boolean }) => ({ model: 'free', active: activate });
  answers['models.list'] = () => ({ models: [] });
});

describe('a weight file that is about to be imported', () => {
  it('is looked into at once, and again with what is typed', async () => {
    const weights = new WeightsToImport();
    weights.begin('/somewhere/w.pth');
    await vi.waitFor(() => expect(weights.found).toEqual(found));
    expect(called).toEqual([['models.inspect', { file: '/somewhere/w.pth' }]]);
    Object.assign(weights, { heads: 6, input: 224, pixels: 'half' });
    await weights.look();
    expect(called[1][1]).toEqual({ file: '/somewhere/w.pth', heads: 6, input: 224, pixels: 'half' });
  });

  it('says what is wrong with it, in the words of the page, and is not imported then', async () => {
    answers['models.inspect'] = () => {
      throw new CallError('heads cannot be told');
    };
    const weights = new WeightsToImport();
    await weights.look();
    expect(weights.found).toBeNull();
    expect(weights.problem).toBeInstanceOf(CallError);
    expect(remedy(weights.problem as CallError)).toBe('Type how many attention heads there are.');
    answers['models.import'] = answers['models.inspect'];
    expect(await weights.import()).toBe(false);
    expect(weights.importing).toBe(false);
  });

  it('drops the answer that a later question overtook', async () => {
    const weights = new WeightsToImport();
    let release = () => {};
    answers['models.inspect'] = ({ file }: { file: string }) =>
      file === 'slow' ? new Promise((resolve) => (release = () => resolve({ ...found, name: 'slow' }))) : found;
    weights.begin('slow');
    weights.begin('quick');
    await vi.waitFor(() => expect(weights.found?.name).toBe('free'));
    release();
    await Promise.resolve();
    expect(weights.found?.name).toBe('free');
  });

  it('becomes an encoder under the name that was typed, and the active one only where that was ticked', async () => {
    const weights = new WeightsToImport();
    weights.begin('w.onnx');
    Object.assign(weights, { name: '  mine ', activate: false });
    expect(await weights.import()).toBe(true);
    expect(called.at(-1)).toEqual(['models.import', { file: 'w.onnx', name: 'mine', activate: false }]);
    expect(notices.list.at(-1)!.message).toBe('free is imported.');
    weights.activate = true;
    await weights.import();
    expect(notices.list.at(-1)!.message).toContain('active model now');
  });
});

describe('the encoders', () => {
  it('are used, deleted and exported by their names, and listed anew', async () => {
    Object.assign(answers, {
      'training.activate': () => ({ model: 'a' }),
      'models.delete': () => ({ freed: 1 }),
      'models.export': () => ({ file: '/out/a.onnx', beside: '/out/a.json', bytes: 1 }),
    });
    const board = new EncoderBoard();
    await board.activate('a');
    await board.remove('a');
    expect(called.map(([name]) => name)).toEqual(['training.activate', 'models.list', 'models.delete', 'models.list']);
    const file = await board.export({ model: 'a', format: 'onnx', out: '/out' }, () => {});
    expect(file).toBe('/out/a.onnx');
  });

  it('an export that failed tells its dialog why', async () => {
    answers['models.export'] = () => {
      throw new Error('there already');
    };
    const board = new EncoderBoard();
    const heard: unknown[] = [];
    const input = { model: 'a', format: 'onnx', out: '/out' } as const;
    expect(await board.export(input, (error) => heard.push(error))).toBeNull();
    expect(heard).toHaveLength(1);
    expect(board.busy).toBe(false);
  });
});
