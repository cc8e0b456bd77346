import {
  add,
  divide,
  logSoftmax,
  matmul,
  max,
  mean,
  multiply,
  type Node,
  reshape,
  size,
  softmax,
  sqrt,
  subtract,
  sum,
  transpose,
} from './graph.ts';

/** Operators composed of the primitive ones in `graph.ts`. */

/**
 * x · weightᵀ + bias, as torch.nn.functional.linear: [..., in] → [..., out]; `weight` is [out, in], `bias` [out]. Leading axes
 * are flattened, so that the forward and both backward products are single large matrix products.
 */
export function linear(x: Node, weight: Node, bias?: Node): Node {
  const rows = reshape(x, [-1, x.shape[x.shape.length - 1]]);
  const product = matmul(rows, transpose(weight));
  return reshape(bias ? add(product, bias) : product, [...x.shape.slice(0, -1), weight.shape[0]]);
}

/**
 * x / max(‖x‖₂, ε) over the last axis, as torch.nn.functional.normalize; shape unchanged. The maximum is taken as √(‖x‖² + ε²), the same in float32
 * wherever ‖x‖ is not within a few thousand times ε, and with PyTorch's gradient at x = 0.
 */
export function l2Normalise(x: Node, epsilon = 1e-12): Node {
  return divide(x, sqrt(add(sum(multiply(x, x), [x.shape.length - 1], true), epsilon * epsilon)));
}

/** Σ over the last axis, averaged over all rows. */
function meanOverRows(x: Node): Node {
  return multiply(sum(x), x.shape[x.shape.length - 1] / size(x.shape));
}

/**
 * Mean over all rows of −Σ target · log softmax(logits), in nats: a scalar. Logits and targets are [..., classes]; a row of
 * targets sums to 1. Divide the logits by their temperature first. Gradients flow into `target` too where they are asked for.
 */
export function crossEntropy(logits: Node, target: Node): Node {
  return multiply(meanOverRows(multiply(target, logSoftmax(logits))), -1);
}

/** Mean over all rows of the entropy of softmax(logits), in nats: a scalar between 0 (one-hot) and ln classes (uniform). */
export function entropy(logits: Node): Node {
  return crossEntropy(logits, softmax(logits));
}

/** Mean of (a − b)² over all elements: a scalar. */
export function meanSquaredError(a: Node, b: Node): Node {
  const difference = subtract(a, b);
  return mean(multiply(difference, difference));
}

/** The same values, through which no gradient flows: each as the largest of itself alone, since `max` counts as constant. */
export function stopGradient(x: Node): Node {
  return reshape(max(reshape(x, [-1, 1]), 1), x.shape);
}

/**
 * Every column less its mean over the rows, in units of its standard deviation: batch normalisation (Ioffe and Szegedy 2015) as in training, without scale and
 * bias, as He et al. 2022 (MAE) put it between a transformer and what is learnt from its features. LayerNorm leaves what all features have in
 * common, and before a training that is nearly everything: cosines of different photos are 0.99. [rows, width] → the same
 */
export function batchNorm(x: Node, epsilon = 1e-5): Node {
  const centered = subtract(x, mean(x, [0], true));
  return divide(centered, sqrt(add(mean(multiply(centered, centered), [0], true), epsilon)));
}
