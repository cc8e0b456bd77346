import { Random } from '../../src-main/base/random.ts';
import { Vectors } from '../../src-main/store/vectors.ts';
import { median, type Report } from './bench.ts';

/**
 * Search among 100,000 vectors of 384 dimensions, top 20, beside an exact scan in plain typed-array code: milliseconds a query and the share of true
 * neighbours found. Once on vectors as encoders make them (products in clusters, all in one cone), once on scattered ones, where no neighbour
 * is near and a coarse scan has least to go by.
 */

const count = 100_000;
const dimensions = 384;
const k = 20;
const rounds = 5;
const queriesARound = 4;
const targetMilliseconds = 6;
const targetRecall = 0.999;

type Draw = () => Float32Array;

export async function run(report: Report): Promise<void> {
  for (const [name, draw] of [
    ['search', clustered()],
    ['search-scattered', scattered()],
  ] as const) {
    measure(name, draw, report);
  }
}

function measure(bench: string, draw: Draw, report: Report): void {
  const vectors = new Vectors(dimensions, count);
  const rows = new Float32Array(count * dimensions);
  for (let id = 0; id < count; id++) {
    vectors.set(id, draw());
    rows.set(vectors.get(id)!, id * dimensions);
  }
  vectors.search(draw(), k);
  exactly(rows, draw());
  const own: number[] = [];
  const plain: number[] = [];
  let found = 0;
  for (let round = 0; round < rounds; round++) {
    const queries = Array.from({ length: queriesARound }, () => unit(draw()));
    let from = performance.now();
    const answers = queries.map((query) => vectors.search(query, k));
    own.push((performance.now() - from) / queriesARound);
    from = performance.now();
    const truths = queries.map((query) => exactly(rows, query));
    plain.push((performance.now() - from) / queriesARound);
    for (const [i, truth] of truths.entries()) found += answers[i].filter(({ id }) => truth.has(id)).length;
  }
  const value = median(own);
  const reference = median(plain);
  const ok = value <= targetMilliseconds;
  report({ bench, value, unit: 'ms/query', reference, ratio: reference / value, target: targetMilliseconds, ok });
  const recall = found / (rounds * queriesARound * k);
  report({
    bench: `${bench}-recall`,
    value: recall,
    unit: 'share of the true neighbours',
    reference: 1,
    ratio: recall,
    target: targetRecall,
    ok: recall >= targetRecall,
  });
}

/** Every row, and the k best kept in a sorted list. */
function exactly(rows: Float32Array, query: Float32Array): Set<number> {
  const scores = new Float64Array(k).fill(Number.NEGATIVE_INFINITY);
  const ids = new Int32Array(k);
  for (let id = 0, at = 0; id < count; id++) {
    let score = 0;
    for (let i = 0; i < dimensions; i++) score += query[i] * rows[at++];
    if (score <= scores[k - 1]) continue;
    let place = k - 1;
    for (; place > 0 && scores[place - 1] < score; place--) {
      scores[place] = scores[place - 1];
      ids[place] = ids[place - 1];
    }
    scores[place] = score;
    ids[place] = id;
  }
  return new Set(ids);
}

/** 2,000 products with a common part as long as what tells them apart, and some difference from photo to photo. */
function clustered(): Draw {
  const random = new Random(1);
  const common = Float32Array.from({ length: dimensions }, () => random.normal());
  const products = Array.from({ length: 2000 }, () => Float32Array.from(common, (value) => value + random.normal()));
  return () => Float32Array.from(random.pick(products), (value) => value + 0.5 * random.normal());
}

function scattered(): Draw {
  const random = new Random(2);
  return () => Float32Array.from({ length: dimensions }, () => random.normal());
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
