import { describe, expect, it } from 'vitest';
import { Random } from '../../../src-main/base/random.ts';
import { openRuntime } from '../../../src-main/engine/devices.ts';
import { initialWeights } from '../../../src-main/model/parameters.ts';
import { Learner } from '../../../src-main/pretrain/learner.ts';
import { byol } from '../../../src-main/pretrain/objectives/byol.ts';
import type { DinoConfig } from '../../../src-main/pretrain/objectives/dino.ts';
import type { Objective, StepSettings } from '../../../src-main/pretrain/objectives/objective.ts';
import { simclr } from '../../../src-main/pretrain/objectives/simclr.ts';
import { simdino } from '../../../src-main/pretrain/objectives/simdino.ts';
import { addStep, epochMeans, noSteps } from '../../../src-main/pretrain/trainer/epoch.ts';
import { CollapseWatch, type ProbeSigns, type Signs } from '../../../src-main/pretrain/watch/collapse.ts';
import { stripedCrops, tinyDino, tinyLearner, tinySettings } from '../tiny-dino.ts';

const BATCH = 8;
const LOOK = 20;
const network = { architecture: tinyDino.architecture, crops: tinyDino.crops, dropPath: 0 };
const head = { hidden: 32, outputs: 16 };
const coding = { compression: 1, distortion: 0.5 };

/** The real DINO step on tiny pictures, with what a look saw of every twenty of them. */
async function looks(steps: number, config: Partial<DinoConfig>, settings: Partial<StepSettings>): Promise<Signs[]> {
  const dino = { ...tinyDino, ...config };
  const learner: Learner = await tinyLearner(BATCH, dino);
  return seen(learner, steps, settings);
}

/** The same of another objective on the same network and pictures. */
async function looksOf(objective: Objective, steps: number, settings: Partial<StepSettings>): Promise<Signs[]> {
  const weights = initialWeights(objective.parameters, new Random(1));
  const learner = await Learner.create(await openRuntime('cpu'), {
    objective,
    batch: BATCH,
    weights,
    seed: 5,
    clip: 3,
  });
  return seen(learner, steps, settings);
}

async function seen(learner: Learner, steps: number, settings: Partial<StepSettings>): Promise<Signs[]> {
  const signs: Signs[] = [];
  let sums = noSteps();
  let untrainedSpread: number | null = null;
  for (let step = 0; step < steps; step++) {
    const report = await learner.step(stripedCrops(step, BATCH), tinySettings(step, settings));
    untrainedSpread ??= report.featureSpread;
    addStep(sums, report, 1, 0);
    if (sums.steps < LOOK) continue;
    const objective = learner.objective.name;
    const { prototypes } = tinyDino.head;
    signs.push({ ...epochMeans(sums, BATCH), objective, untrainedSpread, prototypes, batch: BATCH });
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

  it('of BYOL is told with a remedy of its own', async () => {
    const { sentences, stays } = told(
      await looksOf(byol({ ...network, ...head }), 80, { weightDecay: 30, learningRate: 1e-2, teacherMomentum: 0.5 }),
    );
    expect(sentences).toEqual([expect.stringContaining('0.187 before training): the network is collapsing')]);
    expect(sentences[0]).toContain('a teacher that follows more slowly');
    expect(stays).toBe(true);
  });

  it('is told of none whose features spread, whatever it learns from', async () => {
    const [similar, coded] = [
      await looksOf(simclr({ ...network, ...head, temperature: 0.2 }), 100, { learningRate: 3e-3 }),
      await looksOf(simdino({ ...network, hidden: 32, bottleneck: 16, ...coding }), 100, { learningRate: 3e-3 }),
    ];
    expect(told(similar).sentences).toEqual([]);
    expect(told(coded).sentences).toEqual([]);
  });

  it('is not told of a training that is well, from its first step on, even with a sharp teacher', async () => {
    expect(told(await looks(100, {}, {})).sentences).toEqual([]);
    expect(told(await looks(60, {}, { teacherTemperature: 0.02, teacherMomentum: 0.99 })).sentences).toEqual([]);
  });
});

