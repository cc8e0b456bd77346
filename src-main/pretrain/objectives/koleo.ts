/**
 * KoLeo (Sablayrolles et al. 2019, Spreading vectors for similarity search), as DINOv2 takes it (Oquab et al. 2023): the Kozachenko–Leonenko estimate of
 * the differential entropy, −mean ln of each feature's distance to its nearest neighbour in the batch. Larger distances, more evenly spread
 * features.
 */
import { add, log, matmul, multiply, type Node, softmax, sqrt, subtract, sum, transpose } from '../../engine/graph.ts';
import { identity } from '../../engine/log-determinant.ts';
import { l2Normalise, stopGradient } from '../../engine/operators.ts';

const EPSILON = 1e-14;
/** Similarities that differ by more than about 1e-5 leave one neighbour; nearer ones share the slope. */
const SHARPNESS = 1e6;

/**
 * @param features [n, dimensions], n ≥ 2, of any length: rows are normalised
 * @returns a scalar
 */
export function koleo(features: Node): Node {
  const n = features.shape[0];
  const rows = l2Normalise(features);
  const similarities = matmul(rows, transpose(rows));
  // No row is its own neighbour: cosines are at least −1.
  const others = subtract(similarities, multiply(identity(n), 4));
  const nearest = softmax(multiply(stopGradient(others), SHARPNESS)); // [n, n], rows of one 1
  const squared = sum(multiply(nearest, subtract(2, multiply(similarities, 2))), [1]);
  // Not below 0, where rounding can take it: (x + √(x² + ε)) ÷ 2 is x for all but the smallest.
  const positive = multiply(add(squared, sqrt(add(multiply(squared, squared), EPSILON))), 0.5);
  return multiply(sum(log(positive)), -0.5 / n);
}
