import { GondolaError } from '../base/errors.ts';
import {
  add,
  concat,
  constant,
  divide,
  log,
  matmul,
  multiply,
  type Node,
  slice,
  subtract,
  sum,
  transpose,
} from './graph.ts';
import { stopGradient } from './operators.ts';

/**
 * ln det M of symmetric positive definite matrices: [..., n, n] → [..., 1, 1]. By Goodnight's sweep operator (1979): n updates of rank 1 give
 * the pivots, whose logarithms add up to the result, and the inverse on the way, which is its gradient. In float32 good to about five digits for
 * condition numbers up to ten thousand; a matrix that is not positive definite gives no number.
 * @throws GondolaError `graph-shape`
 */
export function logDeterminant(matrix: Node): Node {
  const [n, columns] = matrix.shape.slice(-2);
  if (matrix.shape.length < 2 || n !== columns)
    throw new GondolaError(
      'graph-shape',
      `A determinant needs a square matrix, and this is [${matrix.shape.join(', ')}].`,
    );
  const { pivots, inverse } = swept(stopGradient(matrix));
  const rank = matrix.shape.length;
  const value = sum(log(concat(pivots, rank - 1)), [rank - 1], true);
  // Σ M⁻¹ ∘ M, less itself as a number: worth 0, with the gradient of the determinant's logarithm.
  const linear = sum(multiply(inverse, matrix), [rank - 2, rank - 1], true);
  return add(value, subtract(linear, stopGradient(linear)));
}

/** The n × n identity. */
export function identity(n: number): Node {
  const values = new Float32Array(n * n);
  for (let i = 0; i < n; i++) values[i * (n + 1)] = 1;
  return constant(values, [n, n]);
}

/**
 * Sweeping row k means A ← A − u uᵀ / p − 2 e eᵀ, with the pivot p = A[k, k], e the k-th unit vector and u = A[:, k] − e; after all rows A = −M⁻¹. What
 * is subtracted of the diagonal is left to the end here, where it is 2 everywhere, since no later pivot reads it.
 */
function swept(matrix: Node): { pivots: Node[]; inverse: Node } {
  const rank = matrix.shape.length;
  const n = matrix.shape[rank - 1];
  const pivots: Node[] = [];
  let current = matrix;
  for (let k = 0; k < n; k++) {
    const row = slice(current, rank - 2, k, k + 1); // [..., 1, n], and by symmetry the column
    const pivot = slice(row, rank - 1, k, k + 1);
    const unit = new Float32Array(n);
    unit[k] = 1;
    const u = subtract(row, constant(unit));
    pivots.push(pivot);
    current = subtract(current, matmul(transpose(u), divide(u, pivot)));
  }
  const twice = multiply(identity(n), 2);
  const rough = subtract(twice, current);
  // One step of Newton's iteration, X (2 I − M X), gives back the digits that the sweeps have lost.
  return { pivots, inverse: matmul(rough, subtract(twice, matmul(matrix, rough))) };
}
