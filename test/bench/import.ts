/**
 * `gondola bench import`: whole imports (read, hash, header, decode, thumbnail, database) beside bare sharp decoding the same files and
 * scaling them to the same size. The photos are what a phone takes, 12 million pixels with the fine grain of a sensor.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { unattended } from '../../src-main/base/progress.ts';
import { Random } from '../../src-main/base/random.ts';
import { importPhotos } from '../../src-main/core/library/import.ts';
import { Workspace } from '../../src-main/store/workspace.ts';
import { thumbnailSide } from '../../src-main/vision/decode.ts';
import { median, type Report } from './bench.ts';

const photos = 24;
const rounds = 5;
const target = 0.8;

export async function run(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gondola-bench-'));
  try {
    const source = join(folder, 'photos');
    mkdirSync(source);
    for (let i = 0; i < photos; i++) await drawPhoto(join(source, `${i}.jpg`), i);
    const imports: number[] = [];
    const bare: number[] = [];
    // The first round warms the disk's cache and both pipelines.
    for (let round = 0; round <= rounds; round++) {
      const measured = [await timeImport(source, join(folder, `workspace-${round}`)), await timeBareSharp(source)];
      if (round === 0) continue;
      imports.push(photos / measured[0]);
      bare.push(photos / measured[1]);
    }
    const [value, reference] = [median(imports), median(bare)];
    const ratio = value / reference;
    report({ bench: 'import', value, unit: 'photos/s', reference, ratio, target, ok: ratio >= target });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timeImport(source: string, folder: string): Promise<number> {
  const workspace = Workspace.create(folder);
  try {
    const started = performance.now();
    const { added } = await importPhotos(workspace, { paths: [source] }, unattended);
    const seconds = (performance.now() - started) / 1000;
    if (added !== photos) throw new Error(`Imported ${added} of ${photos} photos.`);
    return seconds;
  } finally {
    workspace.close();
  }
}

/** The same files with as many in flight as the cores and libvips' own threads can use. */
async function timeBareSharp(source: string): Promise<number> {
  const files = readdirSync(source).map((name) => join(source, name));
  const started = performance.now();
  let next = 0;
  const work = async () => {
    while (next < files.length) {
      await sharp(files[next++]).autoOrient().resize(thumbnailSide, thumbnailSide, { fit: 'inside' }).raw().toBuffer();
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() + 2 }, work));
  return (performance.now() - started) / 1000;
}

/** Patches of colour at the size of packages, softened, under a sensor's grain: some 2 MB as JPEG. */
async function drawPhoto(path: string, number: number): Promise<void> {
  const [width, height] = [4032, 3024];
  const patches = { width: 84, height: 63, channels: 3 as const };
  const random = new Random(number);
  const colours = Uint8Array.from({ length: patches.width * patches.height * 3 }, () => random.integer(256));
  const grain = await sharp({
    create: { width, height, channels: 3, background: '#808080', noise: { type: 'gaussian', mean: 128, sigma: 12 } },
  })
    .png({ compressionLevel: 0 })
    .toBuffer();
  await sharp(colours, { raw: patches })
    .resize(width, height, { fit: 'fill', kernel: 'cubic' })
    .composite([{ input: grain, blend: 'soft-light' }])
    .withExif({ IFD0: { Make: 'Gondola', Model: 'Bench' }, IFD2: { DateTimeOriginal: '2024:05:06 07:08:09' } })
    .jpeg({ quality: 88 })
    .toFile(path);
}
