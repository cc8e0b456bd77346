/**
 * An encoder network of any kind, as training and embedding see it: pictures in, a feature and patch tokens out. What only a transformer
 * has (attention, keys) is asked of `Vit` itself.
 */
import { concat, type Node, slice } from '../engine/graph.ts';
import type { Lookup, Parameter, Slot } from './parameters.ts';
import { embeddingWidth, gridOf, VIT_NAMES, Vit, type VitConfig, vitNamed, vitParameters } from './vit.ts';

export { embeddingWidth };

export interface Architecture extends VitConfig {
  /** Tokens that go through all blocks together, see `inCache`. Absent: all of them. The result is the same but for rounding. */
  readonly tokensAtOnce?: number;
}

/** Values of a block's widest layer that stay in a core's own cache beside the weights. */
const CACHED_VALUES = 2 ** 19;

/**
 * For processors: pictures go through the network in groups whose values fit into the caches of the cores that share them, instead of all through
 * one block after another. Graphics cards want as much at once as there is.
 */
export function inCache(architecture: Architecture, cores: number): Architecture {
  return { ...architecture, tokensAtOnce: Math.round((cores * CACHED_VALUES) / (4 * architecture.dimensions)) };
}

export interface BackbonePass {
  /** [n, dimensions]: what stands for the whole picture in training. */
  readonly feature: Node;
  /** [n, `embeddingWidth`]: what stands for it in use. */
  readonly embedding: Node;
  /** [n, patches, dimensions], after the last norm; patches lie row by row. */
  readonly patches: Node;
}

export interface Backbone {
  readonly architecture: Architecture;
  /** Width of a feature. */
  readonly dimensions: number;
  /**
   * @param images [n, 3, height, width], normalised
   * @param dropPath [2 · depth, n], see `Vit.pass`
   * @param patchMask [n, patches], 1 where the patch is hidden, see `Vit.pass`
   */
  pass(images: Node, dropPath?: Node, patchMask?: Node): BackbonePass;
}

/** Every name that `architectureNamed` knows. */
export const ARCHITECTURE_NAMES: readonly string[] = VIT_NAMES;

/** @throws GondolaError `model-unknown`, `image-size` */
export function architectureNamed(name: string, image: number): Architecture {
  return vitNamed(name, image);
}

export function backboneParameters(architecture: Architecture): Parameter[] {
  return vitParameters(architecture);
}

/**
 * What DINOv2's own network has and ours never reads: in training it hides patches behind `mask_token`, and it does not load strictly without it. Kept
 * where a file has it, so that a network leaves as it came.
 */
export function carriedParameters({ dimensions, registers, layerScale, stem }: Architecture): Slot[] {
  const isLikeDinov2 = (registers > 0 || layerScale) && (stem ?? 'patch') === 'patch';
  return isLikeDinov2 ? [{ name: 'mask_token', shape: [1, dimensions] }] : [];
}

/** The network over one set of parameters. Passes of several image sizes share them. */
export function backbone(architecture: Architecture, weights: Lookup): Backbone {
  const vit = new Vit(architecture, weights);
  return {
    architecture,
    dimensions: architecture.dimensions,
    pass(images, dropPath, patchMask) {
      const groups = groupsOf(architecture, images);
      if (groups.length === 1) return vit.pass(images, dropPath, patchMask);
      const passes = groups.map(([start, end]) =>
        vit.pass(
          slice(images, 0, start, end),
          dropPath && slice(dropPath, 1, start, end),
          patchMask && slice(patchMask, 0, start, end),
        ),
      );
      const all = (part: keyof BackbonePass) =>
        concat(
          passes.map((pass) => pass[part]),
          0,
        );
      return { feature: all('feature'), embedding: all('embedding'), patches: all('patches') };
    },
  };
}

/** First picture and end of each group, of about `tokensAtOnce` tokens, all of about one size. */
function groupsOf(architecture: Architecture, { shape: [n, , height, width] }: Node): [start: number, end: number][] {
  const { tokensAtOnce, registers } = architecture;
  const { rows, columns } = gridOf(architecture, height, width);
  const together = tokensAtOnce ? Math.round(tokensAtOnce / (1 + registers + rows * columns)) : n;
  const groups = Math.ceil(n / Math.max(1, together));
  return Array.from({ length: groups }, (_, i) => [Math.floor((n * i) / groups), Math.floor((n * (i + 1)) / groups)]);
}