describe('the watch over a training', () => {
  const measures = { teacherEntropy: 4, divergence: 0.5, mostUsed: 0.1 };
  const healthy: Signs = {
    ...{ objective: 'dino', measures, prototypes: 1024, batch: 32, waiting: 0.01 },
    ...{ featureSpread: 0.5, untrainedSpread: 0.4 },
  };

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
    const fallen: ProbeSigns = { objective: 'dino', effectiveRank: 1.05, untrainedRank: 3 };
    const watch = new CollapseWatch();
    expect(watch.probed(fallen)).toEqual([]);
    expect(watch.probed(fallen)).toEqual([expect.stringContaining('lie on one line')]);
    const always = new CollapseWatch();
    for (let look = 0; look < 3; look++) expect(always.probed({ ...fallen, untrainedRank: 1.3 })).toEqual([]);
  });

  it('counts a look of the probe once, however many steps pass until the next, and over a resume', () => {
    const fallen: ProbeSigns = { objective: 'dino', effectiveRank: 1.05, untrainedRank: 3 };
    const watch = new CollapseWatch();
    watch.probed(fallen);
    for (let look = 0; look < 5; look++) expect(watch.warnings(healthy)).toEqual([]);
    expect(watch.stays).toBe(false);
    watch.probed(fallen);
    const resumed = new CollapseWatch(JSON.parse(JSON.stringify(watch.state)));
    expect(resumed.stays).toBe(false);
    expect(resumed.sentence).toContain('lie on one line');
    resumed.probed(fallen);
    expect(resumed.stays).toBe(true);
    resumed.probed({ ...fallen, effectiveRank: 4 });
    expect(resumed.stays).toBe(false);
  });

  it('takes no network for collapsed that starts with features close together and spreads them', () => {
    const mimetic = { ...healthy, untrainedSpread: 0.07 };
    const rising = [0.06, 0.05, 0.05, 0.08, 0.2].map((featureSpread) => ({ ...mimetic, featureSpread }));
    expect(told(rising)).toEqual({ sentences: [], stays: false });
    const dipping = [0.5, 0.33, 0.25, 0.3].map((featureSpread) => ({
      ...healthy,
      untrainedSpread: 0.6,
      featureSpread,
    }));
    expect(told(dipping)).toEqual({ sentences: [], stays: false });
  });

  it('tells a collapse that leaves features some spread for long', () => {
    // Epochs 4, 8 … of a BYOL training on 40 photos of 32 pixels, whose kNN accuracy fell from 10 to 7.5 %.
    const spreads = [0.368, 0.139, 0.084, 0.069, 0.063, 0.061];
    const similarities = [0.8794, 0.9942, 0.999, 0.9997, 0.9998, 0.9998];
    const signs = spreads.map(
      (featureSpread, i): Signs => ({
        ...{ ...healthy, objective: 'byol', untrainedSpread: 0.498 },
        ...{ featureSpread, measures: { similarity: similarities[i] } },
      }),
    );
    const watch = new CollapseWatch();
    expect(signs.map((look) => watch.warnings(look).length)).toEqual([0, 0, 0, 1, 0, 0]);
    expect(watch.stays).toBe(true);
    expect(watch.sentence).toContain('(spread 0.061 of 1, 0.498 before training)');
  });

  it('advises what the objective can heed', () => {
    const pressed = { ...healthy, featureSpread: 0.05 };
    const advice = (objective: Signs['objective']) => told([pressed, pressed].map((look) => ({ ...look, objective })));
    expect(advice('swav').sentences[0]).toContain('fewer prototypes, a larger batch');
    expect(advice('byol').sentences[0]).toContain('a higher momentum');
    expect(advice('simclr').sentences[0]).toContain('more varied photos');
    expect(advice('dino').sentences).toEqual([]);
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
