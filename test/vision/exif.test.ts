import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodeUpright, readPhotoHeader } from '../../src-main/vision/decode.ts';

type Tags = Record<string, string>;

async function photo(image: Tags, photoTags: Tags = {}, place: Tags = {}, format: 'jpeg' | 'webp' | 'png' = 'jpeg') {
  return sharp({ create: { width: 16, height: 8, channels: 3, background: 'grey' } })
    .withExif({ IFD0: image, IFD2: photoTags, IFD3: place })
    .toFormat(format)
    .toBuffer();
}

const sydney = {
  GPSLatitudeRef: 'S',
  GPSLatitude: '33/1 52/1 1234/100',
  GPSLongitudeRef: 'E',
  GPSLongitude: '151/1 12/1 0/1',
};

describe('when it was taken', () => {
  test('the time of exposure, with the offset that the camera wrote', async () => {
    const bytes = await photo({}, { DateTimeOriginal: '2024:05:17 10:20:30', OffsetTimeOriginal: '-03:30' });
    expect((await readPhotoHeader(bytes)).takenAt).toBe('2024-05-17T10:20:30-03:30');
  });

  test('without an offset it is the camera’s own clock', async () => {
    const bytes = await photo({ DateTime: '2025:01:01 00:00:00' }, { DateTimeOriginal: '2024:05:17 10:20:30' });
    expect((await readPhotoHeader(bytes)).takenAt).toBe('2024-05-17T10:20:30');
  });

  test('a clock that was never set is no time', async () => {
    const bytes = await photo({}, { DateTimeOriginal: '0000:00:00 00:00:00' });
    expect((await readPhotoHeader(bytes)).takenAt).toBeNull();
  });

  for (const format of ['jpeg', 'png', 'webp'] as const) {
    test(`a ${format} tells it`, async () => {
      const bytes = await photo({ Make: 'Sony' }, { DateTimeOriginal: '2024:05:17 10:20:30' }, {}, format);
      expect(await readPhotoHeader(bytes)).toMatchObject({ takenAt: '2024-05-17T10:20:30', camera: 'Sony' });
    });
  }
});

describe('with what', () => {
  const cameras: [make: string, model: string, said: string | null][] = [
    ['Apple', 'iPhone 15', 'Apple iPhone 15'],
    ['Canon', 'Canon EOS R6', 'Canon EOS R6'],
    ['NIKON CORPORATION', 'NIKON Z 6', 'NIKON Z 6'],
    ['samsung', 'SM-G991B  ', 'samsung SM-G991B'],
    ['Google', '', 'Google'],
  ];
  for (const [make, model, said] of cameras) {
    test(`"${make}" and "${model}" are the camera "${said}"`, async () => {
      const bytes = await photo(model === '' ? { Make: make } : { Make: make, Model: model });
      expect((await readPhotoHeader(bytes)).camera).toBe(said);
    });
  }
});

describe('where', () => {
  test('south and east have their signs', async () => {
    const header = await readPhotoHeader(await photo({}, {}, sydney));
    expect(header.latitude).toBeCloseTo(-33.8700944, 6);
    expect(header.longitude).toBeCloseTo(151.2, 6);
  });

  const impossible: [why: string, tags: Tags][] = [
    ['a latitude past the pole', { ...sydney, GPSLatitude: '95/1 0/1 0/1' }],
    ['75 minutes', { ...sydney, GPSLatitude: '33/1 75/1 0/1' }],
    ['a fraction over zero', { ...sydney, GPSLatitude: '0/0 0/0 0/0' }],
    ['exactly 0, 0, a phone without a fix', { ...sydney, GPSLatitude: '0/1 0/1 0/1', GPSLongitude: '0/1 0/1 0/1' }],
    ['no hemisphere', { GPSLatitude: '33/1 52/1 0/1', GPSLongitude: '151/1 12/1 0/1' }],
    ['latitude alone', { GPSLatitudeRef: 'S', GPSLatitude: '33/1 52/1 0/1' }],
  ];
  for (const [why, tags] of impossible) {
    test(`${why} is dropped, not stored`, async () => {
      const { latitude, longitude } = await readPhotoHeader(await photo({}, {}, tags));
      expect([latitude, longitude]).toEqual([null, null]);
    });
  }
});

describe('an EXIF block that is damaged', () => {
  test('costs its facts, not the photo', async () => {
    const bytes = Buffer.from(await photo({ Make: 'Canon' }, { DateTimeOriginal: '2024:05:17 10:20:30' }));
    const at = bytes.indexOf('Exif\0\0') + 6;
    bytes.fill(0xee, at, at + 8);
    expect(await readPhotoHeader(bytes)).toMatchObject({ width: 16, height: 8, takenAt: null, camera: null });
    expect((await decodeUpright(bytes)).width).toBe(16);
  });

  test('whatever its bytes are, the header is read and the sizes of header and picture agree', async () => {
    const clean = await photo({ Make: 'Canon', Orientation: '6' }, { DateTimeOriginal: '2024:05:17 10:20:30' }, sydney);
    const at = clean.indexOf('Exif\0\0') + 6;
    for (let i = 0; i < 120; i++) {
      const bytes = Buffer.from(clean);
      bytes[at + ((i * 37) % 300)] = (i * 91 + 13) & 255;
      const header = await readPhotoHeader(bytes);
      const picture = await decodeUpright(bytes);
      expect([picture.width, picture.height], `byte ${(i * 37) % 300}`).toEqual([header.width, header.height]);
    }
  });
});
