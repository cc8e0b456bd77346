import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { GondolaError } from '../../../src-main/base/errors.ts';
import { type JobEvent, unattended } from '../../../src-main/base/progress.ts';
import { readSafetensors } from '../../../src-main/model/weights/safetensors.ts';
import { readCheckpoint } from '../../../src-main/pretrain/checkpoint.ts';
import type { Recipe } from '../../../src-main/pretrain/config.ts';
import { Learner } from '../../../src-main/pretrain/learner.ts';
import type { CropSource } from '../../../src-main/pretrain/micro-batches.ts';
import type { PictureSource } from '../../../src-main/pretrain/pictures/source.ts';
import { planOf } from '../../../src-main/pretrain/recipe.ts';
import { recover } from '../../../src-main/pretrain/trainer/recovery.ts';
import { train } from '../../../src-main/pretrain/trainer/trainer.ts';
import { drawPhotos, tinyRecipe } from '../photos.ts';

let folder: string;
let sources: PictureSource[];
const timeout = 300_000;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-recovery-'));
  sources = await drawPhotos(join(folder, 'photos'), 6);
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const small = (changes: Partial<Recipe> = {}) =>
  tinyRecipe({ model: 'vit-nano/16', batch: 3, dropPath: 0, length: { kind: 'epochs', epochs: 2 }, ...changes });

async function trained(name: string, recipe: Recipe, of = sources) {
  const [events, said] = [[] as JobEvent[], [] as string[]];
  const runFolder = join(folder, 'runs', name);
  const encoderFile = join(folder, 'models', `${name}.safetensors`);
  const request = {
    ...{
      gondola: 'test',
      recipe,
      sources: of,
      cacheFolder: join(folder, 'cache'),
      keepCaches: [],
      runFolder,
      encoderFile,
    },
    ...{ startedAt: null, resume: false, cores: 2 },
  };
  const context = {
    ...unattended,
    say: (message: string) => said.push(message),
    emit: (event: JobEvent) => events.push(event),
  };
  return { outcome: await train(request, context), events, said, runFolder, encoderFile };
}

/** Does something before the n-th step that is tried, once. */
function beforeStep(n: number, sabotage: (learner: Learner, crops: CropSource) => CropSource | undefined): void {
  const step = Learner.prototype.step;
  let tried = 0;
  vi.spyOn(Learner.prototype, 'step').mockImplementation(function (this: Learner, crops, settings) {
    tried++;
    const changed = tried === n ? sabotage(this, crops as CropSource) : undefined;
    return step.call(this, changed ?? crops, settings);
  });
}

async function expectFinite(file: string): Promise<void> {
  const { tensors } = await readSafetensors(file);
  for (const { values } of tensors.values()) expect(values.every(Number.isFinite)).toBe(true);
}

