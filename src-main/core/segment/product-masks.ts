/** The masks of what is in front of the page: one for each product, or one for the object of a photo without boxes. */
import { ProgressMeter } from '../../base/progress.ts';
import type { CoreContext } from '../context.ts';
import { breather } from '../recognise/breathe.ts';
import { bestHead } from './attention.ts';
import { emptyMask, type Mask, paintMask, resizeMask } from './mask.ts';
import { keepMask, keptMask, type PlacedMask } from './mask-cache.ts';
import { photoMask, regionMask } from './object-mask.ts';
import { overview } from './overview.ts';
import type { Seen, Sitter, Workbench } from './workbench.ts';

export interface ProductMask extends PlacedMask {
  readonly region: number;
}

export interface ProductMasks {
  readonly masks: readonly ProductMask[];
  /** From 1. */
  readonly bestHead: number;
  readonly overlap: number;
}

/** Sides of the grid on which heads are compared with the objects: finer than any patch. */
const COMPARED = 512;

/** @throws GondolaError as `Workbench.look`; Cancelled, and the masks found by then are kept */
export async function productMasks(
  bench: Workbench,
  sitter: Sitter,
  device: string,
  context: CoreContext,
): Promise<ProductMasks> {
  const seen = await bench.look(sitter, device);
  const masks =
    sitter.boxes.length > 0 ? await boxMasks(bench, sitter, context) : [await wholeMask(bench, sitter, seen, context)];
  const best = bestHead(seen.map, together(masks, sitter));
  return { masks, bestHead: best.head + 1, overlap: best.overlap };
}

/** A box's mask comes from its colours and edges alone, so that one that was kept is still true. */
async function boxMasks(bench: Workbench, sitter: Sitter, { workspace, signal, progress }: CoreContext) {
  const breathe = breather(signal);
  const meter = new ProgressMeter(sitter.boxes.length, progress);
  const masks: ProductMask[] = [];
  for (const box of sitter.boxes) {
    await breathe();
    let placed = await keptMask(workspace, box);
    if (placed === null) {
      placed = regionMask(await bench.picture(sitter), box);
      await keepMask(workspace, box, placed.mask);
    }
    masks.push({ ...placed, region: box.id });
    meter.advance(1, 'Outlining products');
  }
  return masks;
}

async function wholeMask(
  bench: Workbench,
  sitter: Sitter,
  seen: Seen,
  { workspace }: CoreContext,
): Promise<ProductMask> {
  const picture = await bench.picture(sitter);
  const mask = resizeMask(photoMask(overview(picture), seen.evidence), picture.width, picture.height);
  await keepMask(workspace, sitter.region, mask);
  return { x: 0, y: 0, mask, region: sitter.region.id };
}

/** All masks laid on the frame, small. */
function together(masks: readonly ProductMask[], { frame }: Sitter): Mask {
  const scale = Math.min(1, COMPARED / Math.max(frame.width, frame.height));
  const sized = (length: number) => Math.max(1, Math.round(length * scale));
  const whole = emptyMask(sized(frame.width), sized(frame.height));
  for (const { x, y, mask } of masks) {
    const small = resizeMask(mask, sized(mask.width), sized(mask.height));
    paintMask(whole, small, Math.round((x - frame.x) * scale), Math.round((y - frame.y) * scale));
  }
  return whole;
}
