import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { unattended } from '../../src-main/base/progress.ts';
import { Random } from '../../src-main/base/random.ts';
import { importPhotos } from '../../src-main/core/library/import.ts';
import { indexWorkspace } from '../../src-main/core/recognise/index.ts';
import { openRuntime } from '../../src-main/engine/devices.ts';
import { input } from '../../src-main/engine/graph.ts';
import type { Program } from '../../src-main/engine/runtime.ts';
import { Encoder } from '../../src-main/model/encoder.ts';
import { constantLookup, initialWeights } from '../../src-main/model/parameters.ts';
import { Vit, vitNamed, vitParameters } from '../../src-main/model/vit.ts';
import { insertModel, setActiveModel } from '../../src-main/store/models.ts';
import { Workspace } from '../../src-main/store/workspace.ts';
import { imageDeviation, imageMean } from '../../src-main/vision/tensor.ts';
import { median, type Report } from './bench.ts';

/**
 * Embeddings a second of `index`, everything in it (reading and decoding photos, cutting out, the hand-made descriptions, storing), beside the bare
 * network on tensors that lie ready: ViT-S/16 at 224 pixels, shelf photos of 960 × 720 with eight products each.
 */

const model = 'vit-small/16';
const pixels = 224;
// Enough that starting threads and compiling, a second or two, weigh as little as in a real folder.
const photosARound = 24;
const boxesAPhoto = 8;
const rounds = 5;
const batch = 16;
const target = 0.9;

export async function run(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gondola-bench-index-'));
  const program = await bareNetwork();
  try {
    const images = new Float32Array(batch * 3 * pixels * pixels).fill(0.5);
    await program.run({ images });
    const own: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < rounds; round++) {
      own.push(await indexed(join(folder, `${round}`), round));
      const runs = Math.round((photosARound * (boxesAPhoto + 1)) / batch);
      const from = performance.now();
      for (let i = 0; i < runs; i++) await program.run({ images });
      bare.push((runs * batch) / ((performance.now() - from) / 1000));
    }
    const [value, reference] = [median(own), median(bare)];
    const ratio = value / reference;
    report({ bench: 'index', value, unit: 'embeddings/s', reference, ratio, target, ok: ratio >= target });
  } finally {
    await program.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function bareNetwork(): Promise<Program> {
  const config = vitNamed(model, pixels);
  const weights = initialWeights(vitParameters(config), new Random(1));
  const { feature } = new Vit(config, constantLookup(weights)).pass(input('images', [batch, 3, pixels, pixels]));
  return (await openRuntime('cpu')).compile({ feature });
}

/** Embeddings a second in a workspace of fresh photos. */
async function indexed(folder: string, round: number): Promise<number> {
  const photos = join(folder, 'photos');
  mkdirSync(photos, { recursive: true });
  const rows = ['path,label,x,y,width,height'];
  for (let photo = 0; photo < photosARound; photo++) {
    writeFileSync(join(photos, `${photo}.jpg`), await shelfPhoto(new Random(round, photo)));
    for (let box = 0; box < boxesAPhoto; box++) {
      rows.push(`photos/${photo}.jpg,,${240 * (box % 4)},${360 * Math.floor(box / 4)},240,360`);
    }
  }
  writeFileSync(join(folder, 'boxes.csv'), rows.join('\n'));
  const workspace = Workspace.create(join(folder, 'workspace'));
  try {
    await importPhotos(workspace, { paths: [photos], labels: { csv: join(folder, 'boxes.csv') } }, unattended);
    await register(workspace);
    const from = performance.now();
    const { embedded } = await indexWorkspace('cpu', { ...unattended, workspace });
    return embedded / ((performance.now() - from) / 1000);
  } finally {
    workspace.close();
  }
}

async function register(workspace: Workspace): Promise<void> {
  const config = vitNamed(model, pixels);
  const encoder = Encoder.untrained(await openRuntime('cpu'), config, 1);
  const path = 'models/bench.safetensors';
  await encoder.save(workspace.path(path), { mean: [...imageMean], std: [...imageDeviation] });
  const sha256 = createHash('sha256')
    .update(readFileSync(workspace.path(path)))
    .digest('hex');
  const { dimensions } = config;
  const { id } = insertModel(workspace.database, { name: 'bench', kind: 'encoder', dimensions, config, path, sha256 });
  setActiveModel(workspace.database, id);
}

/** Blotches of colour with some grain: it decodes with the work of a real photo. */
async function shelfPhoto(random: Random): Promise<Buffer> {
  const small = Buffer.from(Array.from({ length: 60 * 45 * 3 }, () => random.integer(256)));
  const large = await sharp(small, { raw: { width: 60, height: 45, channels: 3 } })
    .resize(960, 720)
    .raw()
    .toBuffer();
  for (let i = 0; i < large.length; i++) large[i] = Math.max(0, Math.min(255, large[i] + random.integer(17) - 8));
  return sharp(large, { raw: { width: 960, height: 720, channels: 3 } })
    .jpeg({ quality: 90 })
    .toBuffer();
}
