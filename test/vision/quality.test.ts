/** What is measured of a photo's quality, on pictures whose answer is known. */
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeUpright } from '../../src-main/vision/decode.ts';
import { measureQuality } from '../../src-main/vision/quality.ts';

/** Shelves: level boards, upright packages of many colours. */
const shelf = Buffer.from(
  `<svg xmlns="http://www.w3.org/2000/svg" width="800" height="600"><rect width="800" height="600" fill="#333"/>${[
    0, 1, 2,
  ]
    .map(
      (row) =>
        `<rect y="${180 + 200 * row}" width="800" height="14" fill="#ddd"/>${Array.from(
          { length: 12 },
          (_, i) =>
            `<rect x="${10 + 66 * i}" y="${60 + 200 * row}" width="55" height="119" fill="hsl(${(i * 67 + row * 40) % 360} 70% 50%)"/>`,
        ).join('')}`,
    )
    .join('')}</svg>`,
);

const measured = async (change: (picture: Sharp) => Sharp = (picture) => picture) =>
  measureQuality(
    await decodeUpright(
      await change(sharp(await sharp(shelf).png().toBuffer()))
        .png()
        .toBuffer(),
    ),
  );

describe('the quality of a photo', () => {
  it('tells a blurred shelf from a sharp one', async () => {
    const sharpOne = (await measured()).blur;
    const soft = (await measured((picture) => picture.blur(2))).blur;
    const blurred = (await measured((picture) => picture.blur(5))).blur;
    expect(sharpOne).toBeLessThan(0.4);
    expect(soft).toBeGreaterThan(sharpOne);
    expect(blurred).toBeGreaterThan(0.75);
  });

  it('measures by how much a shelf leans, and to which side', async () => {
    const lean = async (degrees: number) =>
      (await measured((picture) => picture.rotate(degrees, { background: '#333' }))).tilt!;
    expect(await lean(6)).toBeCloseTo(6, 0);
    expect(await lean(-4)).toBeCloseTo(-4, 0);
    expect(Math.abs((await measured()).tilt!)).toBeLessThan(0.5);
  });

  it('sees glare as a patch without any level left, and none on a packshot’s white ground', async () => {
    const spot = Buffer.from('<svg width="300" height="300"><circle cx="150" cy="150" r="140" fill="#fff"/></svg>');
    const glare = async (left: number) =>
      (await measured((picture) => picture.composite([{ input: spot, left, top: 150 }]))).glare;
    expect((await measured()).glare).toBe(0);
    expect(await glare(200)).toBeGreaterThan(0.08);
    const packshot = sharp({ create: { width: 400, height: 400, channels: 3, background: '#fff' } })
      .composite([{ input: await sharp(shelf).resize(200, 200).png().toBuffer() }])
      .png();
    expect(measureQuality(await decodeUpright(await packshot.toBuffer())).glare).toBeNull();
  });

  it('knows dark and light by the levels that hardly any pixel passes', async () => {
    const plain = await measured();
    const dark = await measured((picture) => picture.linear(0.3, 0));
    expect(dark.light).toBeCloseTo(plain.light * 0.3, -1);
    expect(plain.dark).toBeLessThan(plain.median);
    expect(plain.median).toBeLessThan(plain.light);
  });
});