describe('a training that meets a number that is none', () => {
  it('in its weights goes back to its last checkpoint, halves its rate, says so, and ends well', {
    timeout,
  }, async () => {
    beforeStep(4, (learner) => {
      learner.student.get('backbone.patch_embed.proj.weight')!.values[7] = Number.NaN;
      return undefined;
    });
    const { outcome, events, said, encoderFile } = await trained('weight', small());
    expect(outcome).toMatchObject({ state: 'finished', step: 4 });
    // The checkpoint of the first epoch lies at step 2; the fourth step could not be done.
    expect(outcome.config.plan.recoveries).toEqual([{ step: 2, divergedAt: 3, factor: 0.5 }]);
    const warnings = events.filter(({ kind }) => kind === 'warning').map(({ message }) => message);
    expect(warnings).toContainEqual(expect.stringContaining('goes back to its last checkpoint (step 2)'));
    expect(warnings).toContainEqual(expect.stringContaining('half the learning rate, 0.00005 instead of 0.0001'));
    expect(said).toEqual(expect.arrayContaining(warnings));
    const planned = events.filter(({ kind }) => kind === 'planned');
    expect(planned.map(({ step, recovered }) => [step, recovered])).toEqual([
      [0, false],
      [2, true],
    ]);
    // A record forgets what it heard of the steps that are done anew: the warning comes after it was told of them.
    const told = events.findIndex(({ message }) => String(message).includes('goes back to its last checkpoint'));
    expect(told).toBeGreaterThan(events.indexOf(planned[1]));
    await expectFinite(encoderFile);
  });

  it('in a picture does the same, and its checkpoint tells of it', { timeout }, async () => {
    beforeStep(2, (_, crops) => async (images) => {
      const drawn = await crops(images);
      drawn.globals.fill(Number.NaN, 0, 10);
      return drawn;
    });
    const { outcome, runFolder, encoderFile } = await trained('picture', small());
    expect(outcome).toMatchObject({ state: 'finished', step: 4 });
    const { config } = (await readCheckpoint(runFolder))!;
    expect(config.plan.recoveries).toEqual([{ step: 0, divergedAt: 1, factor: 0.5 }]);
    await expectFinite(encoderFile);
  });

  it('in its teacher, after the last step, saves it nowhere and does that step again', { timeout }, async () => {
    const step = Learner.prototype.step;
    let done = 0;
    vi.spyOn(Learner.prototype, 'step').mockImplementation(async function (this: Learner, crops, settings) {
      const report = await step.call(this, crops, settings);
      if (++done === 4) this.teacher.get('head.last_layer.weight_v')!.values[0] = Number.POSITIVE_INFINITY;
      return report;
    });
    const { outcome, encoderFile } = await trained('teacher', small());
    expect(outcome).toMatchObject({ state: 'finished', step: 4 });
    expect(outcome.config.plan.recoveries).toHaveLength(1);
    expect(done).toBe(6);
    await expectFinite(encoderFile);
  });

  it('because of an absurd learning rate lowers it until the training holds', { timeout }, async () => {
    const photos = await drawPhotos(join(folder, 'more'), 10);
    // At which rate exactly numbers overflow, and whether an eighth of it holds, is up to the rounding of the machine.
    const rescued: number[] = [];
    for (const learningRate of [250, 400, 500, 600, 700, 800, 900, 1000, 2000]) {
      const recipe = small({ batch: 2, learningRate, weightDecay: [0, 0] });
      const found = await trained(`absurd-${learningRate}`, recipe, photos).catch(
        (error: { code: string }) => error.code,
      );
      if (typeof found === 'string') expect(found).toBe('training-diverged');
      else {
        expect(found.outcome.state).toBe('finished');
        await expectFinite(found.encoderFile);
        if (found.outcome.config.plan.recoveries?.length) rescued.push(learningRate);
      }
      if (rescued.length > 0) break;
    }
    expect(rescued).not.toEqual([]);
  });

  it('gives up after three times, says what to do, and keeps the last good checkpoint', { timeout }, async () => {
    const hopeless = trained('hopeless', small({ learningRate: 1e30 }));
    await expect(hopeless).rejects.toMatchObject({
      code: 'training-diverged',
      message: expect.stringContaining('It went back 3 times and lowered the learning rate to 1.25e+29'),
      hint: expect.stringContaining('a learning rate of 0.0001 or less'),
    });
    await expectFinite(join(folder, 'runs', 'hopeless', 'checkpoint.safetensors'));
    expect(existsSync(join(folder, 'models', 'hopeless.safetensors'))).toBe(false);
  });

  it('counts only mishaps in a row: three that it recovered from do not make the fourth the last', () => {
    const recipe = tinyRecipe();
    const error = new GondolaError('training-diverged', 'It diverged.');
    const planAfter = (places: readonly number[]) => ({
      ...planOf(recipe, 5000, 100),
      recoveries: places.map((divergedAt) => ({ step: divergedAt - 10, divergedAt, factor: 0.5 })),
    });
    const again = (places: readonly number[], divergedAt: number) =>
      recover({ recipe, plan: planAfter(places) }, divergedAt - 10, divergedAt, error, '').plan.recoveries;
    expect(again([100, 1000, 2000], 3000)).toHaveLength(4);
    expect(again([100, 1000, 1010], 1020)).toHaveLength(4);
    expect(() => again([1000, 1010, 1020], 1030)).toThrow('It went back 3 times');
  });
});
