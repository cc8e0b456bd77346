import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../src-main/base/random.ts';
import { openRuntime } from '../../src-main/engine/devices.ts';
import { input } from '../../src-main/engine/graph.ts';
import type { Runtime } from '../../src-main/engine/runtime.ts';
import { Encoder } from '../../src-main/model/encoder.ts';
import { inputLookup, type Weights } from '../../src-main/model/parameters.ts';
import { Vit, type VitConfig } from '../../src-main/model/vit.ts';
import { readSafetensors } from '../../src-main/model/weights/safetensors.ts';

const config: VitConfig = { dimensions: 24, depth: 2, heads: 2, patch: 8, image: 32, registers: 0, layerScale: false };
const preprocessing = { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] } as {
  mean: [number, number, number];
  std: [number, number, number];
};

let folder: string;
let runtime: Runtime;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gondola-encoder-'));
  runtime = await openRuntime('cpu');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const shapes = (weights: Weights) => [...weights].map(([name, { shape }]) => ({ name, shape }));

function pictures(n: number, values: number): Float32Array {
  const random = new Random(n, values);
  return Float32Array.from({ length: n * values }, () => random.normal());
}

describe('an encoder', () => {
  test('gives the same features after it was saved and loaded', async () => {
    const path = join(folder, 'model.safetensors');
    const encoder = Encoder.untrained(runtime, config, 7);
    await encoder.save(path, { ...preprocessing, made: { by: 'a test' } });
    const loaded = await Encoder.load(runtime, path);
    expect(loaded.config).toEqual(config);
    expect(loaded.inputSize).toBe(32);
    expect(loaded.dimensions).toBe(24);
    const images = pictures(3, 3 * 32 * 32);
    expect(await loaded.embed(images, 3)).toEqual(await encoder.embed(images, 3));
    expect(JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'))).toMatchObject({
      architecture: config,
      inputSize: 32,
      mean: [0.5, 0.5, 0.5],
      made: { by: 'a test' },
    });
  });

  test('an embedding read from patches, too, is the class token and their mean in each of the last blocks, side by side', async () => {
    const readingTwo: VitConfig = { ...config, registers: 1, readout: 2 };
    const path = join(folder, 'patches.safetensors');
    const encoder = Encoder.untrained(runtime, readingTwo, 7, 40);
    await encoder.save(path, preprocessing);
    const loaded = await Encoder.load(runtime, path);
    expect(loaded.config).toEqual(readingTwo);
    expect(loaded.dimensions).toBe(72);
    const images = pictures(2, 3 * 40 * 40);
    const { tensors } = await readSafetensors(path);
    const embedding = await loaded.embed(images, 2);
    const { readout: _, ...plain } = readingTwo;
    const classTokens = await new Encoder(runtime, plain, tensors, path, 40).embed(images, 2);
    for (let i = 0; i < 24; i++)
      for (const n of [0, 1]) expect(embedding[n * 72 + i]).toBeCloseTo(classTokens[n * 24 + i], 5);
    // After its first block the network is one of a single block with the same weights.
    for (const depth of [1, 2]) {
      const vit = new Vit({ ...config, registers: 1, depth }, inputLookup(shapes(tensors), ''));
      const { patches } = vit.pass(input('images', [2, 3, 40, 40]));
      const program = await runtime.compile({ patches });
      const feeds = Object.fromEntries([...tensors].map(([name, { values }]) => [name, values]));
      const tokens = (await program.run({ ...feeds, images })).patches;
      await program.dispose();
      for (let image = 0; image < 2; image++) {
        for (let i = 0; i < 24; i++) {
          const own = Array.from({ length: 25 }, (_, patch) => tokens[(image * 25 + patch) * 24 + i]);
          const mean = own.reduce((sum, value) => sum + value) / 25;
          expect(embedding[image * 72 + depth * 24 + i]).toBeCloseTo(mean, 5);
        }
      }
    }
    await encoder.dispose();
    await loaded.dispose();
  });

  test('a picture’s embedding does not depend on how many go through together', async () => {
    const encoder = Encoder.untrained(runtime, config, 7);
    const values = 3 * 32 * 32;
    const images = pictures(41, values);
    const all = await encoder.embed(images, 41);
    expect(all.length).toBe(41 * 24);
    // Full batches of 16, a filled-up rest of 9, single pictures.
    for (const n of [1, 2, 8, 9, 16, 17, 25]) {
      const some = await encoder.embed(images, n);
      expect(some.length).toBe(n * 24);
      for (let i = 0; i < some.length; i++) expect(some[i]).toBeCloseTo(all[i], 4);
    }
    await encoder.dispose();
  });

  test('takes pictures of any size that its patches tile, also wide ones', async () => {
    const encoder = Encoder.untrained(runtime, config, 7);
    const size = { height: 24, width: 56 };
    const { attention, keys, heads, grid } = await encoder.attend(pictures(2, 3 * 24 * 56), 2, size);
    expect(grid).toEqual({ rows: 3, columns: 7 });
    expect(attention.length).toBe(2 * heads * 21);
    expect(keys.length).toBe(2 * 21 * 24);
    for (let map = 0; map < 2 * heads; map++) {
      const sum = attention.subarray(map * 21, (map + 1) * 21).reduce((total, x) => total + x);
      expect(sum).toBeGreaterThan(0.8);
      expect(sum).toBeLessThan(1);
    }
    await expect(encoder.embed(pictures(1, 3 * 24 * 50), 1, { height: 24, width: 50 })).rejects.toThrow(/50 × 24/);
  });

  test('attention leaves out the registers', async () => {
    const encoder = Encoder.untrained(runtime, { ...config, registers: 3 }, 7);
    const { attention, keys } = await encoder.attend(pictures(1, 3 * 32 * 32), 1);
    expect(attention.length).toBe(2 * 16);
    expect(keys.length).toBe(16 * 24);
  });

  test('many sizes in turn work, though only a few stay compiled', async () => {
    const encoder = Encoder.untrained(runtime, config, 7);
    const first = await encoder.embed(pictures(1, 3 * 64), 1, { height: 8, width: 8 });
    for (let i = 2; i < 9; i++) await encoder.embed(pictures(1, 3 * 64 * i), 1, { height: 8, width: 8 * i });
    expect(await encoder.embed(pictures(1, 3 * 64), 1, { height: 8, width: 8 })).toEqual(first);
    await encoder.dispose();
  });

  test('too few pixels are an error, not a picture of zeros', async () => {
    const encoder = Encoder.untrained(runtime, config, 7);
    await expect(encoder.embed(pictures(1, 3 * 32 * 32), 2)).rejects.toMatchObject({ code: 'image-size' });
  });

  test('weights of another architecture are refused by name', async () => {
    const path = join(folder, 'other.safetensors');
    await Encoder.untrained(runtime, config, 7).save(path, preprocessing);
    const json = join(folder, 'other.json');
    const description = JSON.parse(await readFile(json, 'utf8'));
    description.architecture.depth = 3;
    await writeFile(json, JSON.stringify(description));
    await expect(Encoder.load(runtime, path)).rejects.toThrow(/other\.safetensors.*blocks\.2\.norm1\.weight/);
    await writeFile(json, JSON.stringify({ ...description, architecture: { ...description.architecture, heads: 5 } }));
    await expect(Encoder.load(runtime, path)).rejects.toThrow(/other\.json.*divisible by heads/);
    await rm(json);
    await expect(Encoder.load(runtime, path)).rejects.toMatchObject({ code: 'encoder-unreadable' });
  });
});
