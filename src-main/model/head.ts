/**
 * DINO's projection head (facebookresearch/dino, vision_transformer.py, DINOHead): three linear layers with GELU between them, L2
 * norm, and prototypes: a weight-normed linear layer without bias (Salimans and Kingma 2016) whose g is not trained. Names as in
 * the official checkpoints.
 */
import { divide, gelu, matmul, multiply, type Node, sqrt, sum, transpose } from '../engine/graph.ts';
import { l2Normalise, linear } from '../engine/operators.ts';
import type { Initial, Lookup, Parameter } from './parameters.ts';

export interface HeadConfig {
  /** Width of the two inner layers; official: 2048. */
  readonly hidden: number;
  /** Width before the prototypes; official: 256. */
  readonly bottleneck: number;
  /** Outputs, K; official: 65536, for small data 1024. */
  readonly prototypes: number;
}

/** The names that a frozen last layer holds still. */
export const LAST_LAYER = 'last_layer.weight_v';

/** @param dimensions width of the features that come in */
export function headParameters({ hidden, bottleneck, prototypes }: HeadConfig, dimensions: number): Parameter[] {
  // The official head makes its last layer after its own initialisation has run: PyTorch's default stays.
  const linearDefault: Initial = { kind: 'uniform', bound: 1 / Math.sqrt(bottleneck) };
  return [
    ...bottleneckParameters({ hidden, bottleneck }, dimensions),
    { name: 'last_layer.weight_g', shape: [prototypes, 1], initial: { kind: 'constant', value: 1 }, frozen: true },
    { name: LAST_LAYER, shape: [prototypes, bottleneck], initial: linearDefault },
  ];
}

/** Of the head up to its bottleneck, without the prototypes. */
export function bottleneckParameters(
  { hidden, bottleneck }: Pick<HeadConfig, 'hidden' | 'bottleneck'>,
  dimensions: number,
): Parameter[] {
  const dense = (name: string, from: number, to: number): Parameter[] => [
    { name: `${name}.weight`, shape: [to, from], initial: { kind: 'normal', deviation: 0.02 } },
    { name: `${name}.bias`, shape: [to], initial: { kind: 'constant', value: 0 } },
  ];
  return [
    ...dense('mlp.0', dimensions, hidden),
    ...dense('mlp.2', hidden, hidden),
    ...dense('mlp.4', hidden, bottleneck),
  ];
}

/** Features [n, dimensions] → logits over the prototypes [n, prototypes]. */
export function head(weights: Lookup, features: Node): Node {
  const direction = weights(LAST_LAYER);
  const length = sqrt(sum(multiply(direction, direction), [1], true));
  const prototypes = multiply(direction, divide(weights('last_layer.weight_g'), length));
  return matmul(bottleneck(weights, features), transpose(prototypes));
}

/** Features [n, dimensions] → what the prototypes are compared with, rows of length 1 [n, bottleneck]. */
export function bottleneck(weights: Lookup, features: Node): Node {
  const layer = (name: string, x: Node) => linear(x, weights(`${name}.weight`), weights(`${name}.bias`));
  const hidden = gelu(layer('mlp.2', gelu(layer('mlp.0', features))));
  return l2Normalise(layer('mlp.4', hidden));
}
