import { describe, expect, it } from 'vitest';
import type { Learner } from '../../../src-main/pretrain/learner.ts';
import type { DinoConfig } from '../../../src-main/pretrain/objectives/dino.ts';
import type { StepSettings } from '../../../src-main/pretrain/objectives/objective.ts';
import { addStep, epochMeans, noSteps } from '../../../src-main/pretrain/trainer/epoch.ts';
import { CollapseWatch, type Signs } from '../../../src-main/pretrain/watch/collapse.ts';
import { stripedCrops, tinyDino, tinyLearner, tinySettings } from '../tiny-dino.ts';

const BATCH = 8;
const LOOK = 20;

/** The real DINO step on tiny pictures, with what a look saw of every twenty of them. */
async function looks(steps: number, config: Partial<DinoConfig>, settings: Partial<StepSettings>): Promise<Signs[]> {
  const dino = { ...tinyDino, ...config };
  const learner: Learner = await tinyLearner(BATCH, dino);
  const signs: Signs[] = [];
  let sums = noSteps();
  for (let step = 0; step < steps; step++) {
    addStep(sums, await learner.step(stripedCrops(step, BATCH, dino), tinySettings(step, settings)), 1, 0);
    if (sums.steps < LOOK) continue;
    signs.push({ ...epochMeans(sums, BATCH), prototypes: dino.head.prototypes, batch: BATCH });
    sums = noSteps();
  }
  await learner.dispose();
  return signs;
}

function told(signs: readonly Signs[]): { sentences: string[]; stays: boolean } {
  const watch = new CollapseWatch();
  return { sentences: signs.flatMap((look) => watch.warnings(look)), stays: watch.stays };
}

describe('a collapse that is provoked in a real DINO training', () => {
  it('to one prototype, without centering, is told with its remedy, and seen to stay', async () => {
    const { sentences, stays } = told(
      await looks(100, { centerMomentum: 1 }, { teacherTemperature: 0.01, learningRate: 3e-3 }),
    );
    expect(sentences).toEqual([expect.stringContaining('certain of one prototype for every picture')]);
    expect(sentences[0]).toContain('start again with a higher teacher temperature');
    expect(stays).toBe(true);
  });

  it('to even answers, without sharpening, is told with its remedy, and seen to stay', async () => {
    const { sentences, stays } = told(await looks(100, {}, { teacherTemperature: 1, learningRate: 3e-3 }));
    expect(sentences).toEqual([expect.stringContaining('the same even spread over all prototypes')]);
    expect(sentences[0]).toContain('start again with a lower teacher temperature');
    expect(stays).toBe(true);
  });

  it('to equal features, by decay alone, is told of any objective', async () => {
    const signs = await looks(80, {}, { weightDecay: 30, learningRate: 1e-2 });
    const without = signs.map((look) => ({ ...look, measures: {} }));
    const { sentences, stays } = told(without);
    expect(sentences).toEqual([expect.stringContaining('nearly the same feature')]);
    expect(stays).toBe(true);
  });

  it('is not told of a training that is well, from its first step on, even with a sharp teacher', async () => {
    expect(told(await looks(100, {}, {})).sentences).toEqual([]);
    expect(told(await looks(60, {}, { teacherTemperature: 0.02, teacherMomentum: 0.99 })).sentences).toEqual([]);
  });
});

describe('the watch over a training', () => {
  const measures = { teacherEntropy: 4, divergence: 0.5, mostUsed: 0.1 };
  const healthy: Signs = { measures, prototypes: 1024, featureSpread: 0.5, batch: 32, waiting: 0.01 };

  it('is silent while all is well, and where a batch is too small to tell', () => {
    expect(new CollapseWatch().warnings(healthy)).toEqual([]);
    const certain = { teacherEntropy: 0, divergence: 0, mostUsed: 1 };
    const alone = { ...healthy, batch: 1, measures: certain };
    expect(told([alone, alone, alone])).toEqual({ sentences: [], stays: false });
  });

  it('takes neither the even answers of an untrained network nor the certain ones of a sharp teacher for a collapse', () => {
    const even = { teacherEntropy: Math.log(1024), divergence: 0.5, mostUsed: 0.001 };
    const certain = { teacherEntropy: 0.01, divergence: 0.02, mostUsed: 0.2 };
    for (const measures of [even, certain]) {
      const look = { ...healthy, measures };
      expect(told([look, look, look])).toEqual({ sentences: [], stays: false });
    }
  });

  it('tells features that came to lie on one line, which they did not before', () => {
    const fallen = { ...healthy, effectiveRank: 1.05, untrainedRank: 3 };
    expect(told([fallen, fallen]).sentences).toEqual([expect.stringContaining('lie on one line')]);
    const always = { ...fallen, untrainedRank: 1.3 };
    expect(told([always, always]).sentences).toEqual([]);
  });

  it('tells that pictures come too slowly, which is no collapse', () => {
    const watch = new CollapseWatch();
    expect(watch.warnings({ ...healthy, waiting: 0.3 })[0]).toContain('30 % of the time');
    for (let look = 0; look < 5; look++) watch.warnings({ ...healthy, waiting: 0.3 });
    expect(watch.stays).toBe(false);
  });

  it('does not cry at one look, tells a collapse once, and again when it returns; a checkpoint remembers', () => {
    const ill = { ...healthy, featureSpread: 0 };
    const watch = new CollapseWatch();
    expect(watch.warnings(ill)).toHaveLength(0);
    expect(watch.warnings(ill)).toHaveLength(1);
    const resumed = new CollapseWatch(JSON.parse(JSON.stringify(watch.state)));
    expect(resumed.stays).toBe(false);
    expect(resumed.warnings(ill)).toHaveLength(0);
    expect(resumed.stays).toBe(true);
    expect(resumed.warnings(healthy)).toHaveLength(0);
    expect(resumed.stays).toBe(false);
    expect([resumed.warnings(ill), resumed.warnings(ill)].flat()).toHaveLength(1);
  });
});
