/**
 * SwAV (Caron et al. 2020, Unsupervised Learning of Visual Features by Contrasting Cluster Assignments; facebookresearch/swav): the images of a
 * batch are spread evenly over prototypes by Sinkhorn's algorithm, and every crop foretells the assignment of its image's other
 * crops. No moving average. Of small batches the paper's queue makes enough to spread: the last embeddings are assigned along with them. The paper's
 * head has its batch norm after the first layer; here it stands before it, where a transformer's features need it (`batchNorm`).
 */
import {
  add,
  concat,
  constant,
  divide,
  exp,
  log,
  logSoftmax,
  matmul,
  multiply,
  type Node,
  negate,
  reshape,
  slice,
  subtract,
  sum,
  transpose,
} from '../../engine/graph.ts';
import { batchNorm, l2Normalise, stopGradient } from '../../engine/operators.ts';
import { type Parameter, prefixed, type Tensor, within } from '../../model/parameters.ts';
import { type ProjectionConfig, projection, projectionParameters } from '../../model/projection.ts';
import { acrossViews, type NetworkConfig, network, pairsOf, studentFeatures, viewsOf } from './network.ts';
import { GLOBALS, type Loss, type MicroBatch, type Objective } from './objective.ts';

export interface SwavSettings extends ProjectionConfig {
  readonly prototypes: number;
  /** Of the predictions. */
  readonly temperature: number;
  /** Of the assignments: smaller ones are surer. */
  readonly epsilon: number;
  readonly iterations: number;
  /** Embeddings of earlier steps, of each global view, that are assigned with the batch; 0: none. */
  readonly queue: number;
  /** Images that are learnt from before the queue counts: embeddings of a network that changes fast say nothing of its next ones. */
  readonly queueAfter: number;
}

/** Passes over the photos before the queue counts: the official code's, of 200 (swav_200ep_bs256_pretrain.sh, epoch_queue_starts). */
export const QUEUE_AFTER_PASSES = 15;

/**
 * The paper's but for size: it has 3,000 prototypes for 1.3 million images, and a batch (with its queue) of 4,096. Here a tenth of both.
 */
export const SWAV_DEFAULTS: SwavSettings = {
  hidden: 2048,
  outputs: 128,
  prototypes: 300,
  temperature: 0.1,
  epsilon: 0.05,
  iterations: 3,
  queue: 384,
  queueAfter: 0,
};

const PROTOTYPES = 'prototypes.weight';

export interface SwavConfig extends NetworkConfig, SwavSettings {}

export function swav(config: SwavConfig): Objective {
  const common = network(config);
  const { architecture, crops, hidden, outputs, prototypes, queue } = config;
  const head = prefixed(projectionParameters({ hidden, outputs }, architecture.dimensions), 'projection.');
  const last: Parameter = {
    name: PROTOTYPES,
    shape: [prototypes, outputs],
    initial: { kind: 'uniform', bound: outputs ** -0.5 },
  };
  return {
    ...common,
    name: 'swav',
    parameters: [...common.parameters, ...head, last],
    teacher: 'none',
    teacherParameters: [],
    // The paper holds the prototypes still during the first epoch.
    lastLayer: new Set([PROTOTYPES]),
    bytesAnImage: common.bytesAnImage + 4 * viewsOf(crops) * (4 * hidden + 4 * outputs + 6 * prototypes),
    initialState: () => (queue > 0 ? emptyQueue(queue, outputs) : new Map()),
    build(microBatch) {
      const { globals, all } = studentFeatures(architecture, microBatch);
      return {
        coupled: { embeddings: { all }, loss: (whole) => swappedLoss(whole.all, microBatch, config) },
        features: globals,
        rows: { all },
      };
    },
    update(state, { kept }, batch) {
      if (queue > 0) enqueue(state, kept, batch, config);
    },
  };
}

/**
 * Every view's prediction against the assignments of the other global views.
 * @param features [views · batch, D]
 */
