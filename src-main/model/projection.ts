/**
 * The small networks that objectives put between the encoder and their loss: two linear layers with GELU between them, the ViT's own
 * non-linearity in the place of ReLU.
 */
import { constant, gelu, layerNorm, multiply, type Node } from '../engine/graph.ts';
import { linear } from '../engine/operators.ts';
import type { Lookup, Parameter } from './parameters.ts';

export interface ProjectionConfig {
  /** Width between the two layers. */
  readonly hidden: number;
  /** Width of what comes out. */
  readonly outputs: number;
}

/** A linear layer with the initialisation of DINO's head: weight [to, from], bias [to]. */
export function linearParameters(name: string, from: number, to: number): Parameter[] {
  return [
    { name: `${name}.weight`, shape: [to, from], initial: { kind: 'normal', deviation: 0.02 } },
    { name: `${name}.bias`, shape: [to], initial: { kind: 'constant', value: 0 } },
  ];
}

/** Linear, GELU, linear. @param width of what comes in */
export function projectionParameters({ hidden, outputs }: ProjectionConfig, width: number): Parameter[] {
  return [...linearParameters('0', width, hidden), ...linearParameters('2', hidden, outputs)];
}

/** [n, width] → [n, outputs] */
export function projection(weights: Lookup, x: Node): Node {
  return named(weights, '2', gelu(named(weights, '0', x)));
}

/** Linear, LayerNorm, GELU, linear; the weight before the norm is standardised. @param width of what comes in */
export function normedProjectionParameters(config: ProjectionConfig, width: number): Parameter[] {
  const [weight, bias, ...rest] = projectionParameters(config, width);
  return [
    weight,
    bias,
    { name: '1.weight', shape: [config.hidden], initial: { kind: 'constant', value: 1 } },
    { name: '1.bias', shape: [config.hidden], initial: { kind: 'constant', value: 0 } },
    ...rest,
  ];
}

/**
 * The head of "BYOL works even without batch statistics" (Richemond et al. 2020): batch norm replaced by group norm, of one group here, and
 * weight standardisation (each row of the weight to mean 0 and variance 1 ÷ width). No image depends on the rest of its batch.
 * [n, width] → [n, outputs]
 */
export function normedProjection(weights: Lookup, x: Node): Node {
  const hidden = linear(x, standardised(weights('0.weight')), weights('0.bias'));
  const normed = layerNorm(hidden, weights('1.weight'), weights('1.bias'), 1e-5);
  return named(weights, '2', gelu(normed));
}

function named(weights: Lookup, name: string, x: Node): Node {
  return linear(x, weights(`${name}.weight`), weights(`${name}.bias`));
}

function standardised(weight: Node): Node {
  const width = weight.shape[1];
  const [one, zero] = [constant(new Float32Array(width).fill(1)), constant(new Float32Array(width))];
  return multiply(layerNorm(weight, one, zero, 1e-5), width ** -0.5);
}
