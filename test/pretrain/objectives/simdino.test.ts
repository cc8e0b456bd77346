import { expect, test } from 'vitest';
import { constant } from '../../../src-main/engine/graph.ts';
import { codingRate } from '../../../src-main/pretrain/objectives/simdino.ts';
import {
  dot,
  expectNear,
  fromGraph,
  type Matrix,
  mean,
  slopesOf,
  times,
  transposed,
  valuesOf,
  viewOf,
} from './by-hand.ts';
import { BATCH, tiny, VIEWS } from './tiny.ts';

const WIDTH = 8;
const DISTORTION = 0.5;

/** ln det by Cholesky's decomposition, as the official code has it. */
function logDeterminant(a: Matrix): number {
  const l: Matrix = a.map((row) => row.map(() => 0));
  for (let i = 0; i < a.length; i++)
    for (let j = 0; j <= i; j++) {
      const rest = a[i][j] - dot(l[i].slice(0, j), l[j].slice(0, j));
      l[i][j] = i === j ? Math.sqrt(rest) : rest / l[j][j];
    }
  return 2 * l.reduce((sum, row, i) => sum + Math.log(row[i]), 0);
}

function rateByHand(z: Matrix): number {
  const [m, p] = [z.length, z[0].length];
  const covariance = times(transposed(z), z);
  return (
    0.5 * logDeterminant(covariance.map((row, i) => row.map((x, j) => (x * p) / (m * DISTORTION) + (i === j ? 1 : 0))))
  );
}

/** RobinWu218/SimDINO, MCRLoss with its defaults: coefficient 1, expansion of student and teacher together. */
function byHand(student: Matrix, teacher: Matrix): number {
  const likenesses: number[] = [];
  const rates: number[] = [];
  for (let target = 0; target < 2; target++) {
    const t = viewOf(teacher, target);
    for (let view = 0; view < VIEWS; view++)
      if (view !== target) likenesses.push(...viewOf(student, view).map((row, i) => dot(row, t[i])));
    rates.push(rateByHand(viewOf(student, target).map((row, i) => row.map((x, k) => (x + t[i][k]) / 2))));
  }
  const gamma = (WIDTH + BATCH) / (WIDTH * BATCH);
  return -mean(likenesses) - gamma * mean(rates);
}

test('the loss is likeness and coding rate as in the official code, and so is its gradient', async () => {
  const { loss, rows, slopes, measures } = await fromGraph(tiny.simdino);
  expect(loss).toBeCloseTo(byHand(rows.student, rows.teacher), 5);
  expectNear(
    slopes.student,
    slopesOf((student) => byHand(student, rows.teacher), rows.student),
  );
  expect(loss).toBeCloseTo(-measures.similarity - measures.expansion, 5);
});

test('the coding rate of orthonormal rows is n/2 ln(1 + width ÷ (n ε²)), of equal rows that of one, and no other is higher', async () => {
  const unit = (n: number) => {
    const z = new Float32Array(n * WIDTH);
    for (let i = 0; i < n; i++) z[i * WIDTH + i] = 1;
    return z;
  };
  const same = new Float32Array(4 * WIDTH);
  for (let i = 0; i < 4; i++) same[i * WIDTH] = 1;
  const { few, square, equal, twice } = await valuesOf({
    few: codingRate(constant(unit(4), [4, WIDTH]), DISTORTION),
    square: codingRate(constant(unit(WIDTH), [WIDTH, WIDTH]), DISTORTION),
    equal: codingRate(constant(same, [4, WIDTH]), DISTORTION),
    twice: codingRate(constant(Float32Array.of(...unit(WIDTH), ...unit(WIDTH)), [2 * WIDTH, WIDTH]), DISTORTION),
  });
  expect(few[0]).toBeCloseTo(2 * Math.log(1 + WIDTH / (4 * DISTORTION)), 5);
  expect(square[0]).toBeCloseTo(4 * Math.log(1 + 1 / DISTORTION), 5);
  expect(equal[0]).toBeCloseTo(0.5 * Math.log(1 + WIDTH / DISTORTION), 5);
  expect(twice[0]).toBeCloseTo(square[0], 5);
});
