import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unattended } from '../../../src-main/base/progress.ts';
import { openRuntime } from '../../../src-main/engine/devices.ts';
import { readSafetensors, writeSafetensors } from '../../../src-main/model/weights/safetensors.ts';
import { relativeError } from '../../../src-main/pretrain/replay/comparison.ts';
import { Fixture } from '../../../src-main/pretrain/replay/fixture.ts';
import { replay } from '../../../src-main/pretrain/replay/replay.ts';

const official = fileURLToPath(new URL('../../fixtures/dino-steps.safetensors', import.meta.url));
const json = official.replace('.safetensors', '.json');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gondola-replay-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The official recording, changed. */
async function changed(
  edit: (tensors: Awaited<ReturnType<typeof readSafetensors>>['tensors'], description: Description) => void,
): Promise<string> {
  const path = join(folder, 'changed.safetensors');
  const { tensors } = await readSafetensors(official);
  const description = JSON.parse(await readFile(json, 'utf8')) as Description;
  edit(tensors, description);
  await writeSafetensors(path, tensors);
  await writeFile(join(folder, 'changed.json'), JSON.stringify(description));
  return path;
}

interface Description {
  config: { steps: number; locals: number; heads: number };
  steps: { loss: number; lr: number }[];
}

const run = async (path: string, device = 'cpu') =>
  replay(await openRuntime(device), await Fixture.read(path), unattended);

describe('recorded steps of the official DINO code', () => {
  test('are reproduced on the CPU: loss, every gradient, outputs, center, weights, teacher, attention', async () => {
    const { steps, checks, ok, movedByRounding } = await run(official);
    expect(steps).toBe(4);
    expect(Object.fromEntries(checks.map(({ kind, compared }) => [kind, compared]))).toEqual({
      loss: 4,
      gradients: 4 * 49,
      'student outputs': 4,
      'teacher outputs': 4,
      center: 4,
      weights: 4 * 50,
      'teacher weights': 4 * 50,
      'position embedding': 1,
      attention: 1,
      feature: 1,
      masks: 1,
    });
    for (const { kind, error, worst } of checks)
      expect(error, `${kind}, ${worst}`).toBeLessThan(kind === 'loss' ? 1e-5 : 1e-4);
    expect(ok).toBe(true);
    // The biases of the keys, 48 in each of three blocks, and very few beside them.
    expect(movedByRounding).toBeGreaterThanOrEqual(144);
    expect(movedByRounding).toBeLessThan(200);
  });

  test('are reproduced by TensorFlow.js, which shares no kernel with ONNX Runtime', async () => {
    const path = await changed((_, { config }) => {
      config.steps = 1;
    });
    const { checks } = await run(path, 'tensorflow');
    const steps = checks.filter(({ kind }) => !['position embedding', 'attention', 'feature', 'masks'].includes(kind));
    for (const { kind, error, tolerance } of steps) expect(error, kind).toBeLessThan(tolerance);
  });
});

describe('a device that computes something else is found out', () => {
  test('by any quantity that differs, and the tensor is named', async () => {
    const spoilt: [kind: string, name: string, spoil: (values: Float32Array) => unknown][] = [
      ['gradients', 'step1.grad.backbone.blocks.1.mlp.fc1.weight', (values) => values.fill(1, 5, 6)],
      ['weights', 'step2.student_after.backbone.pos_embed', (values) => values.fill(0.1, 100, 101)],
      ['teacher weights', 'step0.teacher_after.head.mlp.2.weight', (values) => values.fill(0.1, 0, 1)],
      ['center', 'step3.center_after', (values) => values.reverse()],
      ['student outputs', 'step0.student_out', (values) => values.fill(0.1, 64, 65)],
      ['teacher outputs', 'step0.teacher_out', (values) => values.fill(Number.NaN, 64, 65)],
      ['position embedding', 'pos_embed.local', (values) => values.fill(0.01, 60, 61)],
      ['attention', 'attention.last', (values) => values.fill(0.5, 20, 21)],
      ['feature', 'attention.feature', (values) => values.fill(0.5, 20, 21)],
      ['masks', 'attention.mask60', (values) => values.reverse()],
    ];
    const path = await changed((tensors) => {
      for (const [, name, spoil] of spoilt) spoil(tensors.get(name)!.values);
    });
    const { checks, ok } = await run(path);
    expect(ok).toBe(false);
    for (const [kind, name] of spoilt) {
      const check = checks.find((candidate) => candidate.kind === kind)!;
      expect(check.ok, kind).toBe(false);
      const [step, ...parts] = name.split('.');
      const tensor = parts.slice(1).join('.');
      const where = step.startsWith('step') ? `step ${step.slice(4)}${tensor && ` ${tensor}`}` : name;
      expect(check.worst).toBe(where);
    }
  });

  test('the loss, within a hundred-thousandth', async () => {
    const path = await changed((_, { steps }) => {
      steps[1].loss *= 1.00002;
    });
    const { checks } = await run(path);
    expect(checks.filter((check) => !check.ok).map(({ kind, worst }) => [kind, worst])).toEqual([['loss', 'step 1']]);
  });

  test('another learning rate, by the weights', async () => {
    const path = await changed((_, { steps }) => {
      steps[0].lr *= 1.01;
    });
    const { checks } = await run(path);
    expect(checks.find(({ kind }) => kind === 'weights')!.ok).toBe(false);
  });
});

describe('a recording that cannot be used says why', () => {
  test('without its .json', async () => {
    const path = join(folder, 'alone.safetensors');
    await copyFile(official, path);
    await expect(Fixture.read(path)).rejects.toThrow(/alone\.json/);
  });

  test('with a tensor missing', async () => {
    const path = await changed((tensors) => tensors.delete('step1.crop3'));
    await expect(run(path)).rejects.toThrow(/changed\.safetensors.*"step1\.crop3"/);
  });

  test('with sizes that do not fit', async () => {
    const path = await changed((_, { config }) => {
      config.heads = 5;
    });
    await expect(run(path)).rejects.toThrow(/changed\.json.*divisible by heads/);
  });

  test('with fewer steps than it speaks of', async () => {
    const path = await changed((_, { config }) => {
      config.steps = 5;
    });
    await expect(run(path)).rejects.toThrow(/5 steps and describes 4/);
  });
});

describe('the relative error', () => {
  test('is judged on the scale of the tensor', () => {
    expect(relativeError(Float32Array.of(0, 101), Float32Array.of(1, 100))).toBeCloseTo(0.01, 6);
    expect(relativeError(Float32Array.of(1, 2), Float32Array.of(1, 2))).toBe(0);
    expect(relativeError(Float32Array.of(0, 0), Float32Array.of(0, 0))).toBe(0);
  });

  test('is infinite where a value is not a number', () => {
    expect(relativeError(Float32Array.of(Number.NaN), Float32Array.of(1))).toBe(Number.POSITIVE_INFINITY);
    expect(relativeError(Float32Array.of(1), Float32Array.of(Number.NaN))).toBe(Number.POSITIVE_INFINITY);
  });
});
