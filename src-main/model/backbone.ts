/**
 * An encoder network of any kind, as training and embedding see it: pictures in, a feature and patch tokens out. What only a transformer
 * has (attention, keys) is asked of `Vit` itself.
 */
import type { Node } from '../engine/graph.ts';
import type { Lookup, Parameter } from './parameters.ts';
import { embeddingWidth, VIT_NAMES, Vit, type VitConfig, vitNamed, vitParameters } from './vit.ts';

export { embeddingWidth };

export type Architecture = VitConfig;

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

/** The network over one set of parameters. Passes of several image sizes share them. */
export function backbone(architecture: Architecture, weights: Lookup): Backbone {
  const vit = new Vit(architecture, weights);
  return {
    architecture,
    dimensions: architecture.dimensions,
    pass: (images, dropPath, patchMask) => vit.pass(images, dropPath, patchMask),
  };
}
