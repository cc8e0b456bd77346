/** Attention, masks and cut-outs of one photo or product, for the page. */
import { mkdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { GondolaError, stopIfAsked } from '../../base/errors.ts';
import { writeFileAtomically } from '../../base/files.ts';
import type { Handlers } from '../../contract/call.ts';
import type { cuttingCalls, Subject } from '../../contract/cutting.ts';
import { massMask } from '../../model/mass-mask.ts';
import { photoPath, photos } from '../../store/photos.ts';
import { boxCounts } from '../../store/regions.ts';
import type { Workspace } from '../../store/workspace.ts';
import type { CoreContext } from '../context.ts';
import { unwritable } from '../export/unwritable.ts';
import { type AttentionMap, headAttention, meanAttention } from './attention.ts';
import { cutoutPng, maskPng } from './cutout.ts';
import { fileNames, Ledger } from './ledger.ts';
import { type Mask, maskArea, resizeMask } from './mask.ts';
import { productMasks } from './product-masks.ts';
import { Workbench } from './workbench.ts';

/** The longer side of a mask that a page shows, at most. */
const PREVIEW_SIDE = 1024;

const benches = new WeakMap<Workspace, Workbench>();

function benchOf(workspace: Workspace): Workbench {
  const bench = benches.get(workspace) ?? new Workbench(workspace);
  benches.set(workspace, bench);
  return bench;
}

export const cuttingHandlers: Handlers<typeof cuttingCalls, CoreContext> = {
  'segment.photos': async (_, { workspace: { database } }) => {
    const boxes = boxCounts(database);
    return {
      photos: photos(database).map(({ id, path }) => ({
        id,
        name: path === null ? null : basename(path),
        boxes: boxes.get(id) ?? 0,
      })),
    };
  },
  'segment.preview': async ({ subject, device }, { workspace, signal }) => {
    const bench = benchOf(workspace);
    const sitter = bench.sitter(subject);
    const { map, model } = await bench.look(sitter, device);
    stopIfAsked(signal);
    const { heads, rows, columns } = map;
    return {
      photo: sitter.photo.id,
      frame: sitter.frame,
      model,
      ...{ heads, rows, columns },
      attention: Array.from({ length: heads }, (_, head) => [...headAttention(map, head)]),
      mean: [...meanAttention(map)],
      boxes: sitter.boxes.map(({ id, x, y, width, height }) => ({ region: id, x, y, width, height })),
    };
  },
  'segment.massMask': async ({ subject, head, share, device }, { workspace }) => {
    const bench = benchOf(workspace);
    const { map } = await bench.look(bench.sitter(subject), device);
    const kept = massMask(rowOf(map, head), share);
    return { kept: [...kept], area: kept.reduce((sum, patch) => sum + patch, 0) / kept.length };
  },
  'segment.masks': async ({ subject, device }, context) => {
    const bench = benchOf(context.workspace);
    const { masks, bestHead, overlap } = await productMasks(bench, bench.sitter(subject), device, context);
    return {
      masks: await Promise.all(
        masks.map(async ({ region, x, y, mask }) => ({
          ...{ region, x, y, width: mask.width, height: mask.height },
          share: maskArea(mask) / mask.data.length,
          mask: await maskPng(forPage(mask)),
        })),
      ),
      bestHead,
      overlap,
    };
  },
  'segment.save': ({ region, out, what, device }, context) =>
    save(benchOf(context.workspace), { kind: 'region', id: region }, out, what, device, context),
};

/** @throws GondolaError `head-unknown` */
function rowOf(map: AttentionMap, head: number | 'mean'): Float32Array {
  if (head === 'mean') return meanAttention(map);
  if (head <= map.heads) return headAttention(map, head - 1);
  throw new GondolaError(
    'head-unknown',
    `The model has ${map.heads} heads, and no head ${head}.`,
    'Choose another one.',
  );
}

function forPage(mask: Mask): Mask {
  const scale = Math.min(1, PREVIEW_SIDE / Math.max(mask.width, mask.height));
  if (scale === 1) return mask;
  return resizeMask(mask, Math.max(1, Math.round(mask.width * scale)), Math.max(1, Math.round(mask.height * scale)));
}

/** Under the names that `gondola segment` gives, so that both may go into one folder. */
async function save(
  bench: Workbench,
  subject: Subject,
  out: string,
  what: readonly ('mask' | 'cutout')[],
  device: string,
  context: CoreContext,
): Promise<{ folder: string; files: string[] }> {
  const sitter = bench.sitter(subject);
  const picture = await bench.picture(sitter);
  const { masks } = await productMasks(bench, sitter, device, context);
  const folder = resolve(out);
  const path = photoPath(context.workspace.database, sitter.photo.id) ?? `photo-${sitter.photo.id}`;
  try {
    await mkdir(folder, { recursive: true });
    const stem = (await Ledger.open(folder)).claim(path, sitter.photo.sha256);
    const whole = sitter.region.kind === 'photo' && sitter.boxes.length === 0;
    const files: string[] = [];
    const write = async (name: string, bytes: Uint8Array) => {
      await writeFileAtomically(join(folder, name), bytes);
      files.push(name);
    };
    for (const { region, x, y, mask } of masks) {
      const names = whole
        ? { mask: fileNames.mask(stem), cutout: fileNames.cutout(stem) }
        : { mask: fileNames.regionMask(stem, region), cutout: fileNames.regionCutout(stem, region) };
      if (what.includes('mask')) await write(names.mask, await maskPng(mask));
      if (what.includes('cutout')) await write(names.cutout, await cutoutPng(picture, mask, { x, y }));
    }
    return { folder, files };
  } catch (error) {
    throw unwritable(folder, error);
  }
}
