/**
 * Which patches are hidden from the student, for iBOT (Zhou et al. 2022; bytedance/ibot): whole blocks at random places, as in BEiT (Bao et al.
 * 2022), until the share that was drawn is reached. Of each image one of the two global crops is masked, which is half of the crops, as there.
 */
import { Random } from '../../base/random.ts';
import { type Draws, GLOBALS } from './objective.ts';

/** Share of a masked crop's patches that are hidden, from and to: iBOT's 0.3 ± 0.2. */
const SHARE = [0.1, 0.5] as const;
/** Height ÷ width of a block is at least this, and at most its inverse. */
const ASPECT = 0.3;
/** Patches of a block, at least; crops of few patches have smaller ones. */
const LEAST_BLOCK = 4;
const ATTEMPTS = 10;
/** Keeps the masks apart from the other streams under one seed. */
const MASKS = 0x6d61;

/** Inputs of the patch objective, as `Draws` names them. */
export const PATCH_MASK = 'patchMask';
export const HIDDEN = 'hidden';

/** Patches of a crop that are hidden at most. */
export function mostHidden(rows: number, columns: number): number {
  return Math.max(1, Math.floor(SHARE[1] * rows * columns));
}

/**
 * Two inputs: `patchMask` [2 · batch, patches], 1 where a patch is hidden, and `hidden` [batch, most hidden, 2 · patches], which picks an image's hidden
 * patches out of those of its two crops: rows of one 1, then rows of zeros.
 */
export function patchMasks(rows: number, columns: number): Draws {
  const patches = rows * columns;
  const most = mostHidden(rows, columns);
  return {
    inputs: {
      [PATCH_MASK]: { views: GLOBALS, row: [patches] },
      [HIDDEN]: { views: 1, row: [most, GLOBALS * patches] },
    },
    draw(seed, step, batch) {
      const random = new Random(seed, step, MASKS);
      const mask = new Float32Array(GLOBALS * batch * patches);
      const hidden = new Float32Array(batch * most * GLOBALS * patches);
      for (let image = 0; image < batch; image++) {
        const view = random.integer(GLOBALS);
        const wanted = Math.min(most, Math.max(1, Math.round(random.uniform(...SHARE) * patches)));
        for (const [i, patch] of hiddenPatches(rows, columns, wanted, random).entries()) {
          mask[(view * batch + image) * patches + patch] = 1;
          hidden[(image * most + i) * GLOBALS * patches + view * patches + patch] = 1;
        }
      }
      return { [PATCH_MASK]: mask, [HIDDEN]: hidden };
    },
  };
}

/** Exactly `wanted` patches, in blocks where they fit; the rest one by one. In rising order. */
export function hiddenPatches(rows: number, columns: number, wanted: number, random: Random): number[] {
  const chosen = new Set<number>();
  for (let attempt = 0; attempt < ATTEMPTS && chosen.size < wanted; attempt++) {
    const left = wanted - chosen.size;
    const area = random.uniform(Math.min(LEAST_BLOCK, left), left);
    const aspect = Math.exp(random.uniform(Math.log(ASPECT), -Math.log(ASPECT)));
    const height = Math.min(rows, Math.max(1, Math.round(Math.sqrt(area * aspect))));
    const width = Math.min(columns, Math.max(1, Math.round(Math.sqrt(area / aspect))));
    const top = random.integer(rows - height + 1);
    const start = random.integer(columns - width + 1);
    const block = Array.from(
      { length: height * width },
      (_, i) => (top + Math.floor(i / width)) * columns + start + (i % width),
    );
    const fresh = block.filter((patch) => !chosen.has(patch));
    if (fresh.length <= left) for (const patch of fresh) chosen.add(patch);
  }
  const others = random.shuffle([...Array(rows * columns).keys()].filter((patch) => !chosen.has(patch)));
  return [...chosen, ...others.slice(0, wanted - chosen.size)].sort((a, b) => a - b);
}
