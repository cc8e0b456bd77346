import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unattended } from '../../../src-main/base/progress.ts';
import { CropFeed, cropBytes, type FeedOptions } from '../../../src-main/pretrain/feed/feed.ts';
import type { Crops } from '../../../src-main/pretrain/objectives/objective.ts';
import { preparePictures } from '../../../src-main/pretrain/pictures/build.ts';
import type { PictureIndex } from '../../../src-main/pretrain/pictures/cache.ts';
import { cropRecipe } from '../../../src-main/vision/crops.ts';
import { drawPhotos } from '../photos.ts';

let folder: string;
let index: PictureIndex;
const recipe = cropRecipe('products', 32, 16, 2);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-feed-'));
  const sources = await drawPhotos(join(folder, 'photos'), 14);
  index = await preparePictures(sources, { folder, shortSide: 45, workers: 2, context: unattended });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function crops(changes: Partial<FeedOptions>): Promise<Crops[]> {
  const options = {
    folder,
    index,
    recipe,
    seed: 3,
    parts: [3, 2],
    workers: 1,
    bytesAhead: 1e6,
    firstStep: 0,
    endStep: 6,
  };
  const merged = { ...options, ...changes };
  const feed = new CropFeed(merged);
  try {
    const all: Crops[] = [];
    for (let i = 0; i < (merged.endStep - merged.firstStep) * merged.parts.length; i++) {
      const { globals, locals } = await feed.next();
      all.push({ globals: globals.slice(), locals: locals.slice() });
    }
    return all;
  } finally {
    await feed.close();
  }
}

describe('the crop feed', () => {
  it('draws the same crops with one worker and with three, ahead of time or just in time', async () => {
    const expected = await crops({});
    expect(await crops({ workers: 3 })).toEqual(expected);
    expect(await crops({ workers: 2, bytesAhead: 0 })).toEqual(expected);
  });

  it('begins in the middle with what the whole run would have seen there', async () => {
    const whole = await crops({});
    expect(await crops({ firstStep: 4 })).toEqual(whole.slice(8));
  });

  it('draws other crops with another seed, and of the same photo in another epoch', async () => {
    const whole = await crops({ parts: [14], endStep: 2 });
    expect(await crops({ parts: [14], endStep: 2, seed: 4 })).not.toEqual(whole);
    expect(whole[0].globals).not.toEqual(whole[1].globals);
  });

  it('gives every view the size that the recipe says, in normalised numbers', async () => {
    const [{ globals, locals }] = await crops({ endStep: 1 });
    expect(globals).toHaveLength(2 * 3 * 3 * 32 * 32);
    expect(locals).toHaveLength(2 * 3 * 3 * 16 * 16);
    expect(globals.every((value) => Math.abs(value) < 3)).toBe(true);
    expect(cropBytes(recipe)).toBe((globals.byteLength + locals.byteLength) / 3);
  });

  it('divides a batch into parts without changing what is in it', async () => {
    const [first, second] = await crops({ endStep: 1 });
    const [whole] = await crops({ endStep: 1, parts: [5] });
    const view = 3 * 32 * 32;
    expect(whole.globals.slice(0, 3 * view)).toEqual(first.globals.slice(0, 3 * view));
    expect(whole.globals.slice(3 * view, 5 * view)).toEqual(second.globals.slice(0, 2 * view));
  });

  it('measures how long the training waited for it', async () => {
    const feed = new CropFeed({
      ...{ folder, index, recipe, seed: 3, parts: [5], workers: 1, bytesAhead: 1e6, firstStep: 0, endStep: 2 },
    });
    await feed.next();
    expect(feed.secondsWaited).toBeGreaterThan(0);
    const first = feed.secondsWaited;
    await new Promise((resolve) => setTimeout(resolve, 500));
    await feed.next();
    expect(feed.secondsWaited - first).toBeLessThan(0.1);
    await feed.close();
  });

  it('stops between two parts when it is asked to', async () => {
    const stop = new AbortController();
    const feed = new CropFeed({
      ...{ folder, index, recipe, seed: 3, parts: [3, 2], workers: 1, bytesAhead: 1e6, firstStep: 0, endStep: 2 },
    });
    const source = feed.source(stop.signal);
    await source(3);
    stop.abort();
    await expect(source(2)).rejects.toMatchObject({ code: 'cancelled' });
    await feed.close();
  });
});
