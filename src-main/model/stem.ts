/**
 * How a vision transformer turns pixels into patch tokens. The plain patch embedding (Dosovitskiy et al. 2021) is one linear layer; the
 * other two are small networks, with which a transformer learns far more from few pictures and few steps.
 */

import { convolution3 } from '../engine/convolution.ts';
import { gelu, layerNorm, type Node, reshape, transpose } from '../engine/graph.ts';
import { linear } from '../engine/operators.ts';
import type { Initial, Lookup, Parameter } from './parameters.ts';
import type { Grid } from './positions.ts';

/**
 * - `patch`: one linear layer over the pixels of a patch.
 * - `hierarchical`: patches of 4, merged two by two up to the patch (the hMLP stem of Touvron et al. 2022, "Three things everyone should
 *   know about vision transformers", with layer norm). No pixel crosses a patch's border, so patches can be hidden as with `patch`.
 * - `convolution`: overlapping 3 × 3 convolutions of stride 2 (Xiao et al. 2021, "Early convolutions help transformers see better",
 *   with layer norm).
 */
export const STEMS = ['patch', 'hierarchical', 'convolution'] as const;
export type Stem = (typeof STEMS)[number];

export interface StemConfig {
  /** Width of a token. */
  readonly dimensions: number;
  /** Side of a patch in pixels; a power of two, at least 8, for stems other than `patch`. */
  readonly patch: number;
  /** Absent: `patch`. */
  readonly stem?: Stem;
}

/** One layer of a stem: a square kernel that makes `to` channels of `from`. */
interface Level {
  readonly from: number;
  readonly to: number;
  readonly kernel: number;
}

/** Side of the first patches of the hierarchical stem. */
const FIRST = 4;

const EPSILON = 1e-6;

/** All layers; the last one, `patch_embed.proj`, has no norm behind it. */
function levelsOf({ dimensions, patch, stem = 'patch' }: StemConfig): Level[] {
  if (stem === 'patch') return [{ from: 3, to: dimensions, kernel: patch }];
  const halvings = Math.log2(stem === 'hierarchical' ? patch / FIRST : patch);
  const width = (left: number) => dimensions / 2 ** left;
  if (stem === 'hierarchical') {
    const merges = Array.from({ length: halvings }, (_, i) => ({
      from: width(halvings - i),
      to: width(halvings - i - 1),
      kernel: 2,
    }));
    return [{ from: 3, to: width(halvings), kernel: FIRST }, ...merges];
  }
  const convolutions = Array.from({ length: halvings }, (_, i) => ({
    from: i === 0 ? 3 : width(halvings - i),
    to: width(halvings - i - 1),
    kernel: 3,
  }));
  return [...convolutions, { from: dimensions, to: dimensions, kernel: 1 }];
}

/**
 * `patch_embed.levels.N` and `patch_embed.norms.N` for the inner layers, `patch_embed.proj` for the last one, kernels as [to, from, side,
 * side]; started as PyTorch starts convolutions.
 */
export function stemParameters(config: StemConfig): Parameter[] {
  const levels = levelsOf(config);
  return levels.flatMap(({ from, to, kernel }, i) => {
    const name = i === levels.length - 1 ? 'patch_embed.proj' : `patch_embed.levels.${i}`;
    const initial: Initial = { kind: 'uniform', bound: 1 / Math.sqrt(from * kernel * kernel) };
    const layer: Parameter[] = [
      { name: `${name}.weight`, shape: [to, from, kernel, kernel], initial },
      { name: `${name}.bias`, shape: [to], initial },
    ];
    if (i === levels.length - 1) return layer;
    return [
      ...layer,
      { name: `patch_embed.norms.${i}.weight`, shape: [to], initial: { kind: 'constant', value: 1 } },
      { name: `patch_embed.norms.${i}.bias`, shape: [to], initial: { kind: 'constant', value: 0 } },
    ];
  });
}

