// What a few bytes can claim: networks that no memory holds, pictures that nobody has, values that stand for others.
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backboneParameters } from '../../../src-main/model/backbone.ts';
import type { Tensor } from '../../../src-main/model/parameters.ts';
import { importWeights, inspectWeights } from '../../../src-main/model/weights/import.ts';
import { readSafetensors, writeSafetensors } from '../../../src-main/model/weights/safetensors.ts';
import { featuresOf, fixture, furthest } from './fixtures.ts';
import { checkpoint, dictionary, tensor } from './pickle-writer.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gondola-sizes-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const small = { dimensions: 12, depth: 2, heads: 2, patch: 4, image: 16, registers: 0, layerScale: false };
/** Each extent is one that a file may have; together they take 412 GB. */
const huge = { dimensions: 8192, depth: 128, heads: 128, patch: 8, image: 32, registers: 0, layerScale: false };
const half = [0.5, 0.5, 0.5];

describe('a description within a small file', () => {
  const described = (change: object) => ({ architecture: small, inputSize: 16, mean: half, std: half, ...change });
  const token = new Map([['cls_token', { shape: [1, 1, 12], values: new Float32Array(12) }]]);

  test.each<[string, object, RegExp]>([
    ['a hundred million blocks', { architecture: { ...small, depth: 1e8 } }, /architecture\.depth/],
    ['more blocks than an array has places', { architecture: { ...small, depth: 9e15 } }, /architecture\.depth/],
    ['a width of 10¹⁵', { architecture: { ...small, dimensions: 1e15 } }, /architecture\.dimensions/],
    ['pictures of eight billion pixels a side', { architecture: { ...small, image: 8e9 } }, /architecture\.image/],
    ['an input of 800 million pixels a side', { inputSize: 8e8 }, /inputSize/],
    ['an input that the patches do not tile', { inputSize: 33 }, /inputSize and image/],
    ['more patches than 256 a side', { architecture: { ...small, patch: 1 }, inputSize: 300 }, /256 patches/],
    ['a stem that is no whole number of levels', { architecture: { ...small, stem: 'convolution' } }, /stem/],
    ['a deviation of zero', { std: [0, 0, 0] }, /std\.0/],
    ['a mean beyond all pixels', { mean: [1e308, 0, 0] }, /mean\.0/],
  ])('of %s is refused in words', async (_, change, words) => {
    const path = join(folder, 'described.safetensors');
    await writeSafetensors(path, token, { gondola: JSON.stringify(described(change)) });
    await expect(importWeights(path)).rejects.toThrow(words);
    await expect(importWeights(path)).rejects.toMatchObject({ code: 'encoder-unreadable' });
  });

  test('beside it is left alone', async () => {
    const path = join(folder, 'beside.safetensors');
    await writeSafetensors(path, token);
    const deep = described({ architecture: { ...small, depth: 1e8 } });
    await writeFile(join(folder, 'beside.json'), JSON.stringify(deep));
    await expect(importWeights(path)).rejects.toThrow(/needs "patch_embed\.proj\.weight"/);
  });
});