function swappedLoss(features: Node, { batch, student, state }: MicroBatch, config: SwavConfig): Loss {
  const { crops, prototypes, temperature, epsilon, iterations } = config;
  const embeddings = l2Normalise(projection(within(student, 'projection.'), batchNorm(features)));
  const scores = matmul(embeddings, transpose(l2Normalise(student(PROTOTYPES)))); // [views · batch, K]
  const kept = config.queue > 0 ? slice(embeddings, 0, 0, GLOBALS * batch) : undefined;
  const weights = kept && concat([constant(new Float32Array(batch).fill(1), [batch, 1]), state('queued')], 0);
  const assignments = Array.from({ length: GLOBALS }, (_, view) => {
    const own = slice(scores, 0, view * batch, (view + 1) * batch);
    if (!kept) return sinkhorn(stopGradient(own), { epsilon, iterations });
    const queued = reshape(slice(state('queue'), 0, view, view + 1), [config.queue, config.outputs]);
    const earlier = matmul(queued, transpose(l2Normalise(student(PROTOTYPES))));
    const all = sinkhorn(stopGradient(concat([own, earlier], 0)), { epsilon, iterations }, weights);
    return slice(all, 0, 0, batch);
  });
  const targets = concat(assignments, 0); // [2 · batch, K], rows that add up to 1
  const predictions = logSoftmax(divide(scores, temperature));
  const loss = multiply(negate(sum(multiply(acrossViews(targets, crops), predictions))), 1 / (pairsOf(crops) * batch));
  // How evenly the prototypes are used, as the entropy of the mean prediction, of at most 1.
  const usage = multiply(sum(stopGradient(exp(predictions)), [0]), 1 / predictions.shape[0]);
  const evenness = multiply(negate(sum(multiply(usage, log(usage)))), 1 / Math.log(prototypes));
  return { loss, measures: { evenness }, sums: kept ? { kept: stopGradient(kept) } : {} };
}

/**
 * Sinkhorn and Knopp's algorithm: exp(scores ÷ ε) scaled until every row adds up to 1 and the columns, prototypes, to the same.
 * @param scores [n, K], cosines
 * @param weights [n, 1], 1 for a row that counts and 0 for one that is to be passed over; without them all count
 * @returns [n, K]: rows that add up to 1; zeros where passed over
 */
export function sinkhorn(
  scores: Node,
  { epsilon, iterations }: Pick<SwavSettings, 'epsilon' | 'iterations'>,
  weights?: Node,
): Node {
  const columns = scores.shape[1];
  // Less 1, the largest cosine: a common factor, which cancels out.
  const raised = exp(divide(subtract(scores, 1), epsilon));
  const absent = weights && subtract(1, weights);
  let shares = weights ? multiply(raised, weights) : raised;
  for (let i = 0; i < iterations; i++) {
    shares = divide(shares, multiply(sum(shares, [0], true), columns));
    const rows = sum(shares, [1], true);
    shares = divide(shares, absent ? add(rows, absent) : rows);
  }
  return shares;
}

function emptyQueue(length: number, outputs: number): Map<string, Tensor> {
  return new Map([
    ['queue', { shape: [GLOBALS, length, outputs], values: new Float32Array(GLOBALS * length * outputs) }],
    ['queued', { shape: [length, 1], values: new Float32Array(length) }],
    ['queueFilled', { shape: [1], values: new Float32Array(1) }],
  ]);
}

/** The newest first. @param kept [2 · batch, outputs] */
function enqueue(
  state: ReadonlyMap<string, Tensor>,
  kept: Float32Array,
  batch: number,
  { queue: length, queueAfter, outputs }: SwavConfig,
): void {
  const count = Math.min(batch, length);
  const { values } = state.get('queue')!;
  for (let view = 0; view < GLOBALS; view++) {
    const own = values.subarray(view * length * outputs, (view + 1) * length * outputs);
    own.copyWithin(count * outputs, 0, (length - count) * outputs);
    own.set(kept.subarray(view * batch * outputs, (view * batch + count) * outputs));
  }
  const filled = state.get('queueFilled')!.values; // images so far
  filled[0] += batch;
  if (filled[0] >= Math.max(length, queueAfter)) state.get('queued')!.values.fill(1);
}
