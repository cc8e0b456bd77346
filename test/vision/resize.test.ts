import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { blankPicture, type Picture } from '../../src-main/vision/picture.ts';
import { encoderInput, resample } from '../../src-main/vision/resize.ts';

/** The picture that Pillow 13 resized to the numbers below: a hash of the index, 40 × 30. */
function noise(width = 40, height = 30): Picture {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (Math.imul(i + 1, 2654435761) >>> 13) & 255);
  return { width, height, data };
}

/** A picture whose colour is a function of the place, in pixels from its top left corner. */
function drawn(width: number, height: number, colour: (x: number, y: number) => number[]): Picture {
  const picture = blankPicture(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) picture.data.set(colour(x + 0.5, y + 0.5), (y * width + x) * 3);
  }
  return picture;
}

describe('a picture made smaller or larger', () => {
  test('is Pillow’s, to the last bit, when shrunk', () => {
    const small = resample(noise(), { x: 0, y: 0, width: 40, height: 30 }, 7, 5);
    expect([...small.data]).toEqual(pillowShrunk);
  });

  test('is Pillow’s, to the last bit, when cut out and enlarged', () => {
    const large = resample(noise(), { x: 3, y: 4, width: 10, height: 8 }, 16, 12);
    expect([...large.data]).toEqual(pillowEnlarged);
  });

  test('of one colour keeps it exactly, wherever it is cut', () => {
    const plain = drawn(31, 17, () => [200, 3, 255]);
    fc.assert(
      fc.property(
        fc.record({ x: fc.double({ min: 0, max: 30, noNaN: true }), y: fc.double({ min: 0, max: 16, noNaN: true }) }),
        fc.record({
          x: fc.double({ min: 0.01, max: 40, noNaN: true }),
          y: fc.double({ min: 0.01, max: 40, noNaN: true }),
        }),
        fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 50 })),
        (corner, size, [width, height]) => {
          const cut = resample(plain, { ...corner, width: size.x, height: size.y }, width, height);
          for (let i = 0; i < cut.data.length; i += 3) expect([...cut.data.subarray(i, i + 3)]).toEqual([200, 3, 255]);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('of a straight slope stays that slope, on fractional boxes too: a bicubic reproduces lines', () => {
    const slope = drawn(120, 90, (x, y) => [x * 2, y * 2, 100 + x - y]);
    const [box, size] = [{ x: 20.3, y: 15.7, width: 61.4, height: 50.2 }, 40];
    const cut = resample(slope, box, size, size);
    for (let row = 6; row < size - 6; row++) {
      for (let column = 6; column < size - 6; column++) {
        const x = box.x + ((column + 0.5) * box.width) / size;
        const y = box.y + ((row + 0.5) * box.height) / size;
        const at = (row * size + column) * 3;
        expect(Math.abs(cut.data[at] - x * 2)).toBeLessThanOrEqual(1);
        expect(Math.abs(cut.data[at + 1] - y * 2)).toBeLessThanOrEqual(1);
        expect(Math.abs(cut.data[at + 2] - (100 + x - y))).toBeLessThanOrEqual(1);
      }
    }
  });

  test('fine stripes melt into grey instead of turning into coarse ones', () => {
    const stripes = drawn(256, 256, (x) => (Math.floor(x) % 2 === 0 ? [255, 255, 255] : [0, 0, 0]));
    const small = resample(stripes, { x: 0, y: 0, width: 256, height: 256 }, 50, 50);
    expect(Math.min(...small.data)).toBeGreaterThan(110);
    expect(Math.max(...small.data)).toBeLessThan(145);
  });

  test('agrees with sharp’s cubic where both shrink by a whole factor', async () => {
    const soft = await sharp(noise(200, 160).data, { raw: { width: 200, height: 160, channels: 3 } })
      .blur(2)
      .raw()
      .toBuffer();
    const picture = { width: 200, height: 160, data: new Uint8Array(soft) };
    const ours = resample(picture, { x: 0, y: 0, width: 200, height: 160 }, 100, 80);
    const theirs = await sharp(soft, { raw: { width: 200, height: 160, channels: 3 } })
      .resize(100, 80, { kernel: 'cubic', fit: 'fill', fastShrinkOnLoad: false })
      .raw()
      .toBuffer();
    for (let i = 0; i < ours.data.length; i++) expect(Math.abs(ours.data[i] - theirs[i])).toBeLessThanOrEqual(2);
  });
});

describe('what an encoder sees of a region', () => {
  const shelf = drawn(100, 60, (x, y) => (x > 30 && x < 50 && y > 10 && y < 50 ? [255, 0, 0] : [0, 0, 255]));

  test('is the whole box and nothing of its neighbours', () => {
    const seen = encoderInput(shelf, { x: 30, y: 10, width: 20, height: 40 }, 32);
    expect([seen.width, seen.height]).toEqual([32, 32]);
    for (let i = 0; i < seen.data.length; i += 3) expect([...seen.data.subarray(i, i + 3)]).toEqual([255, 0, 0]);
  });

  test('shows both ends of a tall pack', () => {
    const tall = drawn(20, 100, (_, y) => (y < 10 ? [255, 0, 0] : y > 90 ? [0, 255, 0] : [0, 0, 255]));
    const { data } = encoderInput(tall, { x: 0, y: 0, width: 20, height: 100 }, 20);
    expect([...data.subarray(0, 3)]).toEqual([255, 0, 0]);
    expect([...data.subarray(data.length - 3)]).toEqual([0, 255, 0]);
  });

  test('a box that sticks out of the photo is cut at its edge', () => {
    const seen = encoderInput(shelf, { x: -10, y: -10, width: 60, height: 30 }, 16);
    expect([...seen.data]).toEqual([...encoderInput(shelf, { x: 0, y: 0, width: 50, height: 20 }, 16).data]);
  });
});

/** `Image.resize((7, 5), BICUBIC)` of `noise()`. */
const pillowShrunk = [
  131, 138, 127, 125, 125, 122, 126, 128, 123, 127, 129, 125, 128, 130, 126, 130, 131, 127, 126, 127, 130, 124, 134,
  138, 128, 127, 126, 124, 124, 125, 126, 126, 126, 127, 127, 127, 128, 129, 128, 136, 123, 126, 125, 125, 135, 131,
  131, 130, 125, 124, 124, 125, 124, 124, 126, 126, 126, 126, 127, 128, 134, 130, 122, 134, 120, 127, 129, 130, 131,
  130, 129, 128, 124, 129, 126, 125, 124, 125, 126, 125, 126, 125, 136, 125, 132, 131, 118, 127, 129, 129, 129, 131,
  130, 131, 133, 131, 125, 128, 127, 123, 124, 127, 118, 126, 138,
];

/** `Image.crop((3, 4, 13, 12)).resize((16, 12), BICUBIC)`. */
const pillowEnlarged = [
  114, 46, 254, 136, 68, 154, 173, 104, 29, 224, 137, 59, 167, 178, 100, 22, 208, 133, 31, 85, 165, 78, 0, 200, 109, 38,
  245, 141, 73, 153, 174, 105, 30, 225, 138, 60, 168, 179, 101, 23, 209, 134, 38, 84, 170, 73, 0, 192, 118, 50, 254,
  140, 72, 158, 178, 108, 33, 228, 141, 64, 171, 182, 105, 26, 212, 137, 35, 89, 168, 82, 1, 207, 113, 42, 255, 146, 77,
  167, 179, 109, 34, 229, 142, 64, 173, 183, 106, 28, 213, 138, 43, 88, 175, 77, 0, 197, 124, 56, 255, 146, 78, 166,
  184, 114, 39, 234, 147, 70, 177, 188, 111, 32, 218, 143, 41, 95, 178, 88, 4, 206, 119, 48, 227, 152, 83, 143, 185,
  115, 41, 235, 148, 72, 179, 189, 112, 34, 219, 144, 49, 94, 181, 83, 0, 203, 131, 62, 255, 153, 84, 179, 190, 121, 45,
  240, 153, 76, 184, 194, 117, 39, 225, 149, 48, 102, 196, 94, 10, 182, 126, 54, 53, 158, 90, 23, 191, 122, 53, 241,
  154, 85, 185, 195, 118, 40, 226, 150, 55, 101, 187, 89, 2, 209, 136, 68, 129, 158, 90, 99, 195, 126, 55, 246, 159, 86,
  189, 200, 122, 44, 230, 155, 53, 107, 205, 100, 15, 181, 131, 60, 16, 162, 95, 0, 197, 127, 60, 255, 160, 92, 203,
  201, 123, 46, 231, 156, 59, 106, 192, 95, 7, 214, 141, 73, 0, 163, 95, 18, 201, 131, 64, 253, 164, 96, 197, 205, 127,
  49, 235, 160, 58, 112, 209, 105, 20, 188, 136, 65, 36, 170, 100, 15, 200, 132, 64, 228, 165, 96, 171, 206, 128, 49,
  236, 161, 67, 111, 197, 100, 12, 219, 147, 79, 8, 168, 101, 31, 207, 137, 69, 255, 170, 102, 212, 211, 134, 55, 241,
  166, 63, 118, 216, 111, 27, 195, 142, 71, 42, 187, 107, 21, 199, 139, 70, 77, 171, 103, 23, 211, 135, 48, 242, 167,
  82, 117, 204, 106, 19, 226, 153, 84, 16, 181, 106, 38, 207, 143, 75, 158, 175, 107, 102, 216, 139, 56, 247, 171, 77,
  124, 221, 116, 32, 200, 148, 76, 47, 195, 112, 26, 202, 144, 76, 45, 175, 108, 0, 221, 140, 51, 255, 172, 90, 130,
  209, 111, 23, 231, 158, 89, 21, 193, 111, 43, 207, 148, 80, 51, 180, 112, 0, 222, 144, 56, 255, 176, 90, 131, 226,
  121, 37, 205, 153, 81, 52, 199, 117, 31, 208, 149, 81, 63, 184, 113, 6, 213, 145, 57, 223, 177, 94, 115, 214, 116, 32,
  236, 164, 96, 28, 198, 118, 50, 212, 154, 86, 65, 185, 118, 9, 232, 150, 62, 255, 183, 95, 142, 232, 128, 42, 211,
  159, 87, 59, 205, 123, 38, 214, 155, 87, 69, 204, 119, 13, 159, 151, 63, 35, 184, 101, 33, 220, 123, 51, 242, 170,
  102, 34, 204, 124, 56, 219, 161, 92, 74, 203, 124, 18, 192, 156, 68, 127, 189, 101, 76, 238, 134, 58, 217, 165, 95,
  65, 211, 129, 44, 220, 162, 93, 75, 214, 125, 19, 151, 157, 69, 0, 190, 107, 19, 226, 129, 61, 248, 174, 106, 38, 209,
  128, 60, 224, 166, 96, 79, 217, 129, 22, 153, 161, 73, 0, 193, 106, 15, 243, 138, 71, 222, 169, 101, 69, 216, 134, 48,
  225, 167, 97, 80, 217, 130, 23, 160, 162, 74, 15, 194, 111, 30, 231, 133, 65, 253,
];
