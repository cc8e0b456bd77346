// What the Segment page asks: attention, masks and cut-outs of one photo or product.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type JobContext, unattended } from '../../../src-main/base/progress.ts';
import { contract } from '../../../src-main/contract/contract.ts';
import { services } from '../../../src-main/core/services.ts';
import { openRuntime } from '../../../src-main/engine/devices.ts';
import { connectDirectly } from '../../../src-main/host/direct.ts';
import { Encoder } from '../../../src-main/model/encoder.ts';
import { insertModel, setActiveModel } from '../../../src-main/store/models.ts';
import { photoFile } from '../../../src-main/store/photos.ts';
import { insertBox } from '../../../src-main/store/regions.ts';
import { imageDeviation, imageMean } from '../../../src-main/vision/tensor.ts';
import { Scene } from '../library/folder.ts';

const call = connectDirectly(contract, services);
const scene = new Scene();
let plain: number;
let shelf: number;
let boxes: number[];
const context = (changes: Partial<JobContext> = {}) => ({ ...unattended, workspace: scene.workspace, ...changes });
const ofPhoto = (id: number) => ({ kind: 'photo' as const, id });
const ofRegion = (id: number) => ({ kind: 'region' as const, id });

/** Red things at these places on a gray photo of 240 × 120 pixels. */
async function photograph(name: string, places: readonly { left: number; top: number }[]): Promise<number> {
  const path = scene.path(name);
  mkdirSync(dirname(path), { recursive: true });
  const red = await sharp({ create: { width: 60, height: 50, channels: 3, background: '#c02020' } })
    .png()
    .toBuffer();
  await sharp({ create: { width: 240, height: 120, channels: 3, background: '#808488' } })
    .composite(places.map((place) => ({ input: red, ...place })))
    .png()
    .toFile(path);
  await scene.import();
  return photoFile(scene.workspace.database, path)!.photoId;
}

async function train(name: string, seed: number): Promise<void> {
  const size = { dimensions: 48, depth: 2, heads: 3, patch: 16, image: 96, registers: 0, layerScale: false };
  const encoder = Encoder.untrained(await openRuntime(), size, seed);
  const path = `models/${name}.safetensors`;
  const file = scene.workspace.path(path);
  await encoder.save(file, { mean: [...imageMean], std: [...imageDeviation] });
  await encoder.dispose();
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
  const { id } = insertModel(scene.workspace.database, {
    ...{ name, kind: 'encoder', dimensions: 48, config: size, path, sha256 },
  });
  setActiveModel(scene.workspace.database, id);
}

beforeAll(async () => {
  plain = await photograph('plain.png', [{ left: 80, top: 30 }]);
  shelf = await photograph('shelf.png', [
    { left: 20, top: 40 },
    { left: 150, top: 40 },
  ]);
  boxes = [14, 144].map((x) =>
    insertBox(scene.workspace.database, shelf, { x, y: 34, width: 72, height: 62 }, 'person'),
  );
});
afterAll(() => scene.close());

test('the photos to choose from have a name and say how many products were drawn on them', async () => {
  const { photos } = await call('segment.photos', {}, context());
  expect(photos).toEqual([
    { id: plain, name: 'plain.png', boxes: 0 },
    { id: shelf, name: 'shelf.png', boxes: 2 },
  ]);
});

describe('before any training', () => {
  test('shows the attention of an untrained encoder and says that it is one', async () => {
    const preview = await call('segment.preview', { subject: ofPhoto(plain) }, context());
    expect(preview.model).toBeNull();
    expect(preview.frame).toEqual({ x: 0, y: 0, width: 240, height: 120 });
    expect(preview.attention).toHaveLength(preview.heads);
  });

  test('outlines the object by colour and edges alone', async () => {
    const { masks } = await call('segment.masks', { subject: ofPhoto(plain) }, context());
    expect(masks).toHaveLength(1);
    // The red thing is 60 × 50 of 240 × 120.
    expect(masks[0].share).toBeCloseTo(3000 / 28800, 1);
  });
});

