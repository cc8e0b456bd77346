import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Cancelled } from '../../../src-main/base/errors.ts';
import { type JobEvent, type Progress, unattended } from '../../../src-main/base/progress.ts';
import { unfinishedJobs } from '../../../src-main/store/jobs.ts';
import { importProblems, photoFiles, photos } from '../../../src-main/store/photos.ts';
import { productRegions } from '../../../src-main/store/regions.ts';
import { thumbnailSide } from '../../../src-main/vision/decode.ts';
import { drawn, Scene } from './folder.ts';

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});
afterEach(() => scene.close());

/** A small PNG that claims to be 60,000 × 60,000 pixels: unpacked it would fill 10 GB. */
async function bomb(): Promise<Buffer> {
  const png = await drawn(1).png().toBuffer();
  const header = 16; // width and height follow the signature (8), the chunk's length (4) and its name (4)
  png.writeUInt32BE(60_000, header);
  png.writeUInt32BE(60_000, header + 4);
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
  return png;
}

const stored = () => photos(scene.workspace.database);

describe('what is imported', () => {
  test('every format is found in nested folders, whatever the case of its ending', async () => {
    await scene.photo('a.jpg', 1);
    await scene.photo('deep/er/b.PNG', 2);
    await scene.photo('c.webp', 3);
    await scene.photo('d.tiff', 4);
    await scene.photo('e.avif', 5);
    const summary = await scene.import();
    expect(summary).toMatchObject({ found: 5, added: 5, failed: 0 });
    expect(stored().map((photo) => photo.format)).toEqual(['jpeg', 'webp', 'tiff', 'png', 'avif']);
  });

  test('a photo taken sideways is stored upright, with its time, camera and place', async () => {
    mkdirSync(scene.path('shop'));
    await drawn(1, { width: 40, height: 30 })
      .withExif({
        IFD0: { Make: 'Canon', Model: 'Canon EOS R6' },
        IFD2: { DateTimeOriginal: '2024:05:06 07:08:09' },
        IFD3: {
          GPSLatitudeRef: 'N',
          GPSLatitude: '52/1 30/1 0/1',
          GPSLongitudeRef: 'E',
          GPSLongitude: '13/1 15/1 0/1',
        },
      })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toFile(scene.path('shop', 'sideways.jpg'));
    await scene.import();
    const [photo] = stored();
    expect(photo).toMatchObject({
      width: 30,
      height: 40,
      orientation: 6,
      camera: 'Canon EOS R6',
      takenAt: '2024-05-06T07:08:09',
    });
    expect([photo.latitude, photo.longitude]).toEqual([52.5, 13.25]);
    const thumbnail = await sharp(scene.workspace.thumbnail(photo.sha256)).metadata();
    expect([thumbnail.width, thumbnail.height]).toEqual([30, 40]);
    const [region] = productRegions(scene.workspace.database);
    expect(region).toMatchObject({ kind: 'photo', x: 0, y: 0, width: 30, height: 40 });
  });

  test('a thumbnail is small and keeps the proportions', async () => {
    await scene.photo('large.jpg', 1, { width: 1000, height: 500 });
    await scene.import();
    const { width, height } = await sharp(scene.workspace.thumbnail(stored()[0].sha256)).metadata();
    expect([width, height]).toEqual([thumbnailSide, thumbnailSide / 2]);
  });

  test('a file given by its name is imported, without its neighbours', async () => {
    const one = await scene.photo('one.jpg', 1);
    await scene.photo('two.jpg', 2);
    await scene.import({ paths: [one] });
    expect(stored().map((photo) => photo.path)).toEqual([one]);
  });

  test('the same folder gives the same ids every time', async () => {
    for (let i = 0; i < 30; i++) await scene.photo(`${i}.jpg`, i, { width: i % 3 === 0 ? 900 : 20 });
    await scene.import();
    const names = stored().map((photo) => photo.path);
    expect(names).toEqual(names.toSorted());
  });
});

