/**
 * SimCLR (Chen et al. 2020, A Simple Framework for Contrastive Learning of Visual Representations): NT-Xent, a crop is to be told apart from the
 * crops of all other images of the batch by its likeness to another crop of its own image. Local crops are anchors as in
 * multi-crop (Caron et al. 2020, SwAV): they look for their image among the global crops and are nobody's negatives. Batch norm stands
 * before the head, where a transformer's features need it (`batchNorm`): without it a longer warm-up ended in collapse in trials.
 */
import {
  add,
  concat,
  divide,
  logSoftmax,
  matmul,
  mean,
  multiply,
  type Node,
  negate,
  reshape,
  slice,
  sum,
  transpose,
} from '../../engine/graph.ts';
import { identity } from '../../engine/log-determinant.ts';
import { batchNorm, l2Normalise } from '../../engine/operators.ts';
import { prefixed, within } from '../../model/parameters.ts';
import { type ProjectionConfig, projection, projectionParameters } from '../../model/projection.ts';
import { type NetworkConfig, network, noState, studentFeatures, viewsOf } from './network.ts';
import { GLOBALS, type Loss, type Objective } from './objective.ts';

export interface SimclrSettings extends ProjectionConfig {
  /** Of the similarities. */
  readonly temperature: number;
}

/**
 * The paper's, for ImageNet: hidden as wide as a ResNet-50's features, 128 outputs, temperature 0.1 (which it finds best for short trainings; 0.5 for
 * CIFAR-10 and for long ones).
 */
export const SIMCLR_DEFAULTS: SimclrSettings = { hidden: 2048, outputs: 128, temperature: 0.1 };

/** Large enough that exp(−x) is nothing beside any similarity. */
const EXCLUDED = -1e9;

export interface SimclrConfig extends NetworkConfig, SimclrSettings {}

export function simclr(config: SimclrConfig): Objective {
  const common = network(config);
  const { hidden, outputs, crops, architecture } = config;
  const head = prefixed(projectionParameters({ hidden, outputs }, architecture.dimensions), 'projection.');
  return {
    ...common,
    ...noState,
    name: 'simclr',
    parameters: [...common.parameters, ...head],
    teacher: 'none',
    teacherParameters: [],
    bytesAnImage: common.bytesAnImage + 4 * viewsOf(crops) * (4 * hidden + 6 * outputs),
    build(microBatch) {
      const { globals, all } = studentFeatures(architecture, microBatch);
      const projected = (features: Node) =>
        l2Normalise(projection(within(microBatch.student, 'projection.'), batchNorm(features)));
      return {
        coupled: { embeddings: { all }, loss: (whole) => contrastiveLoss(projected(whole.all), config) },
        features: globals,
        rows: { all },
      };
    },
  };
}

/**
 * Mean over the 2 (views − 1) pairs of a view and another, global one, and over the images, of −ln of the share of the positive among 2 · batch − 1: the
 * anchor itself (for a global crop) or its image's other global crop (for a local one) is left out. With two views this is NT-Xent.
 * @param embeddings [views · batch, outputs], rows of length 1
 */
function contrastiveLoss(embeddings: Node, { crops, temperature }: SimclrConfig): Loss {
  const views = viewsOf(crops);
  const batch = embeddings.shape[0] / views;
  const globals = slice(embeddings, 0, 0, GLOBALS * batch);
  const same = identity(batch);
  const excluded = multiply(same, EXCLUDED);
  const terms: Node[] = [];
  const likenesses: Node[] = [];
  for (let view = 0; view < GLOBALS; view++) {
    const anchors = concat(
      [
        slice(embeddings, 0, (1 - view) * batch, (2 - view) * batch),
        ...(views > GLOBALS ? [slice(embeddings, 0, GLOBALS * batch, views * batch)] : []),
      ],
      0,
    ); // every view but this one
    const rows = (views - 1) * batch;
    const similarities = matmul(anchors, transpose(globals)); // [rows, 2 · batch]
    const among = (other: number) =>
      reshape(slice(similarities, 1, other * batch, (other + 1) * batch), [views - 1, batch, batch]);
    const logits = concat([divide(among(view), temperature), add(divide(among(1 - view), temperature), excluded)], 2);
    const positives = multiply(slice(logSoftmax(logits), 2, 0, batch), same);
    terms.push(multiply(negate(sum(positives)), 1 / rows));
    likenesses.push(multiply(sum(multiply(among(view), same)), 1 / rows));
  }
  const average = (parts: Node[]) =>
    mean(
      concat(
        parts.map((part) => reshape(part, [1])),
        0,
      ),
    );
  return { loss: average(terms), measures: { similarity: average(likenesses) }, sums: {} };
}
