import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ComparisonRow, Figures } from '../../../src-main/contract/compare.ts';

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
const { CompareBoard, compareCall } = await import('../../../src-renderer/pages/pretrain/compare/compare.svelte.ts');
const { cell, columns, inOrder, pressed } = await import('../../../src-renderer/pages/pretrain/compare/columns.ts');
const { jobs } = await import('../../../src-renderer/state/jobs.svelte.ts');
const { notices } = await import('../../../src-renderer/state/notices.svelte.ts');

const nothing: Figures = {
  ...{ knn: null, linear: null, effectiveRank: null, imagesPerSecond: null },
  ...{ seconds: null, steps: null, epochs: null, images: null },
};
const entry = (variant: string, state: string) => ({
  ...{ variant, seed: 0, run: `first-${variant}`, state, message: '', figures: null, model: null, active: false },
});
const objective = (name: string) => ({ name, title: name.toUpperCase(), paper: '', idea: '' });
let state: string;

beforeEach(() => {
  called.length = 0;
  jobs.list = [];
  notices.list = [];
  state = 'running';
  answers['compare.plan'] = ({ objectives }: { objectives: string[] }) => ({
    objectives: ['dino', 'simclr', 'distillation'].map(objective),
    trainings: objectives.map((variant) => ({ variant, seed: 0, seconds: 60 })),
    ...{ pictures: 9, encoder: 'small', seconds: 60 * objectives.length, leftOut: [], teachers: ['mine'] },
  });
  answers['compare.list'] = () => ({
    comparisons: [{ name: 'first', state, rows: [], entries: [entry('dino', 'waiting'), entry('simclr', 'waiting')] }],
  });
});

describe('a comparison that is being thought about', () => {
  it('begins with all that needs nothing else, and is planned anew with what is chosen', async () => {
    const board = new CompareBoard();
    await board.refresh();
    expect(board.objectives).toEqual(['dino', 'simclr']);
    board.chosen!.distillation = true;
    board.seeds = 2;
    await board.refresh();
    expect(called.at(-1)).toEqual([
      'compare.plan',
      expect.objectContaining({
        ...{ objectives: ['dino', 'simclr', 'distillation'], seeds: [0, 1], teacher: 'best' },
        budget: { kind: 'minutes', amount: 5 },
      }),
    ]);
    expect(board.plan?.seconds).toBe(180);
  });

  it('drops the answer that a later question overtook', async () => {
    const board = new CompareBoard();
    await board.refresh();
    const release: (() => void)[] = [];
    const plan = answers['compare.plan'];
    answers['compare.plan'] = async (input: never) => {
      await new Promise<void>((resolve) => release.push(resolve));
      return plan(input);
    };
    const early = board.refresh();
    board.chosen!.simclr = false;
    const late = board.refresh();
    release[1]();
    await late;
    release[0]();
    await early;
    expect(board.plan?.trainings).toHaveLength(1);
  });

  it('tells why it cannot be', async () => {
    const board = new CompareBoard();
    answers['compare.plan'] = () => {
      throw new Error('There are no labels.');
    };
    await board.refresh();
    expect(board.problem).toMatchObject({ message: 'There are no labels.' });
  });
});

describe('a comparison under way', () => {
  it('is looked at when it begins, and its trainings go on as it tells', async () => {
    const board = new CompareBoard();
    await board.load();
    board.happened({ kind: 'comparison', comparison: 'first', trainings: 2 }, compareCall);
    const told = { kind: 'comparison-entry', comparison: 'first', position: 1, entry: entry('simclr', 'training') };
    board.happened(told, 'library.import');
    expect(board.shown?.entries[1].state).toBe('waiting');
    board.happened(told, compareCall);
    expect(board.shown?.entries.map((each) => each.state)).toEqual(['waiting', 'training']);
    expect(board.live?.name).toBe('first');
  });

  it('is paused as the job that it is, and resumed by its name', async () => {
    const board = new CompareBoard();
    await board.load();
    jobs.list = [{ id: 7, call: compareCall, state: 'running' } as (typeof jobs.list)[number]];
    answers['jobs.pause'] = () => ({});
    await board.pause();
    expect(called).toContainEqual(['jobs.pause', { id: 7 }]);
    answers['compare.run'] = () => ({
      ...{ name: 'first', state: 'finished', best: { variant: 'simclr', model: 'first-simclr' } },
      rows: [{ variant: 'simclr', objective: objective('simclr') }],
    });
    board.resume('first');
    expect(called.at(-1)).toEqual(['compare.run', { name: 'first', resume: true }]);
    await vi.waitFor(() => expect(notices.list[0]?.message).toBe('first is done. The best was SIMCLR.'));
  });
});

describe('the table', () => {
  const row = (variant: string, mean: Partial<Figures> | null): ComparisonRow => ({
    ...{
      variant,
      objective: null,
      measured: mean ? 1 : 0,
      failures: [],
      deviation: null,
      untrained: null,
      best: false,
    },
    mean: mean && { ...nothing, ...mean },
  });
  const rows = [row('b', { knn: 0.2, seconds: 60 }), row('a', null), row('c', { knn: 0.4, seconds: 90 })];
  const names = (sorted: ComparisonRow[]) => sorted.map(({ variant }) => variant);

  it('begins a column with its best, turns round at the second press, and leaves what has no figure to the end', () => {
    const byTime = pressed({ by: 'knn', falling: true }, 'seconds');
    expect(names(inOrder(rows, byTime))).toEqual(['b', 'c', 'a']);
    expect(names(inOrder(rows, pressed(byTime, 'seconds')))).toEqual(['c', 'b', 'a']);
    expect(names(inOrder(rows, pressed(byTime, 'knn')))).toEqual(['c', 'b', 'a']);
    expect(names(inOrder(rows, pressed(byTime, 'variant')))).toEqual(['a', 'b', 'c']);
  });

  it('tells how far the seeds lie apart, in the unit of the figure', () => {
    const [knn] = columns;
    const spread = { mean: { ...nothing, knn: 0.2 }, deviation: { ...nothing, knn: 0.013 } };
    expect(cell(knn, spread)).toBe('20.0 % ± 1.3');
    expect(cell(knn, rows[1])).toBe('–');
  });
});
