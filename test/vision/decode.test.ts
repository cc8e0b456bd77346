import { mkdtempSync, rmSync } from 'node:fs';
import { chmod, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, describe, expect, test } from 'vitest';
import { GondolaError } from '../../src-main/base/errors.ts';
import { decodeUpright, readPhoto, readPhotoFile, readPhotoHeader } from '../../src-main/vision/decode.ts';
import type { Picture } from '../../src-main/vision/picture.ts';

const folder = mkdtempSync(join(tmpdir(), 'gondola-decode-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const phonePhoto = join(import.meta.dirname, '../fixtures/phone-held-sideways.heic');

type Colour = readonly [number, number, number];
const red: Colour = [220, 30, 40];
const green: Colour = [30, 170, 60];
const blue: Colour = [40, 60, 200];
const yellow: Colour = [230, 210, 40];

/** 96 wide, 64 high: red top left, green top right, blue bottom left, yellow bottom right. */
function quarters(width = 96, height = 64): Sharp {
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = [red, green, blue, yellow][(y < height / 2 ? 0 : 2) + (x < width / 2 ? 0 : 1)];
      data.set(colour, (y * width + x) * 3);
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** A picture with detail everywhere, so that damage anywhere shows. */
function noise(width: number, height: number): Sharp {
  const data = Buffer.alloc(width * height * 3);
  for (let i = 0; i < data.length; i++) data[i] = (Math.imul(i + 1, 2654435761) >>> 13) & 255;
  return sharp(data, { raw: { width, height, channels: 3 } });
}

function colourAt(picture: Picture, across: number, down: number): number[] {
  const at = (Math.floor(down * picture.height) * picture.width + Math.floor(across * picture.width)) * 3;
  return [...picture.data.subarray(at, at + 3)];
}

function expectNear(actual: number[], expected: readonly number[], tolerance = 6): void {
  for (const [i, level] of expected.entries()) {
    expect(Math.abs(actual[i] - level), `${actual} instead of ${expected}`).toBeLessThanOrEqual(tolerance);
  }
}

function expectQuarters(picture: Picture, tolerance?: number): void {
  expectNear(colourAt(picture, 0.25, 0.25), red, tolerance);
  expectNear(colourAt(picture, 0.75, 0.25), green, tolerance);
  expectNear(colourAt(picture, 0.25, 0.75), blue, tolerance);
  expectNear(colourAt(picture, 0.75, 0.75), yellow, tolerance);
}

async function refusal(promise: Promise<unknown>): Promise<GondolaError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(GondolaError);
  return error as GondolaError;
}

describe('what a phone or camera saved', () => {
  /** Where EXIF's eight values store the upright pixel (x, y) of a width × height picture: row 0 and column 0 as in its table (CIPA DC-008, 4.6.4). */
  type Place = (x: number, y: number, width: number, height: number) => [column: number, row: number];
  const stored: Record<number, Place> = {
    1: (x, y) => [x, y],
    2: (x, y, width) => [width - 1 - x, y],
    3: (x, y, width, height) => [width - 1 - x, height - 1 - y],
    4: (x, y, _, height) => [x, height - 1 - y],
    5: (x, y) => [y, x],
    6: (x, y, width) => [y, width - 1 - x],
    7: (x, y, width, height) => [height - 1 - y, width - 1 - x],
    8: (x, y, _, height) => [height - 1 - y, x],
  };

  async function storedAs(orientation: number): Promise<Sharp> {
    const [width, height] = [96, 64];
    const upright = await quarters(width, height).raw().toBuffer();
    const turned = Buffer.alloc(upright.length);
    const storedWidth = orientation >= 5 ? height : width;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const [column, row] = stored[orientation](x, y, width, height);
        upright.copy(turned, (row * storedWidth + column) * 3, (y * width + x) * 3, (y * width + x) * 3 + 3);
      }
    }
    const storedHeight = orientation >= 5 ? width : height;
    return sharp(turned, { raw: { width: storedWidth, height: storedHeight, channels: 3 } });
  }

  for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
    for (const format of ['jpeg', 'png', 'webp', 'tiff'] as const) {
      test(`a ${format} taken with orientation ${orientation} is upright, and its header says the upright size`, async () => {
        const bytes = await (await storedAs(orientation))
          .withMetadata({ orientation })
          .toFormat(format, { quality: 95 })
          .toBuffer();
        const header = await readPhotoHeader(bytes);
        expect(header).toMatchObject({ format, width: 96, height: 64, orientation });
        const picture = await decodeUpright(bytes);
        expect([picture.width, picture.height]).toEqual([96, 64]);
        expectQuarters(picture, 12);
        const small = await decodeUpright(bytes, { maximumSide: 24 });
        expect([small.width, small.height]).toEqual([24, 16]);
        expectQuarters(small, 12);
      });
    }
  }

  test('a HEIC of a phone held sideways is turned once, though both the file and its EXIF ask for it', async () => {
    const picture = await decodeUpright(phonePhoto);
    expect([picture.width, picture.height]).toEqual([96, 128]);
    expectQuarters(picture);
  });

  test('the colours of a HEIC in Display P3 are those of sRGB after decoding', async () => {
    // Taken as they are, its P3 levels would show the red quarter paler by some 20 levels.
    expectNear(colourAt(await decodeUpright(phonePhoto), 0.25, 0.25), red, 3);
  });

  test('the header of a HEIC tells size, time, camera and place', async () => {
    expect(await readPhotoHeader(phonePhoto)).toEqual({
      format: 'heic',
      width: 96,
      height: 128,
      orientation: 1,
      takenAt: '2024-05-17T10:20:30+02:00',
      camera: 'Apple iPhone 15',
      latitude: -33.8700944,
      longitude: 151.2,
    });
  });

  test('an AVIF is read', async () => {
    const bytes = await quarters().avif({ quality: 90 }).toBuffer();
    expect(await readPhotoHeader(bytes)).toMatchObject({ format: 'avif', width: 96, height: 64, orientation: 1 });
    expectQuarters(await decodeUpright(bytes), 12);
  });

  test('what a file is, its bytes say: a PNG named .jpg is read as a PNG', async () => {
    const file = join(folder, 'misnamed.jpg');
    await quarters().png().toFile(file);
    expect((await readPhotoHeader(file)).format).toBe('png');
    expectQuarters(await decodeUpright(file), 0);
  });
});