/** The layer that sees pixels: where its kernel is kept, and the kernel's side. */
export function firstLayer(config: StemConfig): {
  readonly name: string;
  readonly filters: number;
  readonly side: number;
} {
  const levels = levelsOf(config);
  const [{ to, kernel }] = levels;
  return { name: levels.length === 1 ? 'patch_embed.proj' : 'patch_embed.levels.0', filters: to, side: kernel };
}

/** Floating-point operations of the stem's products for one patch. */
export function stemFlops(config: StemConfig): number {
  const levels = levelsOf(config);
  let side = config.stem === 'convolution' ? config.patch : 1;
  // The layers from the last to the first: each merge looks at four times as many places as the one behind it.
  if (config.stem === 'convolution') {
    return levels.reduce((sum, { from, to, kernel }) => {
      side = kernel === 3 ? side / 2 : side;
      return sum + 2 * side * side * to * from * kernel * kernel;
    }, 0);
  }
  return levels.toReversed().reduce((sum, { from, to, kernel }) => {
    const flops = 2 * side * side * to * from * kernel * kernel;
    side *= kernel;
    return sum + flops;
  }, 0);
}

/** Normalised images [n, 3, height, width] → patch tokens [n, rows · columns, dimensions], row by row, without positions. */
export function patchTokens(config: StemConfig, weights: Lookup, images: Node, grid: Grid): Node {
  const [n] = images.shape;
  const rows =
    config.stem === 'convolution' ? convolved(config, weights, images) : merged(config, weights, images, grid);
  return reshape(rows, [n, grid.rows * grid.columns, config.dimensions]);
}

/** Kernels that do not overlap: cut once, so that what is merged lies side by side, and products from then on. */
function merged(config: StemConfig, weights: Lookup, images: Node, { rows, columns }: Grid): Node {
  const levels = levelsOf(config);
  const sides = levels.map(({ kernel }) => kernel).reverse();
  const [n] = images.shape;
  // [n, 3, rows, k₁, k₂, …, columns, k₁, k₂, …] → [n, rows, columns, k₁, k₁, k₂, k₂, …, 3, k, k], the largest steps first.
  const split = reshape(images, [n, 3, rows, ...sides, columns, ...sides]);
  const acrossFrom = 3 + sides.length;
  const inner = sides.length - 1;
  const pairs = Array.from({ length: inner }, (_, i) => [3 + i, acrossFrom + 1 + i]).flat();
  const cut = transpose(split, [0, 2, acrossFrom, ...pairs, 1, 3 + inner, acrossFrom + 1 + inner]);
  return levels.reduce((x, { from, to, kernel }, i) => {
    const isLast = i === levels.length - 1;
    const name = isLast ? 'patch_embed.proj' : `patch_embed.levels.${i}`;
    const weight = weights(`${name}.weight`);
    // Pixels lie plane by plane; of what was merged the channels lie together.
    const matrix = reshape(i === 0 ? weight : transpose(weight, [0, 2, 3, 1]), [to, from * kernel * kernel]);
    const values = linear(reshape(x, [-1, from * kernel * kernel]), matrix, weights(`${name}.bias`));
    return isLast ? values : activated(weights, i, values);
  }, cut);
}

function convolved(config: StemConfig, weights: Lookup, images: Node): Node {
  const levels = levelsOf(config);
  return levels.reduce(
    (x, { from, to }, i) => {
      if (i === levels.length - 1) {
        const matrix = reshape(weights('patch_embed.proj.weight'), [to, from]);
        return linear(reshape(x, [-1, from]), matrix, weights('patch_embed.proj.bias'));
      }
      const name = `patch_embed.levels.${i}`;
      return activated(weights, i, convolution3(x, weights(`${name}.weight`), weights(`${name}.bias`), 2));
    },
    transpose(images, [0, 2, 3, 1]),
  );
}

function activated(weights: Lookup, level: number, x: Node): Node {
  const name = `patch_embed.norms.${level}`;
  return gelu(layerNorm(x, weights(`${name}.weight`), weights(`${name}.bias`), EPSILON));
}