describe('what is passed over', () => {
  test('hidden files, systems’ folders and other workspaces are passed over; other files are counted', async () => {
    await scene.photo('seen.jpg', 1);
    await scene.photo('.hidden.jpg', 2);
    await scene.photo('.trash/a.jpg', 3);
    await scene.photo('@eaDir/a.jpg', 4);
    await scene.photo('other/thumbnails/a.jpg', 5);
    writeFileSync(scene.path('other', 'gondola.db'), '');
    writeFileSync(scene.path('notes.txt'), 'Milk');
    writeFileSync(scene.path('README'), 'Eggs');
    const summary = await scene.import();
    expect(summary.found).toBe(1);
    expect(summary.others).toEqual({ '': 1, '.txt': 1 });
  });

  test('links are followed, and a circle of links ends', async () => {
    await scene.photo('shelf/a.jpg', 1);
    symlinkSync(scene.photos, scene.path('shelf', 'back'));
    symlinkSync(scene.path('shelf'), scene.path('again'));
    const summary = await scene.import();
    expect(summary).toMatchObject({ added: 1, found: 1 });
  });

  test('a workspace given as a folder of photos is refused with the reason', async () => {
    await expect(scene.import({ paths: [scene.workspace.folder] })).rejects.toMatchObject({
      code: 'path-is-workspace',
    });
  });

  test('a folder that does not exist is refused before anything is imported', async () => {
    await scene.photo('a.jpg', 1);
    const wrong = scene.import({ paths: [scene.photos, scene.path('nowhere')] });
    await expect(wrong).rejects.toMatchObject({ code: 'path-missing', message: expect.stringContaining('nowhere') });
    expect(stored()).toHaveLength(0);
  });
});

describe('files that cannot be imported', () => {
  test('each is reported by name with its reason, and the rest is imported', async () => {
    await scene.photo('good.jpg', 1);
    const cut = await scene.photo('cut.jpg', 2, { width: 500, height: 500 });
    truncateSync(cut, 900);
    writeFileSync(scene.path('empty.jpg'), '');
    writeFileSync(scene.path('text.png'), 'This is not a picture at all.');
    writeFileSync(scene.path('film.gif'), 'GIF89a');
    writeFileSync(scene.path('only.cr2'), 'II*\0');
    writeFileSync(scene.path('bomb.png'), await bomb());
    symlinkSync(scene.path('gone.jpg'), scene.path('link.jpg'));
    await scene.photo('last.jpg', 3);
    const events: JobEvent[] = [];
    const summary = await scene.import({}, { ...unattended, emit: (event) => events.push(event) });

    expect(summary).toMatchObject({ added: 2, failed: 7, found: 9 });
    const reasons = Object.fromEntries(
      summary.problems.map((problem) => [problem.path.split('/').at(-1), problem.code]),
    );
    expect(reasons).toEqual({
      'bomb.png': 'photo-huge',
      'cut.jpg': 'photo-broken',
      'empty.jpg': 'photo-empty',
      'film.gif': 'photo-foreign',
      'link.jpg': 'file-missing',
      'only.cr2': 'photo-foreign',
      'text.png': 'photo-foreign',
    });
    for (const problem of summary.problems) {
      expect(problem.message).toContain(problem.path.split('/').at(-1));
      expect(problem.hint).not.toBe('');
    }
    expect(events.filter((event) => event.kind === 'import-problem')).toHaveLength(7);
    expect(importProblems(scene.workspace.database)).toHaveLength(7);
  }, 20_000);

  test('a camera raw file beside its own JPEG is no problem', async () => {
    await scene.photo('IMG_1.JPG', 1);
    writeFileSync(scene.path('IMG_1.CR2'), 'II*\0');
    expect(await scene.import()).toMatchObject({ failed: 0, others: { '.cr2': 1 } });
  });

  test('it is told again at the next import without being read again, and forgotten once mended or deleted', async () => {
    writeFileSync(scene.path('a.jpg'), 'broken');
    writeFileSync(scene.path('b.jpg'), 'broken too');
    await scene.import();
    const read: Progress[] = [];
    const again = await scene.import({}, { ...unattended, progress: (update) => read.push(update) });
    expect(again.problems.map((problem) => problem.code)).toEqual(['photo-foreign', 'photo-foreign']);
    expect(read.filter((update) => update.total > 0)).toHaveLength(0);

    await scene.photo('a.jpg', 1);
    rmSync(scene.path('b.jpg'));
    expect(await scene.import()).toMatchObject({ added: 1, failed: 0 });
    expect(importProblems(scene.workspace.database)).toEqual([]);
  });
});

