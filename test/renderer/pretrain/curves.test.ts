import { describe, expect, it } from 'vitest';
import {
  aligned,
  type Chart,
  charts,
  chartsOf,
  differences,
  drawnLines,
  summary,
  withPoint,
} from '../../../src-renderer/pages/pretrain/curves.ts';

const [loss] = charts;
const run = (name: string, ...series: { name: string; steps: number[]; values: number[] }[]) => ({
  run: { name },
  series,
});

describe('the curves of runs', () => {
  it('are those that every run has, and one for each measure of its own objective, whatever its name', () => {
    const simclr = run(
      'a',
      { name: 'step.loss', steps: [0, 1], values: [3, 2] },
      { name: 'step.similarity', steps: [0, 1], values: [0.9, 0.8] },
      { name: 'similarity', steps: [1, 2], values: [0.8, 0.7] },
      { name: 'step.learningRate', steps: [0, 1], values: [0, 1e-3] },
      { name: 'imagesPerSecond', steps: [1, 2], values: [60, 61] },
    );
    const titles = chartsOf([simclr]).map(({ title }) => title);
    expect(titles).toEqual([
      'Loss',
      'Feature spread and effective rank',
      'kNN accuracy',
      'Similarity',
      'Learning rate',
    ]);
    const dino = run('b', { name: 'divergence', steps: [1, 2], values: [1, 0.9] });
    expect(chartsOf([simclr, dino]).map(({ title }) => title)).toContain('Entropy and KL');
    const similarity = chartsOf([simclr]).find(({ title }) => title === 'Similarity') as Chart;
    expect(drawnLines(similarity, [simclr])).toMatchObject([{ values: [0.9, 0.8] }]);
  });

  it('grow by what an objective measures of its own while a run is watched', () => {
    const grown = withPoint([], { kind: 'point', step: 3, loss: 2, measures: { similarity: 0.8 } });
    expect(grown.map(({ name }) => name).sort()).toEqual(['step.loss', 'step.similarity']);
  });

  it('are drawn from the points between epochs where they were kept, else from the epochs', () => {
    const lines = drawnLines(loss, [
      run('new', { name: 'loss', steps: [10], values: [5] }, { name: 'step.loss', steps: [1, 2], values: [7, 6] }),
      run('old', { name: 'loss', steps: [10, 20], values: [5, 4] }),
      run('unborn'),
    ]);
    expect(lines.map(({ run, steps }) => [run, steps])).toEqual([
      ['new', [1, 2]],
      ['old', [10, 20]],
    ]);
  });

  it('lie over one axis, with gaps where a run measured nothing', () => {
    const lines = drawnLines(loss, [
      run('a', { name: 'loss', steps: [1, 3], values: [9, 8] }),
      run('b', { name: 'loss', steps: [2, 3], values: [7, 6] }),
    ]);
    expect(aligned(lines)).toEqual([
      [1, 2, 3],
      [9, null, 8],
      [null, 7, 6],
    ]);
  });

  it('are said in words, for those who do not see them', () => {
    const lines = drawnLines(loss, [run('a', { name: 'loss', steps: [1, 5, 9], values: [6.9, 7.5, 4.123_45] })]);
    expect(summary(loss, lines)).toBe('a, loss: from 6.9 to 4.123 at step 9; between 4.123 and 7.5.');
    expect(summary(loss, [])).toBe('Nothing measured yet.');
    const knn = charts.find(({ title }) => title === 'kNN accuracy') as Chart;
    expect(summary(knn, drawnLines(knn, [run('a', { name: 'knn', steps: [0], values: [0.286] })]))).toContain('28.6 %');
  });
});

describe('a curve that grows', () => {
  const step = { kind: 'point', step: 4, steps: 10, loss: 5, teacherEntropy: 3 } as const;

  it('takes a point of every measure, and begins series that were not there', () => {
    const grown = withPoint([{ name: 'step.loss', steps: [2], values: [6] }], step);
    expect(grown).toEqual([
      { name: 'step.loss', steps: [2, 4], values: [6, 5] },
      { name: 'step.teacherEntropy', steps: [4], values: [3] },
    ]);
  });

  it('takes what was told before the page was loaded only once', () => {
    const once = withPoint([], step);
    expect(withPoint(once, step)).toEqual(once);
    expect(withPoint(once, { ...step, step: 3 })).toEqual(once);
  });

  it('leaves out what an epoch did not measure', () => {
    const grown = withPoint([], { kind: 'epoch', step: 4, loss: 5, knn: null, eta: 3, epochs: 2, steps: 9 });
    expect(grown.map(({ name }) => name)).toEqual(['loss']);
  });
});

it('settings that all runs share are no difference', () => {
  const settings = (batch: string, length: string) => [
    { setting: 'batch', value: batch },
    { setting: 'length', value: length },
  ];
  const runs = [
    { name: 'a', settings: settings('32', '10 minutes') },
    { name: 'b', settings: settings('32', '30 minutes') },
  ];
  expect(differences(runs)).toEqual([{ setting: 'length', values: ['10 minutes', '30 minutes'] }]);
  expect(differences(runs.slice(0, 1))).toEqual([]);
});
