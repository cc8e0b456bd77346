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
const { RunBoard, trainingCall } = await import('../../../src-renderer/pages/pretrain/runs.svelte.ts');
const { jobs } = await import('../../../src-renderer/state/jobs.svelte.ts');

const step = {
  kind: 'point',
  steps: 10,
  teacherEntropy: 3,
  divergence: 2,
  featureSpread: 0.5,
  learningRate: 1e-4,
  imagesPerSecond: 9,
};
let state = 'running';

beforeEach(() => {
  called.length = 0;
  jobs.list = [];
  state = 'running';
  const run = (name: string) => ({ name, state: name === 'new' ? state : 'finished', step: 2, steps: 10 });
  answers['training.runs'] = () => ({ runs: [run('new'), run('old')] });
  answers['training.run'] = ({ run: name }: { run: string }) => ({
    run: run(name),
    series: [{ name: 'step.loss', steps: [2], values: [6] }],
    warnings: [],
  });
});

it('the curve of the run that trains grows with what it tells, in order, each point once', async () => {
  const board = new RunBoard();
  await board.load();
  expect(board.selected).toEqual(['new']);
  for (const at of [1, 4, 4, 6]) board.happened({ ...step, step: at, loss: 10 - at }, trainingCall);
  const [{ series, run }] = board.shown;
  expect(series.find(({ name }) => name === 'step.loss')).toEqual({
    name: 'step.loss',
    steps: [2, 4, 6],
    values: [6, 6, 4],
  });
  expect(run.step).toBe(6);
});

it('what other jobs tell is none of its business', async () => {
  const board = new RunBoard();
  await board.load();
  board.happened({ ...step, step: 5, loss: 1 }, 'library.import');
  board.happened({ kind: 'photo', path: 'x' }, trainingCall);
  expect(board.shown[0].run.step).toBe(2);
});

it('warnings stay listed with their run, each once', async () => {
  const board = new RunBoard();
  await board.load();
  for (let i = 0; i < 2; i++) board.happened({ kind: 'warning', message: 'It is collapsing.' }, trainingCall);
  expect(board.shown[0].warnings).toEqual(['It is collapsing.']);
});

it('several runs can be looked at side by side, and one always stays', async () => {
  const board = new RunBoard();
  await board.load();
  await board.toggle('old');
  expect(board.shown.map(({ run }) => run.name)).toEqual(['new', 'old']);
  await board.toggle('new');
  await board.toggle('old');
  expect(board.selected).toEqual(['old']);
});

it('stop and keep first stops the training, and only then ends the run', async () => {
  const board = new RunBoard();
  await board.load();
  jobs.list = [{ id: 7, call: trainingCall, state: 'running' } as (typeof jobs.list)[number]];
  answers['jobs.cancel'] = () => {
    state = 'stopped';
    jobs.list = [];
    return {};
  };
  answers['training.finish'] = () => ({ model: 'new' });
  called.length = 0;
  await board.stopAndKeep('new');
  expect(called.slice(0, 2)).toEqual([
    ['jobs.cancel', { id: 7 }],
    ['training.finish', { run: 'new' }],
  ]);
  expect(board.busy).toBe(false);
});
