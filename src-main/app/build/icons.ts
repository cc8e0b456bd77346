// Draws resources/icons/gondola.svg at every size that a system asks for: `node src-main/app/build/icons.ts`, after the drawing was changed.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';

const folder = join(import.meta.dirname, '../../../resources/icons');
const drawing = readFileSync(join(folder, 'gondola.svg'));

/** Of the hicolor theme on Linux; the app's own windows take the largest. */
const linux = [16, 24, 32, 48, 64, 128, 256, 512];
const windows = [16, 24, 32, 48, 64, 128, 256];
/** Apple's names of the PNG entries: @2x ones hold the same pixels as the next size up. */
const mac = [
  ['icp4', 16],
  ['icp5', 32],
  ['icp6', 64],
  ['ic07', 128],
  ['ic08', 256],
  ['ic09', 512],
  ['ic10', 1024],
  ['ic11', 32],
  ['ic12', 64],
  ['ic13', 256],
  ['ic14', 512],
] as const;

async function png(size: number): Promise<Buffer> {
  // The drawing is 512 wide at 72 dpi.
  return sharp(drawing, { density: Math.max(72, (72 * size) / 512) })
    .resize(size, size)
    .png({ compressionLevel: 9 })
    .toBuffer();
}

/** ICONDIR, one ICONDIRENTRY a picture, then the PNGs: https://learn.microsoft.com/previous-versions/ms997538(v=msdn.10) */
function ico(pictures: { size: number; bytes: Buffer }[]): Buffer {
  const head = Buffer.alloc(6 + 16 * pictures.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(pictures.length, 4);
  let at = head.length;
  for (const [i, { size, bytes }] of pictures.entries()) {
    const entry = 6 + 16 * i;
    head[entry] = head[entry + 1] = size % 256; // 0 stands for 256
    head.writeUInt16LE(1, entry + 4);
    head.writeUInt16LE(32, entry + 6);
    head.writeUInt32LE(bytes.length, entry + 8);
    head.writeUInt32LE(at, entry + 12);
    at += bytes.length;
  }
  return Buffer.concat([head, ...pictures.map(({ bytes }) => bytes)]);
}

/** 'icns', the length of the whole, then entries of name, length with the head, PNG. */
function icns(pictures: { name: string; bytes: Buffer }[]): Buffer {
  const block = (name: string, content: Buffer) => {
    const head = Buffer.alloc(8);
    head.write(name, 0, 'ascii');
    head.writeUInt32BE(8 + content.length, 4);
    return Buffer.concat([head, content]);
  };
  return block('icns', Buffer.concat(pictures.map(({ name, bytes }) => block(name, bytes))));
}

mkdirSync(join(folder, 'linux'), { recursive: true });
for (const size of linux) writeFileSync(join(folder, `linux/${size}x${size}.png`), await png(size));
writeFileSync(
  join(folder, 'gondola.ico'),
  ico(await Promise.all(windows.map(async (size) => ({ size, bytes: await png(size) })))),
);
writeFileSync(
  join(folder, 'gondola.icns'),
  icns(await Promise.all(mac.map(async ([name, size]) => ({ name, bytes: await png(size) })))),
);