describe('colours', () => {
  test('what is transparent becomes white', async () => {
    const bytes = await sharp({
      create: { width: 8, height: 8, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0 } },
    })
      .png()
      .toBuffer();
    expect([...new Set((await decodeUpright(bytes)).data)]).toEqual([255]);
  });

  test('a grey photo has three equal channels', async () => {
    const bytes = await quarters().greyscale().toColourspace('b-w').png().toBuffer();
    expect((await sharp(bytes).metadata()).channels).toBe(1);
    const picture = await decodeUpright(bytes);
    expect(picture.data.length).toBe(96 * 64 * 3);
    const [r, g, b] = colourAt(picture, 0.25, 0.25);
    expect(r).toBe(g);
    expect(g).toBe(b);
  });

  test('a photo of 16 bits a channel is brought to 8', async () => {
    const bytes = await quarters().toColourspace('rgb16').png().toBuffer();
    expect((await sharp(bytes).metadata()).depth).toBe('ushort');
    expectQuarters(await decodeUpright(bytes), 1);
  });

  test('a grey photo of 16 bits is brought to 8 as bright as it was', async () => {
    const bytes = await quarters().greyscale().toColourspace('grey16').png().toBuffer();
    expect(await sharp(bytes).metadata()).toMatchObject({ depth: 'ushort', channels: 1 });
    const bright = colourAt(await decodeUpright(await quarters().greyscale().png().toBuffer()), 0.75, 0.75);
    expectNear(colourAt(await decodeUpright(bytes), 0.75, 0.75), bright, 2);
  });

  test('a CMYK photo from a print shop becomes RGB', async () => {
    const bytes = await quarters().toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer();
    expect((await sharp(bytes).metadata()).space).toBe('cmyk');
    // Ink cannot print these colours as bright as a screen shows them: the order is what must hold.
    const picture = await decodeUpright(bytes);
    const [r, g, b] = colourAt(picture, 0.25, 0.25);
    expect(r).toBeGreaterThan(150);
    expect(Math.max(g, b)).toBeLessThan(90);
    expectNear(colourAt(picture, 0.75, 0.75), yellow, 40);
  });

  test('an embedded colour profile is converted to sRGB', async () => {
    const bytes = await quarters().withIccProfile('p3').png().toBuffer();
    const untouched = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer();
    expect(Math.abs(untouched[0] - red[0])).toBeGreaterThan(8);
    expectQuarters(await decodeUpright(bytes), 3);
  });
});

