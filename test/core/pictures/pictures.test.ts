/** Stories of a page that asks for pictures by id. */
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Pictures } from '../../../src-main/core/pictures/pictures.ts';
import { photos } from '../../../src-main/store/photos.ts';
import { insertBox, wholePhotoRegion } from '../../../src-main/store/regions.ts';
import { drawn, Scene } from '../library/folder.ts';

let scene: Scene;
let pictures: Pictures;
const patient = new AbortController().signal;

beforeEach(() => {
  scene = new Scene();
  pictures = new Pictures(scene.workspace);
});
afterEach(() => scene.close());

/** A shelf of squares side by side, 400 pixels each: red, green, blue; returns the photo's id and the boxes' regions. */
async function shelf(name = 'shelf.png'): Promise<{ photo: number; boxes: number[] }> {
  const square = (background: string) =>
    sharp({ create: { width: 400, height: 400, channels: 3, background } })
      .png()
      .toBuffer();
  const squares = await Promise.all(['#f00', '#0f0', '#00f'].map(square));
  await sharp({ create: { width: 1200, height: 400, channels: 3, background: '#888' } })
    .composite(squares.map((input, i) => ({ input, left: 400 * i, top: 0 })))
    .toFile(scene.path(name));
  await scene.import();
  const photo = photos(scene.workspace.database).at(-1)!.id;
  const boxes = [0, 1, 2].map((i) =>
    insertBox(scene.workspace.database, photo, { x: 400 * i, y: 0, width: 400, height: 200 }, 'import'),
  );
  return { photo, boxes };
}

async function look(bytes: Uint8Array) {
  const { format, width, height } = await sharp(bytes).metadata();
  const { dominant } = await sharp(bytes).stats();
  return { format, width, height, dominant };
}

function cutFiles(): string[] {
  const folder = scene.workspace.path('cache', 'regions');
  return existsSync(folder)
    ? readdirSync(folder, { recursive: true })
        .map(String)
        .filter((name) => name.endsWith('.jpg'))
    : [];
}

describe('a picture by id', () => {
  it('is the crop of a box, at most 320 pixels long, showing what is in the box', async () => {
    const { boxes } = await shelf();
    const looks = await Promise.all(boxes.map(async (id) => look(await pictures.read('region', id, patient))));
    for (const { format, width, height } of looks)
      expect({ format, width, height }).toEqual({ format: 'jpeg', width: 320, height: 160 });
    expect(looks.map(({ dominant: { r, g, b } }) => [r, g, b].map((level) => level > 128))).toEqual([
      [true, false, false],
      [false, true, false],
      [false, false, true],
    ]);
  });

  it('of one box leaves the crops of its neighbours behind, and they outlive the photo’s file', async () => {
    const { boxes } = await shelf();
    await pictures.read('region', boxes[1], patient);
    await vi.waitFor(() => expect(cutFiles()).toHaveLength(3));
    rmSync(scene.path('shelf.png'));
    expect((await look(await pictures.read('region', boxes[2], patient))).width).toBe(320);
  });

  it('is cut for a box that was drawn after the others were cut', async () => {
    const { photo, boxes } = await shelf();
    await pictures.read('region', boxes[0], patient);
    const late = insertBox(scene.workspace.database, photo, { x: 350.5, y: 10, width: 99, height: 50 }, 'person');
    expect(await look(await pictures.read('region', late, patient))).toMatchObject({ width: 100, height: 50 });
    await vi.waitFor(() => expect(cutFiles()).toHaveLength(4));
  });

  it('is the thumbnail for a whole photo, which is made again when somebody has deleted it', async () => {
    const { photo } = await shelf();
    const whole = wholePhotoRegion(scene.workspace.database, photo);
    const thumbnail = await pictures.read('thumbnail', photo, patient);
    expect(Buffer.compare(thumbnail, await pictures.read('region', whole, patient))).toBe(0);
    rmSync(scene.workspace.path('thumbnails'), { recursive: true });
    expect(await look(await pictures.read('thumbnail', photo, patient))).toMatchObject({ format: 'jpeg', width: 256 });
  });

  it('is the photo upright and no larger than a screen, whatever the file is', async () => {
    await sharp({ create: { width: 5000, height: 100, channels: 3, background: '#123' } }).toFile(
      scene.path('long.png'),
    );
    await drawn(5, { width: 60, height: 30 }).withMetadata({ orientation: 6 }).jpeg().toFile(scene.path('turned.jpg'));
    await drawn(6, { width: 60, height: 30 }).jpeg().toFile(scene.path('plain.jpg'));
    await scene.import();
    const seen = new Map<string, unknown>();
    for (const { id, path } of photos(scene.workspace.database)) {
      const { width, height } = await look(await pictures.read('photo', id, patient));
      seen.set(path!.slice(scene.photos.length + 1), [width, height]);
    }
    expect(Object.fromEntries(seen)).toEqual({ 'long.png': [4096, 82], 'turned.jpg': [30, 60], 'plain.jpg': [60, 30] });
  });

  it('is refused in words where the id is unknown, the file gone or its content another', async () => {
    const { photo, boxes } = await shelf();
    await expect(pictures.read('photo', 99, patient)).rejects.toMatchObject({ code: 'photo-unknown' });
    await expect(pictures.read('region', 999, patient)).rejects.toMatchObject({ code: 'region-unknown' });
    renameSync(scene.path('shelf.png'), scene.path('elsewhere.png'));
    await expect(pictures.read('photo', photo, patient)).rejects.toMatchObject({ code: 'photo-lost' });
    await expect(pictures.read('region', boxes[0], patient)).rejects.toThrow('shelf.png is no longer where it was');
    writeFileSync(scene.path('shelf.png'), await drawn(1).png().toBuffer());
    await expect(pictures.read('region', boxes[0], patient)).rejects.toMatchObject({ code: 'photo-changed' });
    await scene.import();
    expect(await look(await pictures.read('region', boxes[0], patient))).toMatchObject({ width: 320 });
  });

  it('that nobody waits for any more is not made', async () => {
    const shelves = [await shelf('a.png')];
    for (const name of ['b', 'c', 'd']) {
      await drawn(shelves.length, { width: 900, height: 300 })
        .png()
        .toFile(scene.path(`${name}.png`));
      await scene.import();
      const photo = photos(scene.workspace.database).at(-1)!.id;
      shelves.push({
        photo,
        boxes: [insertBox(scene.workspace.database, photo, { x: 0, y: 0, width: 50, height: 50 }, 'import')],
      });
    }
    const impatient = new AbortController();
    // Two are under way at once and are finished; the others are dropped when the page scrolls on.
    const asked = shelves.map(async ({ boxes }) => {
      try {
        await pictures.read('region', boxes[0], impatient.signal);
        return 'answered';
      } catch (error) {
        return (error as { code: string }).code;
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 0));
    impatient.abort();
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['cancelled']));
    const kept = await pictures.read('region', shelves[0].boxes[0], patient);
    expect((await look(kept)).width).toBe(320);
    const folders = readdirSync(join(scene.workspace.folder, 'cache', 'regions'));
    expect(folders.length).toBeLessThan(4);
  });
});