describe('with a trained model', () => {
  beforeAll(() => train('first', 7));

  test('gives the attention of each head and their mean, each summing to 1', async () => {
    const { model, heads, rows, columns, attention, mean } = await call(
      'segment.preview',
      { subject: ofPhoto(plain) },
      context(),
    );
    expect(model).toBe('first');
    expect(heads).toBe(3);
    expect(columns).toBeGreaterThan(rows);
    for (const row of [...attention, mean]) {
      expect(row).toHaveLength(rows * columns);
      expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 4);
    }
  });

  test('looks at one product by its box', async () => {
    const preview = await call('segment.preview', { subject: ofRegion(boxes[0]) }, context());
    expect(preview).toMatchObject({ photo: shelf, frame: { x: 14, y: 34, width: 72, height: 62 } });
    expect(preview.boxes.map(({ region }) => region)).toEqual([boxes[0]]);
    expect(Math.abs(preview.columns - preview.rows)).toBeLessThan(4);
  });

  test('another threshold is answered from memory, even when the photo is gone', async () => {
    const subject = ofPhoto(plain);
    const path = scene.path('plain.png');
    const bytes = readFileSync(path);
    await call('segment.preview', { subject }, context());
    rmSync(path);
    try {
      const started = performance.now();
      const areas: number[] = [];
      for (const share of [0.1, 0.3, 0.6, 0.9, 1]) {
        const { kept, area } = await call('segment.massMask', { subject, head: 2, share }, context());
        expect(kept.filter((patch) => patch === 1).length / kept.length).toBeCloseTo(area);
        areas.push(area);
      }
      expect((performance.now() - started) / 5).toBeLessThan(50);
      expect(areas).toEqual(areas.toSorted((a, b) => a - b));
      expect(areas[0]).toBeLessThan(areas[2]);
      expect(areas[4]).toBe(1);
    } finally {
      writeFileSync(path, bytes);
    }
  });

  test('a head that the model does not have is an error that says how many it has', async () => {
    await expect(call('segment.massMask', { subject: ofPhoto(plain), head: 4 }, context())).rejects.toMatchObject({
      code: 'head-unknown',
      message: expect.stringContaining('3 heads'),
    });
  });

  test('outlines every product of a shelf, names the best head, and finds them again at once', async () => {
    const subject = ofPhoto(shelf);
    const first = await call('segment.masks', { subject }, context());
    expect(first.masks.map(({ region }) => region)).toEqual(boxes);
    for (const { share, mask } of first.masks) {
      expect(share).toBeCloseTo(3000 / (72 * 62), 1);
      const { width, height } = await sharp(mask).metadata();
      expect([width, height]).toEqual([72, 62]);
    }
    expect(first.bestHead).toBeGreaterThanOrEqual(1);
    expect(first.bestHead).toBeLessThanOrEqual(3);
    expect(await call('segment.masks', { subject }, context())).toEqual(first);
  });

  test('one that was stopped is told so', async () => {
    const stopped = context({ signal: AbortSignal.abort() });
    await expect(call('segment.preview', { subject: ofPhoto(plain) }, stopped)).rejects.toMatchObject({
      code: 'cancelled',
    });
  });

  test('another model is asked as soon as it is the active one', async () => {
    const subject = ofPhoto(plain);
    const before = await call('segment.preview', { subject }, context());
    await train('second', 8);
    const after = await call('segment.preview', { subject }, context());
    expect(after.model).toBe('second');
    expect(after.mean).not.toEqual(before.mean);
  });
});

describe('saving one product', () => {
  const out = join(scene.root, 'cut');

  test('writes its mask and its cut-out, transparent beside the product', async () => {
    const { files } = await call('segment.save', { region: boxes[1], out }, context());
    expect(files).toEqual([`shelf.region-${boxes[1]}.mask.png`, `shelf.region-${boxes[1]}.cutout.png`]);
    expect(readdirSync(out).sort()).toEqual(files.toSorted());
    const { data, info } = await sharp(join(out, files[1])).raw().toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: 72, height: 62, channels: 4 });
    expect(data[3]).toBe(0);
    const middle = (31 * 72 + 36) * 4;
    expect(data[middle + 3]).toBe(255);
    expect(data[middle]).toBeGreaterThan(150);
  });

  test('writes only what was asked for', async () => {
    const only = join(scene.root, 'only');
    const { files } = await call('segment.save', { region: boxes[0], out: only, what: ['cutout'] }, context());
    expect(files).toEqual([`shelf.region-${boxes[0]}.cutout.png`]);
  });

  test('a folder that cannot be written is an error that names it', async () => {
    await expect(
      call('segment.save', { region: boxes[0], out: scene.path('plain.png') }, context()),
    ).rejects.toMatchObject({ code: 'out-unwritable', message: expect.stringContaining('plain.png') });
  });

  test('a product that is not there is an error with its number', async () => {
    await expect(call('segment.save', { region: 99_999, out }, context())).rejects.toMatchObject({
      code: 'region-unknown',
      message: expect.stringContaining('99999'),
    });
  });
});
