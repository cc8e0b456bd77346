import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { parse } from 'csv-parse/sync';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unattended } from '../../../src-main/base/progress.ts';
import { drawSample, type SampleSummary } from '../../../src-main/core/sample/sample.ts';
import { readTruth, type Truth, type TruthPhoto } from '../../../src-main/core/sample/truth.ts';
import { colourHistogram } from '../../../src-main/vision/colour.ts';
import { decodeUpright, readPhotoHeader } from '../../../src-main/vision/decode.ts';

const options = { photos: 8, skus: 20, labels: 2, seed: 5 };

let home: string;
let folder: string;
let truth: Truth;
let summary: SampleSummary;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'gondola-sample-'));
  folder = join(home, 'sample');
  summary = await drawSample(folder, options, unattended);
  truth = await readTruth(folder);
}, 60_000);

afterAll(() => rm(home, { recursive: true, force: true }));

async function readMask(photo: TruthPhoto): Promise<Uint16Array> {
  const { data, info } = await sharp(join(folder, photo.mask))
    .toColourspace('grey16')
    .raw({ depth: 'ushort' })
    .toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.channels]).toEqual([photo.width, photo.height, 1]);
  return new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
}

interface Row {
  path: string;
  label: string;
  group: string;
  x: string;
  y: string;
  width: string;
  height: string;
}
const table = async (name: string): Promise<Row[]> => parse(await readFile(join(folder, name)), { columns: true });
const place = ({ path, x, y, width, height }: Row) => [path, x, y, width, height].join();

describe('a drawn sample', () => {
  it('has every file that its truth names, and nothing unfinished', async () => {
    expect((await readdir(home)).sort()).toEqual(['sample']);
    expect((await readdir(folder)).sort()).toEqual([
      'README.md',
      'heldout.csv',
      'labels.csv',
      'masks',
      'packshots',
      'photos',
      'truth.csv',
      'truth.json',
    ]);
    expect((await readdir(join(folder, 'photos'))).map((name) => `photos/${name}`).sort()).toEqual(
      truth.photos.map(({ path }) => path),
    );
    expect((await readdir(join(folder, 'packshots'))).map((name) => `packshots/${name}`).sort()).toEqual(
      truth.skus.map(({ packshot }) => packshot),
    );
    expect(truth.skus).toHaveLength(options.skus);
  });

  it('gives each product the smallest box around the pixels that show it', async () => {
    for (const photo of truth.photos) {
      const mask = await readMask(photo);
      const extents = new Map<number, { left: number; top: number; right: number; bottom: number }>();
      mask.forEach((id, at) => {
        if (id === 0) return;
        const x = at % photo.width;
        const y = Math.floor(at / photo.width);
        const extent = extents.get(id);
        if (!extent) extents.set(id, { left: x, top: y, right: x, bottom: y });
        else {
          extent.left = Math.min(extent.left, x);
          extent.right = Math.max(extent.right, x);
          extent.bottom = y;
        }
      });
      const seen = [...extents].map(([id, { left, top, right, bottom }]) => ({
        id,
        box: { x: left, y: top, width: right - left + 1, height: bottom - top + 1 },
      }));
      const byId = (a: { id: number }, b: { id: number }) => a.id - b.id;
      expect(seen.sort(byId)).toEqual(photo.products.map(({ id, box }) => ({ id, box })).sort(byId));
      expect(seen.length).toBeGreaterThan(10);
    }
  });

  it('hides some products behind others or the edge, and lists only those of which enough is seen', () => {
    const products = truth.photos.flatMap((photo) => photo.products);
    expect(products.every(({ visibleShare }) => visibleShare > 0 && visibleShare <= 1)).toBe(true);
    expect(products.some(({ behind, visibleShare }) => behind && visibleShare < 0.4)).toBe(true);
    expect(products.some(({ visibleShare }) => visibleShare > 0.97)).toBe(true);
    const listed = products.filter((product) => product.listed);
    expect(Math.min(...listed.map(({ visibleShare }) => visibleShare))).toBeGreaterThanOrEqual(0.5);
    expect(listed).toHaveLength(summary.products);
    expect(listed.length / truth.photos.length).toBeGreaterThan(12);
  });

  it('stores some photos turned, and says so in EXIF with camera, time and place', async () => {
    const orientations = new Set<number>();
    for (const photo of truth.photos) {
      const header = await readPhotoHeader(join(folder, photo.path));
      orientations.add(header.orientation);
      expect(header).toMatchObject({
        format: 'jpeg',
        width: photo.width,
        height: photo.height,
        orientation: photo.orientation,
      });
      expect(header.takenAt).toContain(photo.takenAt);
      expect(header.camera).toContain(photo.camera);
      expect(header.latitude).toBeCloseTo(photo.latitude, 5);
      expect(header.longitude).toBeCloseTo(photo.longitude, 5);
    }
    expect([...orientations].sort()).toEqual([1, 6, 8]);
  });

  it('shows in each box of the upright photo what the truth says, also where the file is stored turned', async () => {
    const packshots = await Promise.all(
      truth.skus.map(async (sku) => ({ sku, look: colourHistogram(await decodeUpright(join(folder, sku.packshot))) })),
    );
    const line = ({ brand, product }: Truth['skus'][number]) => `${brand} ${product}`;
    for (const isTurned of [false, true]) {
      let right = 0;
      let asked = 0;
      for (const photo of truth.photos.filter(({ orientation }) => (orientation !== 1) === isTurned)) {
        const picture = await decodeUpright(join(folder, photo.path));
        for (const { sku, box, visibleShare } of photo.products) {
          if (visibleShare < 0.9) continue;
          const look = colourHistogram(picture, box);
          const alike = packshots.map((packshot) => packshot.look.reduce((sum, v, at) => sum + v * look[at], 0));
          const best = packshots[alike.indexOf(Math.max(...alike))].sku;
          const own = truth.skus.find(({ id }) => id === sku)!;
          asked++;
          if (line(best) === line(own)) right++;
        }
      }
      // Four lines: a quarter would be chance, and light, shadow and neighbours keep it from being all.
      expect(right / asked).toBeGreaterThan(0.5);
    }
  });

  it('labels a few facings of each SKU in labels.csv, never two on one photo, and leaves photos without any', async () => {
    const all = await table('truth.csv');
    const given = await table('labels.csv');
    expect(given.map(place)).toEqual(all.map(place));
    const named = given.filter(({ label }) => label !== '');
    const labelOf = new Map(all.map((row) => [place(row), row]));
    for (const row of named) expect(row).toEqual(labelOf.get(place(row)));
    expect(named).toHaveLength(summary.labelled);
    const perSku = Map.groupBy(named, ({ label }) => label);
    for (const rows of perSku.values()) {
      expect(rows.length).toBeLessThanOrEqual(options.labels);
      expect(new Set(rows.map(({ path }) => path)).size).toBe(rows.length);
    }
    const labelledPhotos = new Set(named.map(({ path }) => path));
    const heldOut = await table('heldout.csv');
    expect(heldOut).toEqual(all.filter(({ path }) => !labelledPhotos.has(path)));
    expect(new Set(heldOut.map(({ path }) => path)).size).toBe(summary.heldOutPhotos);
    expect(summary.heldOutPhotos).toBeGreaterThan(0);
  });
});

