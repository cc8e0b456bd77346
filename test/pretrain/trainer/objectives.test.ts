// Whole trainings by other objectives than DINO, from photos to an encoder.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type JobEvent, unattended } from '../../../src-main/base/progress.ts';
import { readSafetensors } from '../../../src-main/model/weights/safetensors.ts';
import { checkpointFile, readCheckpoint } from '../../../src-main/pretrain/checkpoint.ts';
import { teacherIn } from '../../../src-main/pretrain/objectives/teacher.ts';
import type { PictureSource } from '../../../src-main/pretrain/pictures/source.ts';
import type { EpochEvent, TrainingRequest } from '../../../src-main/pretrain/trainer/messages.ts';
import { train } from '../../../src-main/pretrain/trainer/trainer.ts';
import { drawPhotos, tinyRecipe } from '../photos.ts';

let folder: string;
let sources: PictureSource[];
const timeout = 300_000;
const length = { kind: 'epochs', epochs: 1 } as const;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-objectives-'));
  sources = await drawPhotos(join(folder, 'photos'), 8);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function requestOf(name: string, recipe: Parameters<typeof tinyRecipe>[0]): TrainingRequest {
  return {
    ...{ gondola: 'test', recipe: tinyRecipe({ length, ...recipe }), sources, cacheFolder: join(folder, 'cache') },
    ...{ runFolder: join(folder, 'runs', name), encoderFile: join(folder, 'models', `${name}.safetensors`) },
    ...{ keepCaches: [], startedAt: null, resume: false, cores: 2 },
  };
}

async function trained(request: TrainingRequest) {
  const epochs: EpochEvent[] = [];
  const emit = (event: JobEvent) => {
    if (event.kind === 'epoch') epochs.push(event as EpochEvent);
  };
  return { outcome: await train(request, { ...unattended, emit }), epochs };
}

it('without a teacher the network that learnt is what the run leaves, and its measures are its own', {
  timeout,
}, async () => {
  const request = requestOf('simclr', { objective: 'simclr' });
  const { outcome, epochs } = await trained(request);
  expect(outcome.state).toBe('finished');
  expect(epochs[0]).toMatchObject({ teacherEntropy: null, divergence: null });
  expect(Object.keys(epochs[0].measures)).toEqual(['similarity']);
  const { tensors } = (await readCheckpoint(request.runFolder))!;
  expect([...tensors.keys()].some((name) => name.startsWith('teacher.'))).toBe(false);
  const saved = (await readSafetensors(outcome.encoder.path)).tensors.get('cls_token')!.values;
  expect(saved).toEqual(tensors.get('student.backbone.cls_token')!.values);
  const description = JSON.parse(await readFile(outcome.encoder.path.replace('.safetensors', '.json'), 'utf8'));
  expect(description.made.objective).toBe('simclr');
});

it('a small network learns from a larger one, which is then no longer needed to go on', { timeout }, async () => {
  const model = 'vit-small/16';
  const large = await trained(requestOf('large', { model, objective: 'byol', byol: { hidden: 16, outputs: 8 } }));
  const moved = (await readCheckpoint(join(folder, 'runs', 'large')))!.tensors;
  const kept = (await readSafetensors(large.outcome.encoder.path)).tensors.get('cls_token')!.values;
  expect(kept).toEqual(moved.get('teacher.backbone.cls_token')!.values);
  expect(kept).not.toEqual(moved.get('student.backbone.cls_token')!.values);

  const teacher = teacherIn(large.outcome.encoder.path);
  const request = requestOf('small', { objective: 'distillation', teacher, batch: 4 });
  const { outcome, epochs } = await trained(request);
  expect(outcome.encoder.dimensions).toBe(192);
  expect(Object.keys(epochs[0].measures).sort()).toEqual(['relations', 'similarity']);
  const { tensors } = await readSafetensors(checkpointFile(request.runFolder));
  expect(tensors.get('teacher.encoder.cls_token')!.values).toEqual(kept);

  rmSync(large.outcome.encoder.path);
  expect(existsSync(teacher.file)).toBe(false);
  const again = await trained({ ...request, resume: true });
  expect(again.outcome).toMatchObject({ state: 'finished', step: outcome.step });
});
