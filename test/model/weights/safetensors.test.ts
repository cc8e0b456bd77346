import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSafetensors, readSafetensors, writeSafetensors } from '../../../src-main/model/weights/safetensors.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gondola-weights-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A file with the given header and values. */
async function file(header: unknown, values: Uint8Array | number = 0, length?: bigint): Promise<string> {
  const path = join(folder, 'file.safetensors');
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(length ?? BigInt(text.length));
  await writeFile(path, Buffer.concat([start, text, typeof values === 'number' ? Buffer.alloc(values) : values]));
  return path;
}

const tensor = (shape: readonly number[], begin: number, end: number, dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('weight files', () => {
  test('what was written is read back: names, order, shapes, values, metadata', async () => {
    const path = join(folder, 'own.safetensors');
    const tensors = new Map([
      ['b', { shape: [2, 3], values: Float32Array.of(1, -2, 3.5, 1e-30, 0, 7) }],
      ['a.scalar', { shape: [], values: Float32Array.of(42) }],
      ['nothing', { shape: [0, 5], values: new Float32Array() }],
      ['constructor', { shape: [1], values: Float32Array.of(8) }],
    ]);
    await writeSafetensors(path, tensors, { made: 'ü by us' });
    const read = await readSafetensors(path);
    expect(read.metadata).toEqual({ made: 'ü by us' });
    expect([...read.tensors.keys()].sort()).toEqual([...tensors.keys()].sort());
    for (const [name, { shape, values }] of tensors) {
      expect(read.tensors.get(name)!.shape).toEqual(shape);
      expect(read.tensors.get(name)!.values).toEqual(values);
    }
  });

  test('values in the file start at a multiple of 8, so that others can map it', async () => {
    const path = join(folder, 'aligned.safetensors');
    await writeSafetensors(path, new Map([['x', { shape: [1], values: Float32Array.of(1) }]]));
    expect(Number((await readFile(path)).readBigUInt64LE()) % 8).toBe(0);
  });

  test('half precision, bfloat16 and double are read as float32', async () => {
    const bytes = Buffer.alloc(6 * 2 + 2 * 2 + 8);
    for (const [i, bits] of [0x3c00, 0xc000, 0x0001, 0x7c00, 0x7bff, 0x3555].entries())
      bytes.writeUInt16LE(bits, 2 * i);
    bytes.writeUInt16LE(0x3f80, 12);
    bytes.writeUInt16LE(0xc049, 14);
    bytes.writeDoubleLE(Math.PI, 16);
    const path = await file(
      { half: tensor([6], 0, 12, 'F16'), brain: tensor([2], 12, 16, 'BF16'), double: tensor([], 16, 24, 'F64') },
      bytes,
    );
    const { tensors } = await readSafetensors(path);
    expect([...tensors.get('half')!.values]).toEqual([1, -2, 2 ** -24, Infinity, 65504, Math.fround(0.333251953125)]);
    expect([...tensors.get('brain')!.values]).toEqual([1, -3.140625]);
    expect(tensors.get('double')!.values[0]).toBe(Math.fround(Math.PI));
  });

  test('whole numbers beside the weights are left out', async () => {
    const { tensors } = await readSafetensors(
      await file({ counter: tensor([1], 0, 8, 'I64'), w: tensor([1], 8, 12) }, 12),
    );
    expect([...tensors.keys()]).toEqual(['w']);
  });

  test('types that are not read are in nobody’s way, and names may hold what JSON is made of', async () => {
    const name = 'a":{"b\\';
    const path = await file(
      { [name]: tensor([1], 0, 4), quantised: tensor([4], 4, 8, 'F8_E4M3'), last: tensor([1], 8, 12) },
      12,
    );
    const { tensors, close } = await openSafetensors(path);
    expect([...tensors.keys()]).toEqual([name, 'quantised', 'last']);
    expect(await tensors.get('last')!.values()).toEqual(new Float32Array(1));
    await expect(tensors.get('quantised')!.values()).rejects.toThrow('"quantised" has the type F8_E4M3');
    await close();
  });

  test.each<[string, () => Promise<string>, RegExp]>([
    ['an empty file', emptyFile, /0 bytes/],
    ['a header longer than the file', () => file('{}', 0, 1_000n), /claims a header of 1000 bytes/],
    ['a header of 2⁶³ bytes', () => file('{}', 0, 2n ** 63n), /claims a header/],
    ['a header that is no JSON', () => file('weights!'), /not JSON/],
    ['a header that is no object', () => file('[1, 2]'), /header is wrong/],
    ['a header that is not UTF-8', () => rawHeader(Uint8Array.of(0x7b, 0xff, 0x7d)), /UTF-8/],
    ['a negative extent', () => file({ w: tensor([-1], 0, 4) }, 4), /w\.shape/],
    ['a broken extent', () => file({ w: tensor([1.5], 0, 4) }, 4), /w\.shape/],
    ['a shape too large to exist', () => file({ w: tensor([2 ** 40, 2 ** 40], 0, 4) }, 4), /does not take 4 bytes/],
    ['a shape that is not that of its bytes', () => file({ w: tensor([3], 0, 8) }, 8), /\[3\].*does not take 8 bytes/],
    ['offsets past the end', () => file({ w: tensor([1_000_000], 0, 4_000_000) }, 4), /cut short/],
    ['offsets the wrong way round', () => file({ w: tensor([1], 4, 0) }, 4), /overlaps|gap/],
    ['tensors that overlap', () => file({ a: tensor([2], 0, 8), b: tensor([2], 4, 12) }, 12), /"b" overlaps/],
    ['a gap between tensors', () => file({ a: tensor([1], 0, 4), b: tensor([1], 8, 12) }, 12), /"b" overlaps .* gap/],
    ['bytes that belong to nobody', () => file({ a: tensor([1], 0, 4) }, 10), /6 bytes at its end/],
    ['a type from the future', () => file({ w: tensor([1], 0, 1, 'F4') }, 1), /F4/],
    [
      'a name twice',
      () => file(`{"a": ${JSON.stringify(tensor([1], 0, 4))}, "a" :${JSON.stringify(tensor([1], 0, 4))}}`, 4),
      /a name twice/,
    ],
    ['metadata that is no text', () => file({ __metadata__: { a: 1 } }), /__metadata__/],
    ['no file at all', async () => join(folder, 'missing.safetensors'), /missing\.safetensors.*ENOENT/],
  ])('%s is refused with its name and the reason', async (_, make, reason) => {
    const path = await make();
    await expect(readSafetensors(path)).rejects.toMatchObject({ name: 'GondolaError', code: 'weights-unreadable' });
    await expect(readSafetensors(path)).rejects.toThrow(reason);
    await expect(readSafetensors(path)).rejects.toThrow(path);
  });

  test('a download that broke off is refused at whatever byte it ended', async () => {
    const path = join(folder, 'whole.safetensors');
    await writeSafetensors(path, new Map([['w', { shape: [4], values: Float32Array.of(1, 2, 3, 4) }]]));
    const whole = await readFile(path);
    for (let length = 0; length < whole.length; length++) {
      await writeFile(path, whole.subarray(0, length));
      await expect(readSafetensors(path)).rejects.toMatchObject({ code: 'weights-unreadable' });
    }
  });
});

async function emptyFile(): Promise<string> {
  const path = join(folder, 'file.safetensors');
  await writeFile(path, '');
  return path;
}

async function rawHeader(bytes: Uint8Array): Promise<string> {
  const path = join(folder, 'file.safetensors');
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(bytes.length));
  await writeFile(path, Buffer.concat([start, bytes]));
  return path;
}