describe('a network that no memory holds', () => {
  const strides = (shape: readonly number[]) =>
    shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));

  test('is refused before a value is read, where the file describes it', async () => {
    const path = join(folder, 'described.safetensors');
    const description = { architecture: huge, inputSize: 32, mean: half, std: half };
    await writeSafetensors(path, new Map(), { gondola: JSON.stringify(description) });
    await expect(inspectWeights(path)).rejects.toMatchObject({ code: 'weights-too-large' });
  });

  test('is refused where one value of a checkpoint stands for all of a parameter', async () => {
    const expanded = Object.fromEntries(
      backboneParameters(huge).map(({ name, shape }) => [
        name,
        tensor(
          '0',
          1,
          shape,
          shape.map(() => 0),
        ),
      ]),
    );
    const path = join(folder, 'expanded.pth');
    await writeFile(path, checkpoint(dictionary(expanded), { 0: new Float32Array(1) }));
    await expect(importWeights(path)).rejects.toMatchObject({ code: 'weights-too-large' });
  });

  // Elsewhere the hole would be written to the disk.
  test.runIf(process.platform === 'linux')('is refused where the file is one hole of 412 GB', async () => {
    let end = 0;
    const header = Object.fromEntries(
      backboneParameters(huge).map(({ name, shape }) => {
        const begin = end;
        end += 4 * shape.reduce((a, b) => a * b, 1);
        return [name, { dtype: 'F32', shape, data_offsets: [begin, end] }];
      }),
    );
    const text = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    const path = join(folder, 'hole.safetensors');
    await writeFile(path, Buffer.concat([length, text]));
    const file = await open(path, 'r+');
    await file.truncate(8 + text.length + end);
    await file.close();
    await expect(importWeights(path)).rejects.toThrow(/takes 41\d\.\d GB of memory/);
  });

  test('parameters that share their values are read, as long as they fit', async () => {
    const tied = backboneParameters(small).map(({ name, shape }) => [name, tensor('0', 600, shape, strides(shape))]);
    const path = join(folder, 'tied.pth');
    const values = Float32Array.from({ length: 600 }, (_, i) => Math.sin(i));
    await writeFile(path, checkpoint(dictionary(Object.fromEntries(tied)), { 0: values }));
    const { weights } = await importWeights(path, { heads: 2 });
    for (const { name, shape } of backboneParameters(small)) {
      const own = weights.get(name)!;
      expect(own.shape).toEqual(shape);
      expect(own.values).toEqual(values.subarray(0, own.values.length));
    }
  });

  // It took a minute when every tensor converted the storage that it is a piece of.
  test('a network in one flat storage of half precision is read in the time of its own size', async () => {
    const deep = { ...small, depth: 128 };
    const count = 1_000_000;
    let offset = 0;
    const pieces = backboneParameters(deep).map(({ name, shape }) => {
      const begin = offset;
      offset += shape.reduce((a, b) => a * b, 1);
      return [name, tensor('0', count, shape, strides(shape), begin, 'HalfStorage')];
    });
    // From 2⁻¹⁴ to 1, in no order that could be packed.
    const halves = Uint16Array.from({ length: count }, (_, i) => (Math.imul(i, 2654435761) >>> 18) | 0x400);
    const path = join(folder, 'flat.pth');
    await writeFile(path, checkpoint(dictionary(Object.fromEntries(pieces)), { 0: halves }));
    const { weights } = await importWeights(path, { heads: 2 });
    const all = [...weights.values()].flatMap(({ values }) => [...values]);
    expect(all.length).toBe(offset);
    const exact = (bits: number) => (1 + (bits & 0x3ff) / 1024) * 2 ** ((bits >> 10) - 15);
    expect(all).toEqual([...halves.subarray(0, offset)].map(exact));
  });

  test('one value for all of a parameter, as `expand` leaves it, is read as so many', async () => {
    const parameters = backboneParameters(small).map(({ name, shape }) => {
      const steps = name === 'norm.bias' ? shape.map(() => 0) : strides(shape);
      return [name, tensor('0', 600, shape, steps, name === 'norm.bias' ? 7 : 0)];
    });
    const path = join(folder, 'expanded-bias.pth');
    const values = Float32Array.from({ length: 600 }, (_, i) => i);
    await writeFile(path, checkpoint(dictionary(Object.fromEntries(parameters)), { 0: values }));
    const { weights } = await importWeights(path, { heads: 2 });
    expect(weights.get('norm.bias')!.values).toEqual(new Float32Array(12).fill(7));
  });
});

describe('positions and registers that are several', () => {
  test.each([
    ['pos_embed', [3, 16, 12]],
    ['pos_embed', [3, 17, 12]],
    ['pos_embed', [2, 20, 12]],
    ['reg_token', [2, 3, 12]],
  ])('%s of %j is refused by its name', async (name, shape) => {
    const { tensors } = await readTimm();
    tensors.set(name, { shape, values: new Float32Array(shape.reduce((a, b) => a * b, 1)) });
    const path = join(folder, 'several.safetensors');
    await writeSafetensors(path, tensors);
    const official = name === 'reg_token' ? 'register_tokens' : name;
    await expect(importWeights(path, { heads: 2 })).rejects.toThrow(`needs "${official}"`);
  });

  test('the network that they were changed in is read as it is', async () => {
    const path = join(folder, 'timm.safetensors');
    await writeSafetensors(path, (await readTimm()).tensors);
    const original = await featuresOf(fixture('timm-registers-half.bin'), { heads: 2 });
    expect(furthest(await featuresOf(path, { heads: 2 }), original)).toBe(0);
  });

  /** timm's fixture with registers, under its own names. */
  async function readTimm() {
    const { weights } = await importWeights(fixture('timm-registers-half.bin'), { heads: 2 });
    const path = join(folder, 'rewritten.safetensors');
    const renamed = [...weights].map(([name, value]): [string, Tensor] => [
      name === 'register_tokens' ? 'reg_token' : name,
      value,
    ]);
    await writeSafetensors(path, new Map(renamed));
    return readSafetensors(path);
  }
});
