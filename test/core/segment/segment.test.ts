// Segmenting many photos: what lies in the folder afterwards, and what a second run does.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type JobContext, unattended } from '../../../src-main/base/progress.ts';
import { fileWeights } from '../../../src-main/core/segment/attender.ts';
import { keptMask } from '../../../src-main/core/segment/mask-cache.ts';
import { segmentHandlers, segmentWith } from '../../../src-main/core/segment/service.ts';
import { openRuntime } from '../../../src-main/engine/devices.ts';
import { Encoder } from '../../../src-main/model/encoder.ts';
import { photos } from '../../../src-main/store/photos.ts';
import { insertBox, wholePhotoRegion } from '../../../src-main/store/regions.ts';
import { imageDeviation, imageMean } from '../../../src-main/vision/tensor.ts';
import { Scene } from '../library/folder.ts';

let scene: Scene;
let out: string;
/** A small encoder that trained in no time at all, which keeps these tests short. */
let weights: string;
const shared = mkdtempSync(join(tmpdir(), 'gondola-'));
beforeAll(async () => {
  weights = join(shared, 'small.safetensors');
  const size = { dimensions: 48, depth: 2, heads: 3, patch: 16, image: 96, registers: 0, layerScale: false };
  const encoder = Encoder.untrained(await openRuntime(), size, 7);
  await encoder.save(weights, { mean: [...imageMean], std: [...imageDeviation] });
  await encoder.dispose();
});
afterAll(() => rmSync(shared, { recursive: true }));
beforeEach(() => {
  scene = new Scene();
  out = join(scene.root, 'masks');
});
afterEach(() => scene.close());

/** A red thing in the upper half of a gray photo, as stored. */
async function thing(name: string, { orientation = 1, shift = 0 } = {}): Promise<string> {
  const path = scene.path(name);
  mkdirSync(join(path, '..'), { recursive: true });
  const red = await sharp({ create: { width: 70, height: 50, channels: 3, background: '#c02020' } })
    .png()
    .toBuffer();
  await sharp({ create: { width: 200, height: 120, channels: 3, background: '#808488' } })
    .composite([{ input: red, left: 60 + shift, top: 8 }])
    .jpeg({ quality: 95 })
    .withMetadata({ orientation })
    .toFile(path);
  return path;
}

const tasks = (...paths: string[]) => paths.map((path) => ({ path, boxes: [] }));
const segment = (paths: string[], force = false, job: JobContext = unattended) =>
  segmentWith(fileWeights(weights), 'cpu', tasks(...paths), { out, force }, job);