describe('files that are no photo', () => {
  test('an empty file is refused by name', async () => {
    const file = join(folder, 'nothing.jpg');
    await writeFile(file, '');
    const error = await refusal(decodeUpright(file));
    expect(error.code).toBe('photo-empty');
    expect(error.message).toContain('nothing.jpg');
    expect(error.hint).not.toBe('');
  });

  const foreign: [name: string, start: string | Buffer, said: string][] = [
    ['shopping-list.jpg', 'milk\neggs\n', 'a text'],
    ['page.jpg', '<!doctype html><html></html>', 'a text'],
    ['leaflet.jpg', '%PDF-1.7\n%\xe2\xe3\xcf\xd3', 'a PDF document'],
    [
      'clip.jpg',
      Buffer.from('\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2', 'latin1'),
      'a video (MP4 or QuickTime)',
    ],
    ['wave.png', 'GIF89a', 'a GIF picture'],
    ['photos.jpg', 'PK\x03\x04', 'a ZIP archive or an office document'],
    ['drawing.jpg', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>', 'a text'],
    ['sector.jpg', Buffer.from([0, 17, 211, 4, 98, 200, 7, 1]), 'known format'],
  ];
  for (const [name, content, said] of foreign) {
    test(`${name} is called ${said}, with the formats that are read`, async () => {
      const file = join(folder, name);
      await writeFile(file, content, 'latin1');
      for (const read of [
        () => decodeUpright(file),
        () => readPhotoHeader(file),
        () => readPhoto(Buffer.from(content), file),
      ]) {
        const error = await refusal(read());
        expect(error.code).toBe('photo-foreign');
        expect(error.message).toContain(name);
        expect(error.message).toContain(said);
        expect(error.hint).toContain('HEIC');
      }
    });
  }

  test('a film of gigabytes is refused without being read', async () => {
    const file = join(folder, 'film.jpg');
    await writeFile(file, Buffer.from('\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom', 'latin1'));
    await truncate(file, 6 * 2 ** 30);
    expect((await stat(file)).size).toBeGreaterThan(2 ** 32);
    expect((await refusal(readPhotoFile(file))).code).toBe('photo-foreign');
  });

  test('a file that is gone, a folder, or a file one may not read says so', async () => {
    const missing = await refusal(decodeUpright(join(folder, 'gone.jpg')));
    expect(missing.code).toBe('photo-unreadable');
    expect(missing.message).toContain('gone.jpg');
    expect(missing.message).toContain('no such file');
    const directory = await refusal(decodeUpright(folder));
    expect(directory).toMatchObject({ code: 'photo-unreadable' });
    expect(directory.message).toContain('folder');
  });

  test.skipIf(process.getuid?.() === 0)('a file without read permission is reported, not skipped', async () => {
    const file = join(folder, 'locked.jpg');
    await quarters().jpeg().toFile(file);
    await chmod(file, 0);
    expect((await refusal(decodeUpright(file))).message).toContain('permission denied');
  });
});

describe('damaged photos', () => {
  for (const format of ['jpeg', 'png', 'webp', 'tiff', 'avif'] as const) {
    test(`a ${format} whose copy was cut short is refused, never half a picture`, async () => {
      const whole = await noise(200, 150).toFormat(format, { quality: 90 }).toBuffer();
      await decodeUpright(whole);
      for (const kept of [0.3, 0.6, 0.95]) {
        const bytes = whole.subarray(0, Math.floor(whole.length * kept));
        for (const read of [() => decodeUpright(bytes, { name: 'cut.img' }), () => readPhoto(bytes, 'cut.img')]) {
          const error = await refusal(read());
          expect(error.code).toBe('photo-broken');
          expect(error.message).toContain('cut.img');
          expect(error.message).not.toContain('\n');
        }
      }
    });
  }

  test('a HEIC whose copy was cut short is refused', async () => {
    const whole = await readFile(phonePhoto);
    for (const kept of [0.1, 0.5, 0.9]) {
      const error = await refusal(
        decodeUpright(whole.subarray(0, Math.floor(whole.length * kept)), { name: 'cut.heic' }),
      );
      expect(error.code).toBe('photo-broken');
      expect(error.message).toContain('cut.heic');
    }
  });

  test('a damaged HEIC does not spoil the next one', async () => {
    const whole = await readFile(phonePhoto);
    for (let i = 0; i < 20; i++) await refusal(decodeUpright(whole.subarray(0, 700 + i)));
    expectQuarters(await decodeUpright(phonePhoto));
  });

  test('many HEICs at once, whole and damaged, each get their own answer', async () => {
    const whole = await readFile(phonePhoto);
    const answers = await Promise.allSettled(
      Array.from({ length: 12 }, (_, i) => decodeUpright(i % 3 === 0 ? whole.subarray(0, 600 + i) : whole)),
    );
    expect(answers.map(({ status }) => status === 'fulfilled')).toEqual(answers.map((_, i) => i % 3 !== 0));
  });

  test('a JPEG whose picture breaks off in the middle, though the file goes on, is refused', async () => {
    const bytes = Buffer.from(await noise(1200, 900).jpeg({ quality: 90 }).toBuffer());
    bytes.writeUInt16BE(0xffd9, bytes.length >> 1);
    expect((await refusal(decodeUpright(bytes))).code).toBe('photo-broken');
    expect((await refusal(readPhoto(bytes, 'broken.jpg'))).code).toBe('photo-broken');
  });

  test('stray bytes between the segments of a JPEG do no harm', async () => {
    const clean = await quarters().jpeg({ quality: 95 }).toBuffer();
    const at = clean.indexOf(Buffer.from([0xff, 0xc0]));
    const bytes = Buffer.concat([clean.subarray(0, at), Buffer.from([1, 2, 3, 4]), clean.subarray(at)]);
    expect(await readPhotoHeader(bytes)).toMatchObject({ width: 96, height: 64 });
    expectQuarters(await decodeUpright(bytes), 12);
  });

  test('a JPEG followed by other data, as motion photos are, is read', async () => {
    const bytes = Buffer.concat([await quarters().jpeg({ quality: 95 }).toBuffer(), Buffer.alloc(5000, 7)]);
    expectQuarters(await decodeUpright(bytes), 12);
  });
});

describe('photos too large to open', () => {
  /** A PNG of a few bytes that claims any size: the header is whole, there is no picture. */
  async function bomb(width: number, height: number): Promise<Buffer> {
    const bytes = Buffer.from(await quarters().png().toBuffer());
    bytes.writeUInt32BE(width, 16);
    bytes.writeUInt32BE(height, 20);
    return withPngChecksum(bytes);
  }

  test('a decompression bomb is refused from its header', async () => {
    const started = performance.now();
    for (const reading of [decodeUpright, readPhotoHeader] as const) {
      const error = await refusal(reading(await bomb(60_000, 60_000)));
      expect(error.code).toBe('photo-huge');
      expect(error.message).toContain('60000 × 60000');
    }
    expect((await refusal(readPhoto(await bomb(60_000, 60_000), 'bomb.png'))).message).toContain('bomb.png');
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test('so is one that is a single endless row', async () => {
    expect((await refusal(decodeUpright(await bomb(2_000_000, 2)))).code).toBe('photo-huge');
  });

  test('a JPEG that claims 65,500 pixels each way is refused', async () => {
    const bytes = Buffer.from(await quarters().jpeg().toBuffer());
    const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]));
    bytes.writeUInt16BE(65_500, frame + 5);
    bytes.writeUInt16BE(65_500, frame + 7);
    expect((await refusal(decodeUpright(bytes))).code).toBe('photo-huge');
  });
});

