import { existsSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unattended } from '../../../src-main/base/progress.ts';
import { preparePictures, removeOtherCaches } from '../../../src-main/pretrain/pictures/build.ts';
import {
  cacheKey,
  dataFingerprint,
  flatFile,
  indexFile,
  PictureFile,
  readIndex,
} from '../../../src-main/pretrain/pictures/cache.ts';
import { inStableOrder, type PictureSource } from '../../../src-main/pretrain/pictures/source.ts';
import { decodeUpright } from '../../../src-main/vision/decode.ts';
import { drawPhoto, drawPhotos, sourceOf } from '../photos.ts';

let folder: string;
let cache: string;
const said: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-pictures-'));
  cache = join(folder, 'cache');
  said.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const prepare = (sources: readonly PictureSource[], shortSide = 32) =>
  preparePictures(sources, {
    folder: cache,
    shortSide,
    workers: 2,
    context: { ...unattended, say: (message) => said.push(message) },
  });

describe('the picture cache', () => {
  it('keeps photos small enough for quick crops and never enlarges one', async () => {
    const sources = await drawPhotos(join(folder, 'photos'), 3);
    const small = join(folder, 'small.png');
    await drawPhoto(small, 1, 99, 20, 24);
    const index = await prepare([...sources, sourceOf(small, 20, 24)]);
    const sizes = index.pictures.map(({ width, height }) => `${width} × ${height}`).sort();
    expect(sizes).toEqual(['20 × 24', '43 × 32', '43 × 32', '43 × 32']);
  });

  it('cuts every box of a photo out of the right place', async () => {
    const file = join(folder, 'shelf.png');
    await drawPhoto(file, 2, 5, 120, 90);
    const photo = sourceOf(file, 120, 90);
    const boxes = [
      { x: 10, y: 20, width: 30, height: 25 },
      { x: 70, y: 5, width: 40, height: 60 },
    ];
    const index = await prepare(
      boxes.map((box) => ({ ...photo, box })),
      1000,
    );
    const whole = await decodeUpright(file);
    const pictures = PictureFile.open(cache, index);
    for (const [number, { box }] of index.pictures.entries()) {
      const { width, height, data } = pictures.read(number);
      expect({ width, height }).toEqual({ width: box.width, height: box.height });
      const corner = (box.y * whole.width + box.x) * 3;
      expect(data.subarray(0, 3 * width)).toEqual(whole.data.subarray(corner, corner + 3 * width));
    }
    pictures.close();
  });

  it('names a photo that cannot be read, leaves it out, and takes it in once it is mended', async () => {
    const sources = await drawPhotos(join(folder, 'photos'), 4);
    const broken = sources[1].file as string;
    const away = `${broken}.away`;
    const { renameSync } = await import('node:fs');
    renameSync(broken, away);
    writeFileSync(sources[2].file as string, 'no picture at all');
    const index = await prepare(sources);
    expect(index.pictures).toHaveLength(2);
    expect(said.join('\n')).toContain(broken);
    expect(said.join('\n')).toContain(sources[2].file);
    renameSync(away, broken);
    expect((await prepare(sources)).pictures).toHaveLength(3);
  });

  it('says so when not one photo can be read', async () => {
    const [source] = await drawPhotos(join(folder, 'photos'), 1);
    await expect(prepare([{ ...source, file: join(folder, 'gone.png') }])).rejects.toMatchObject({
      code: 'pictures-none',
    });
  });

  it('is used again for the same regions, whatever the order of import', async () => {
    const sources = await drawPhotos(join(folder, 'photos'), 4);
    const first = await prepare(sources);
    rmSync(join(folder, 'photos'), { recursive: true });
    const second = await prepare([...sources].reverse());
    expect(second).toEqual(first);
  });

  it('is built anew for other regions or another size', async () => {
    const sources = await drawPhotos(join(folder, 'photos'), 4);
    const first = await prepare(sources);
    const fewer = await prepare(sources.slice(1));
    const larger = await prepare(sources, 40);
    expect(new Set([first.key, fewer.key, larger.key]).size).toBe(3);
    expect(new Set([first, fewer, larger].map(dataFingerprint)).size).toBe(3);
  });

  it('is not trusted when it was left half-written', async () => {
    const sources = await drawPhotos(join(folder, 'photos'), 4);
    const { key, bytes } = await prepare(sources);
    truncateSync(flatFile(cache, key), bytes - 1);
    expect(await readIndex(cache, key)).toBeNull();
    expect((await prepare(sources)).bytes).toBe(bytes);
    rmSync(indexFile(cache, key));
    expect(await readIndex(cache, key)).toBeNull();
  });

  it('leaves nothing behind when it is stopped', async () => {
    const sources = await drawPhotos(join(folder, 'photos'), 4);
    const stop = new AbortController();
    stop.abort();
    const context = { ...unattended, signal: stop.signal };
    await expect(preparePictures(sources, { folder: cache, shortSide: 32, workers: 1, context })).rejects.toMatchObject(
      {
        code: 'cancelled',
      },
    );
    expect(readdirSync(cache)).toEqual([]);
  });

  it('makes room: caches that no run needs any more are removed, with what killed builds left', async () => {
    const sources = await drawPhotos(join(folder, 'photos'), 4);
    const [first, second, third] = [await prepare(sources), await prepare(sources, 20), await prepare(sources, 24)];
    writeFileSync(join(cache, `.pictures-${first.key}.rgb.0123.partial`), 'half');
    writeFileSync(join(cache, 'something-else'), 'stays');
    await removeOtherCaches(cache, [first.key, second.key]);
    expect(await readIndex(cache, first.key)).not.toBeNull();
    expect(await readIndex(cache, second.key)).not.toBeNull();
    expect(existsSync(flatFile(cache, third.key))).toBe(false);
    expect(readdirSync(cache)).toHaveLength(5);
  });

  it('knows a region by its photo and box, not by its place in the list', async () => {
    const sources = await drawPhotos(join(folder, 'photos'), 3);
    expect(cacheKey(inStableOrder(sources), 32)).toBe(cacheKey(inStableOrder([...sources].reverse()), 32));
  });
});