async function levels(file: string) {
  const { data, info } = await sharp(join(out, file))
    .toColourspace(file.includes('mask') ? 'b-w' : 'srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, ...info };
}

describe('segmenting photos', () => {
  test('of a phone held sideways gives upright masks and cut-outs of the photo’s size', async () => {
    await segment([await thing('phone.jpg', { orientation: 6 })]);
    const mask = await levels('phone.mask.png');
    expect([mask.width, mask.height, mask.channels]).toEqual([120, 200, 1]);
    expect((await sharp(join(out, 'phone.mask.png')).metadata()).channels).toBe(1);
    expect(new Set(mask.data)).toEqual(new Set([0, 255]));
    const cutout = await levels('phone.cutout.png');
    expect([cutout.width, cutout.height, cutout.channels]).toEqual([120, 200, 4]);
    // Stored above, which orientation 6 brings to the right; x = 87 is inside, x = 20 beside it.
    const at = (x: number, y: number) => y * 120 + x;
    expect([mask.data[at(87, 95)], mask.data[at(20, 95)]]).toEqual([255, 0]);
    expect([...cutout.data.subarray(4 * at(20, 95), 4 * at(20, 95) + 4)]).toEqual([0, 0, 0, 0]);
    expect(cutout.data[4 * at(87, 95)]).toBeGreaterThan(150);
    expect([...cutout.data].filter((_, i) => i % 4 === 3)).toEqual([...mask.data]);
    expect((await sharp(join(out, 'phone.attention.png')).metadata()).width).toBeGreaterThan(400);
  });

  test('of the same name in different folders keeps them apart, now and in every later run', async () => {
    const paths = [
      await thing('a/IMG_1.jpg'),
      await thing('b/IMG_1.jpg', { shift: 9 }),
      await thing('c/img_1.jpg', { shift: 20 }),
    ];
    await segment(paths.slice(1));
    const before = readFileSync(join(out, 'IMG_1.mask.png'));
    const { photos: made, present } = await segment(paths);
    expect(present).toBe(2);
    expect(made.map(({ stem }) => stem)).toEqual(['a-IMG_1', 'IMG_1', 'c-img_1']);
    expect(readFileSync(join(out, 'IMG_1.mask.png'))).toEqual(before);
  });

  test('never overwrites a file of somebody else', async () => {
    const path = await thing('a/x.jpg');
    mkdirSync(out);
    writeFileSync(join(out, 'x.mask.png'), 'painted by hand');
    const { photos: made } = await segment([path]);
    expect(made[0].stem).toBe('a-x');
    expect(readFileSync(join(out, 'x.mask.png'), 'utf8')).toBe('painted by hand');
  });

  test('again makes only what is missing, unless it is forced to', async () => {
    const paths = [await thing('a.jpg'), await thing('b.jpg', { shift: 9 })];
    await segment(paths);
    rmSync(join(out, 'b.cutout.png'));
    const touched = statSync(join(out, 'a.mask.png')).mtimeMs;
    expect(await segment(paths)).toMatchObject({ segmented: 1, present: 1 });
    expect(existsSync(join(out, 'b.cutout.png'))).toBe(true);
    expect(statSync(join(out, 'a.mask.png')).mtimeMs).toBe(touched);
    expect(await segment(paths, true)).toMatchObject({ segmented: 2, present: 0 });
  });

  test('that is stopped keeps what is done and goes on there', async () => {
    const paths = [await thing('a.jpg'), await thing('b.jpg', { shift: 9 }), await thing('c.jpg', { shift: 20 })];
    const stop = new AbortController();
    const job = { ...unattended, signal: stop.signal, progress: () => stop.abort() };
    await expect(segment(paths, false, job)).rejects.toMatchObject({ code: 'cancelled' });
    expect(readdirSync(out).filter((name) => name.includes('partial'))).toEqual([]);
    // The one in hand when the first was done is finished too.
    expect(await segment(paths)).toMatchObject({ segmented: 1, present: 2 });
  });

  test('survives the torn last line of a killed run', async () => {
    const paths = [await thing('a.jpg'), await thing('b.jpg', { shift: 9 })];
    await segment(paths);
    const ledger = join(out, 'segments.jsonl');
    writeFileSync(ledger, readFileSync(ledger, 'utf8').slice(0, -40));
    expect(await segment(paths)).toMatchObject({ segmented: 1, present: 1 });
    expect(await segment(paths)).toMatchObject({ segmented: 0, present: 2 });
  });

  test('reports a broken photo by name and goes on', async () => {
    const broken = scene.path('broken.jpg');
    writeFileSync(broken, readFileSync(await thing('whole.jpg')).subarray(0, 700));
    const { problems, segmented } = await segment([broken, scene.path('whole.jpg'), scene.path('nowhere.jpg')]);
    expect(segmented).toBe(1);
    expect(problems.map(({ path }) => path)).toEqual([broken, scene.path('nowhere.jpg')]);
  });

  test('says that no object was found where there is none', async () => {
    const summary = await segment([await scene.photo('wall.png', 5, { width: 90, height: 60 })]);
    expect(summary).toMatchObject({ empty: 1, photos: [{ share: 0 }] });
    expect(Math.max(...(await levels('wall.mask.png')).data)).toBe(0);
  });

  test('without a trained model says so, in words', async () => {
    const said: string[] = [];
    const job = { ...unattended, say: (message: string) => said.push(message) };
    const summary = await segmentWith(null, 'cpu', tasks(await thing('a.jpg')), { out, force: false }, job);
    expect(summary.model).toBeNull();
    expect(said.join()).toMatch(/No trained model.*untrained/);
  });
});

describe('segmenting a workspace', () => {
  test('gives each box its own mask, and the photo their union; COCO finds them later', async () => {
    await thing('shelf.jpg');
    await thing('single.jpg', { shift: 30 });
    await scene.import();
    const { workspace } = scene;
    const shelf = photos(workspace.database).find(({ path }) => path?.endsWith('shelf.jpg'))?.id ?? 0;
    const boxes = [
      { x: 58, y: 6, width: 38, height: 55 },
      { x: 94.5, y: 6, width: 38, height: 55 },
    ];
    const ids = boxes.map((box) => insertBox(workspace.database, shelf, box, 'person'));
    const context = { ...unattended, workspace };
    const summary = await segmentHandlers['segment.workspace']({ out, device: 'cpu', force: false }, context);
    expect(summary).toMatchObject({ model: null, segmented: 2, regions: 2, problems: [] });
    const union = await levels('shelf.mask.png');
    for (const [index, id] of ids.entries()) {
      const part = await levels(`shelf.region-${id}.mask.png`);
      const left = Math.floor(boxes[index].x);
      for (let i = 0; i < part.data.length; i++) {
        const x = left + (i % part.width);
        const y = 6 + Math.floor(i / part.width);
        if (part.data[i]) expect(union.data[y * union.width + x]).toBe(255);
      }
      expect((await levels(`shelf.region-${id}.cutout.png`)).channels).toBe(4);
      expect(await keptMask(workspace, { id, ...boxes[index] })).toMatchObject({ x: left, y: 6 });
    }
    const moved = { id: ids[0], ...boxes[0], x: 40 };
    expect(await keptMask(workspace, moved)).toBeNull();
    const whole = { id: wholePhotoRegion(workspace.database, shelf), x: 0, y: 0, width: 200, height: 120 };
    expect(await keptMask(workspace, whole)).not.toBeNull();
  });

  test('looks with a trained encoder where one is given, at any shape of photo', async () => {
    const wide = await scene.photo('wide.png', 8, { width: 600, height: 20 });
    const paths = [await thing('a.jpg'), wide];
    const summary = await segmentWith(fileWeights(weights), 'cpu', tasks(...paths), { out, force: false }, unattended);
    expect(summary).toMatchObject({ model: 'small', segmented: 2, problems: [] });
    expect(summary.photos[0].share).toBeGreaterThan(0.1);
    // Another model, another answer: what lies there is made again.
    const other = await segmentWith(null, 'cpu', tasks(...paths), { out, force: false }, unattended);
    expect(other).toMatchObject({ segmented: 2, present: 0 });
  });
});