describe('identity', () => {
  test('the same picture twice is one photo with two files', async () => {
    const first = await scene.photo('a.jpg', 1);
    copyFileSync(first, scene.path('copy of a.jpg'));
    expect(await scene.import()).toMatchObject({ added: 1, duplicates: 1 });
    expect(stored()).toHaveLength(1);
    expect(photoFiles(scene.workspace.database, stored()[0].id)).toHaveLength(2);
    rmSync(first);
    expect(stored()[0].path).toBe(scene.path('copy of a.jpg'));
  });

  test('a moved file is found again', async () => {
    const before = await scene.photo('a.jpg', 1);
    await scene.import();
    mkdirSync(scene.path('2024'));
    renameSync(before, scene.path('2024', 'renamed.jpg'));
    expect(await scene.import()).toMatchObject({ moved: 1, added: 0 });
    expect(stored().map((photo) => photo.path)).toEqual([scene.path('2024', 'renamed.jpg')]);
  });

  test('a changed file is a new photo; the old one remains with everything that is known of it', async () => {
    await scene.photo('a.jpg', 1);
    await scene.import();
    await scene.photo('a.jpg', 2, { width: 50 });
    expect(await scene.import()).toMatchObject({ changed: 1, added: 0 });
    expect(stored().map((photo) => photo.path)).toEqual([null, scene.path('a.jpg')]);
    expect(productRegions(scene.workspace.database).map((region) => region.path)).toEqual([null, scene.path('a.jpg')]);
  });

  test('a file that was only touched is the same photo', async () => {
    const path = await scene.photo('a.jpg', 1);
    await scene.import();
    utimesSync(path, new Date(), new Date(2020, 1));
    expect(await scene.import()).toMatchObject({ unchanged: 1, changed: 0 });
    expect(stored()).toHaveLength(1);
  });
});

describe('again and again', () => {
  test('a second import takes well under a second for 1,000 photos', async () => {
    const png = await drawn(1, { width: 2, height: 2 }).png().toBuffer();
    for (let i = 0; i < 1000; i++) {
      // Bytes after a PNG's end are no part of the picture, and make each file another photo.
      writeFileSync(scene.path(`${i}.png`), Buffer.concat([png, Buffer.from(String(i))]));
    }
    expect(await scene.import()).toMatchObject({ added: 1000 });
    const second = await scene.import();
    expect(second).toMatchObject({ unchanged: 1000, added: 0 });
    expect(second.seconds).toBeLessThan(1);
  }, 30_000);

  test('a file whose size and time are as they were is not read', async () => {
    const path = await scene.photo('a.jpg', 1);
    const when = new Date(2024, 1, 1);
    utimesSync(path, when, when);
    await scene.import();
    writeFileSync(path, Buffer.alloc(statSync(path).size));
    utimesSync(path, when, when);
    expect(await scene.import()).toMatchObject({ unchanged: 1, failed: 0 });
  });

  test('stopped in the middle, what is done is kept and the next import goes on', async () => {
    for (let i = 0; i < 40; i++) await scene.photo(`${i}.jpg`, i);
    const stop = new AbortController();
    const progress = (update: Progress) => {
      if (update.total > 0 && update.done >= 10) stop.abort();
    };
    await expect(scene.import({}, { ...unattended, signal: stop.signal, progress })).rejects.toThrow(Cancelled);
    const kept = stored().length;
    expect(kept).toBeGreaterThanOrEqual(10);
    expect(kept).toBeLessThan(40);
    expect(unfinishedJobs(scene.workspace.database)).toMatchObject([{ kind: 'import', state: 'stopped' }]);
    expect(await scene.import()).toMatchObject({ unchanged: kept, added: 40 - kept });
    expect(unfinishedJobs(scene.workspace.database)).toEqual([]);
  });

  test('a thumbnail that was deleted is made again', async () => {
    await scene.photo('a.jpg', 1);
    await scene.import();
    const thumbnail = scene.workspace.thumbnail(stored()[0].sha256);
    rmSync(thumbnail);
    expect(await scene.import()).toMatchObject({ unchanged: 1 });
    expect(existsSync(thumbnail)).toBe(true);
  });

  test('originals are never written to, and no unfinished file is left in the workspace', async () => {
    await scene.photo('a.jpg', 1);
    const before = readdirSync(scene.photos);
    await scene.import();
    expect(readdirSync(scene.photos)).toEqual(before);
    const left = readdirSync(join(scene.workspace.folder, 'thumbnails'), { recursive: true }).map(String);
    expect(left.filter((name) => name.includes('partial'))).toEqual([]);
  });

  test('progress tells how far it is and ends at the end', async () => {
    for (let i = 0; i < 5; i++) await scene.photo(`${i}.jpg`, i);
    const updates: Progress[] = [];
    await scene.import({}, { ...unattended, progress: (update) => updates.push(update) });
    expect(updates.at(-1)).toMatchObject({ done: 5, total: 5 });
  });
});
