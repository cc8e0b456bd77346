import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type JobEvent, unattended } from '../../../src-main/base/progress.ts';
import { readSafetensors } from '../../../src-main/model/weights/safetensors.ts';
import type { Recipe } from '../../../src-main/pretrain/config.ts';
import type { PictureSource } from '../../../src-main/pretrain/pictures/source.ts';
import { BestEncoder } from '../../../src-main/pretrain/trainer/best-encoder.ts';
import { train } from '../../../src-main/pretrain/trainer/trainer.ts';
import { cropRecipe } from '../../../src-main/vision/crops.ts';
import { drawPhotos, tinyRecipe } from '../photos.ts';

let folder: string;
let sources: PictureSource[];
const timeout = 300_000;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-early-'));
  sources = await drawPhotos(join(folder, 'photos'), 24);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const small = (changes: Partial<Recipe> = {}) =>
  tinyRecipe({
    ...{ model: 'vit-nano/16', crops: cropRecipe('products', 32, 16, 0), batch: 8, dropPath: 0 },
    ...{ length: { kind: 'epochs', epochs: 40 }, ...changes },
  });

async function trained(name: string, recipe: Recipe, of = sources) {
  const [events, said] = [[] as JobEvent[], [] as string[]];
  const runFolder = join(folder, 'runs', name);
  const request = {
    ...{ gondola: 'test', recipe, sources: of, cacheFolder: join(folder, 'cache'), keepCaches: [], runFolder },
    ...{ encoderFile: join(folder, 'models', `${name}.safetensors`), startedAt: null, resume: false, cores: 2 },
  };
  const context = {
    ...unattended,
    say: (message: string) => said.push(message),
    emit: (event: JobEvent) => events.push(event),
  };
  return { outcome: await train(request, context), events, said, runFolder };
}

describe('a run that is to end early', () => {
  it('ends when looks bring no better accuracy, says after which step, and leaves one encoder', {
    timeout,
  }, async () => {
    // Nothing is learnt at this rate, so no look can be better than the first one.
    const recipe = small({ patience: 1, learningRate: 1e-12, finalLearningRate: 1e-12 });
    const { outcome, said, runFolder } = await trained('patient', recipe);
    expect(outcome).toMatchObject({ state: 'finished', kept: null });
    expect(outcome.step).toBeLessThan(outcome.config.plan.steps / 2);
    expect(outcome.message).toContain(
      `Ended after step ${outcome.step} of 120: 1 looks in a row found no kNN accuracy above`,
    );
    expect(said.at(-1)).toContain('The encoder of the last step');
    expect(readdirSync(runFolder).filter((name) => name.startsWith('best-')).length).toBeLessThanOrEqual(2);
    expect(existsSync(outcome.encoder.path)).toBe(true);
  });

  it('cannot without labels, says so, and does all its steps', { timeout }, async () => {
    const unlabelled = sources.map((source) => ({ ...source, label: null }));
    const recipe = small({ patience: 1, length: { kind: 'epochs', epochs: 1 } });
    const { outcome, said } = await trained('unlabelled', recipe, unlabelled);
    expect(outcome).toMatchObject({ state: 'finished', step: 3, message: '' });
    expect(said.join(' ')).toContain('cannot end early by its kNN accuracy: that needs 20 labelled products');
  });

  it('stops when a collapse lasts, where it was asked to', { timeout }, async () => {
    // Decay alone: every weight is halved at every step.
    const ruin = {
      learningRate: 1e-2,
      weightDecay: [50, 50],
      finalLearningRate: 1e-2,
      momentum: 0.5,
      keepMomentum: true,
    } as const;
    const length = { kind: 'epochs', epochs: 24 } as const;
    const { outcome, events } = await trained('collapsed', small({ ...ruin, length, onCollapse: 'stop' }));
    expect(outcome.state).toBe('finished');
    expect(outcome.step).toBeLessThan(72);
    expect(outcome).toMatchObject({ collapsed: true, kept: null });
    expect(outcome.message).toContain('since the network has been collapsed for 3 looks in a row');
    const warnings = events.filter(({ kind }) => kind === 'warning').map(({ message }) => message);
    expect(warnings).toContainEqual(expect.stringContaining('the network is collapsing'));
  });

  it(
    'keeps the weights of its best look beside the checkpoint, until a better one is there',
    async () => {
      const { outcome, runFolder } = await trained('one', small({ length: { kind: 'epochs', epochs: 1 } }));
      const { tensors } = await readSafetensors(outcome.encoder.path);
      const weights = new Map([...tensors].map(([name, tensor]) => [`backbone.${name}`, tensor]));
      const best = new BestEncoder(runFolder, 100, 3, null);
      await best.look(outcome.config, 10, 0.3, weights);
      await best.look(outcome.config, 20, 0.6, weights);
      await best.look(outcome.config, 30, 0.2, weights);
      await best.forgetOthers();
      expect(readdirSync(runFolder).filter((name) => name.endsWith('.safetensors') && name.startsWith('best'))).toEqual(
        ['best-20.safetensors'],
      );
      expect((await readSafetensors(best.file(20))).tensors.size).toBe(tensors.size);
      expect(best.choose(30, 0.2)).toMatchObject({ step: 20, knn: 0.6 });
    },
    timeout,
  );
});