const photoBytes = (from: string, photo: TruthPhoto) => readFile(join(from, photo.path));

describe('drawing a sample', () => {
  it('gives the same bytes for the same seed, on a machine without any font', async () => {
    const fonts = join(home, 'no-fonts');
    await mkdir(fonts);
    await writeFile(
      join(fonts, 'fonts.conf'),
      `<fontconfig><dir>${fonts}</dir><cachedir>${fonts}</cachedir></fontconfig>`,
    );
    const again = join(home, 'again');
    const modules = ['core/sample/sample.ts', 'base/progress.ts'].map((path) =>
      JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../../src-main', path)).href),
    );
    const program = `
      import { drawSample } from ${modules[0]};
      import { unattended } from ${modules[1]};
      await drawSample(${JSON.stringify(again)}, ${JSON.stringify({ ...options, photos: 2 })}, unattended);`;
    const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
      env: { ...process.env, FONTCONFIG_FILE: join(fonts, 'fonts.conf'), FONTCONFIG_PATH: fonts },
    });
    expect(stderr).toBe('');
    const fewer = await readTruth(again);
    expect(fewer.photos).toEqual(truth.photos.slice(0, 2));
    for (const photo of fewer.photos) {
      expect((await photoBytes(again, photo)).equals(await photoBytes(folder, photo))).toBe(true);
      expect((await readFile(join(again, photo.mask))).equals(await readFile(join(folder, photo.mask)))).toBe(true);
    }
  }, 30_000);

  it('draws other photos for another seed', async () => {
    const other = join(home, 'other');
    await drawSample(other, { ...options, photos: 1, seed: 6 }, unattended);
    const [photo] = (await readTruth(other)).photos;
    expect((await photoBytes(other, photo)).equals(await photoBytes(folder, truth.photos[0]))).toBe(false);
  });

  it('leaves nothing behind when it is cancelled', async () => {
    const parent = await mkdtemp(join(home, 'cancel-'));
    const stop = new AbortController();
    const context = { ...unattended, signal: stop.signal, progress: () => stop.abort() };
    await expect(drawSample(join(parent, 'sample'), options, context)).rejects.toMatchObject({ code: 'cancelled' });
    expect(await readdir(parent)).toEqual([]);
  });

  it('refuses a folder that holds something, and leaves that alone', async () => {
    const used = await mkdtemp(join(home, 'used-'));
    await writeFile(join(used, 'mine.txt'), 'mine');
    await expect(drawSample(used, options, unattended)).rejects.toMatchObject({ code: 'sample-folder-used' });
    expect(await readdir(used)).toEqual(['mine.txt']);
  });

  it('takes an empty folder that is there already', async () => {
    const empty = await mkdtemp(join(home, 'empty-'));
    await drawSample(empty, { photos: 1, skus: 2, labels: 1, seed: 1 }, unattended);
    expect((await readTruth(empty)).photos).toHaveLength(1);
  });
});