describe('what an import takes along', () => {
  test('header and thumbnail come together, the thumbnail upright and small', async () => {
    const turned = await quarters(1200, 900).rotate(270).jpeg({ quality: 95 }).toBuffer();
    const bytes = await sharp(turned).withMetadata({ orientation: 6 }).jpeg({ quality: 95 }).toBuffer();
    const { header, thumbnail } = await readPhoto(bytes, 'shelf.jpg');
    expect(header).toMatchObject({ format: 'jpeg', width: 1200, height: 900, orientation: 6 });
    const small = await decodeUpright(thumbnail);
    expect([small.width, small.height]).toEqual([256, 192]);
    expectQuarters(small, 12);
    expect((await readPhotoHeader(thumbnail)).orientation).toBe(1);
  });

  test('a photo smaller than a thumbnail is not blown up', async () => {
    const { thumbnail } = await readPhoto(await quarters().png().toBuffer(), 'small.png');
    expect(await readPhotoHeader(thumbnail)).toMatchObject({ width: 96, height: 64 });
  });

  test('a HEIC has its thumbnail too', async () => {
    const { header, thumbnail } = await readPhoto(await readFile(phonePhoto), 'phone.heic');
    expect(header.format).toBe('heic');
    expectQuarters(await decodeUpright(thumbnail), 14);
  });
});

/** Rewrites the checksum of a PNG's first chunk (IHDR). */
function withPngChecksum(bytes: Buffer): Buffer {
  let crc = 0xffffffff;
  for (const byte of bytes.subarray(12, 29)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  bytes.writeUInt32BE(~crc >>> 0, 29);
  return bytes;
}
