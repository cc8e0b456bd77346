import { describe, expect, test } from 'vitest';
import { gradients } from '../../src-main/engine/gradient.ts';
import { input, multiply, sum } from '../../src-main/engine/graph.ts';
import { positionsFor, resizeMatrix } from '../../src-main/model/positions.ts';
import { evaluate } from '../engine/reference.ts';

const rows = (matrix: Float32Array, from: number) =>
  Array.from({ length: matrix.length / from }, (_, i) => matrix.subarray(i * from, (i + 1) * from));

describe('position embeddings at another image size', () => {
  test('every resized position is a weighted mean of trained ones: weights sum to 1', () => {
    for (const [from, to] of [
      [4, 2],
      [14, 6],
      [14, 28],
      [3, 7],
      [1, 5],
    ])
      for (const row of rows(resizeMatrix(from, to), from))
        expect(row.reduce((total, weight) => total + weight)).toBeCloseTo(1, 5);
  });

  test('a bicubic sample half way between two positions has the weights of a = −0.75', () => {
    // One target of five sources: the step is 5 / 1.1, the sample lies at 0.5 · 5 / 1.1 − 0.5 = 1.7727.
    const [row] = rows(resizeMatrix(5, 1), 5);
    const t = 0.5 * (5 / 1.1) - 0.5 - 1;
    const near = (d: number) => 1.25 * d ** 3 - 2.25 * d ** 2 + 1;
    const far = (d: number) => -0.75 * d ** 3 + 3.75 * d ** 2 - 6 * d + 3;
    const expected = [far(1 + t), near(t), near(1 - t), far(2 - t), 0];
    for (const [i, weight] of expected.entries()) expect(row[i]).toBeCloseTo(weight, 6);
  });

  test('the trained size is left alone', () => {
    const embedding = input('e', [1, 10, 4]);
    expect(positionsFor(embedding, { rows: 3, columns: 3 })).toBe(embedding);
  });

  test('a picture that is wider than high gets rows and columns of its own, and the class token stays', () => {
    const side = 4;
    const embedding = input('e', [1, 1 + side * side, 1]);
    // Positions that only know their column: the resize must not mix in anything of the rows.
    const values = [7, ...Array.from({ length: side * side }, (_, i) => i % side)];
    const resized = positionsFor(embedding, { rows: 2, columns: 6 });
    expect(resized.shape).toEqual([1, 13, 1]);
    const [[first, ...patches]] = evaluate([resized], { e: values }).map((array) => [...array]);
    expect(first).toBe(7);
    for (let column = 0; column < 6; column++) expect(patches[column]).toBeCloseTo(patches[6 + column], 5);
    expect(patches.slice(0, 6)).toEqual([...patches.slice(0, 6)].sort((a, b) => a - b));
  });

  test('training at a small size moves the trained positions: gradients flow through the resize', () => {
    const embedding = input('e', [1, 17, 1]);
    const weights = Array.from({ length: 5 }, (_, i) => i + 1);
    const loss = sum(multiply(positionsFor(embedding, { rows: 2, columns: 2 }), input('w', [1, 5, 1])));
    const [slope] = evaluate(gradients(loss, [embedding]), { e: Array(17).fill(0), w: weights });
    const matrix = resizeMatrix(4, 2);
    expect(slope[0]).toBe(1);
    for (let y = 0; y < 4; y++)
      for (let x = 0; x < 4; x++) {
        let expected = 0;
        for (let i = 0; i < 2; i++)
          for (let j = 0; j < 2; j++) expected += matrix[i * 4 + y] * matrix[j * 4 + x] * weights[1 + 2 * i + j];
        expect(slope[1 + y * 4 + x]).toBeCloseTo(expected, 5);
      }
  });
});
