/**
 * BYOL (Grill et al. 2020, Bootstrap Your Own Latent): an online network with a predictor foretells the projection that its moving average gives
 * another crop of the image. No negatives. The paper's heads have batch norm in the middle; here they are those of Richemond et al. 2020 (BYOL works even
 * without batch statistics), and batch norm stands before them, where a transformer's features need it (`batchNorm`): in trials the
 * network collapsed without it, and learnt less with the paper's. Local crops as in DINO: predicted from, never predicted.
 */
import { multiply, type Node, subtract, sum } from '../../engine/graph.ts';
import { batchNorm, l2Normalise, stopGradient } from '../../engine/operators.ts';
import { prefixed, within } from '../../model/parameters.ts';
import { normedProjection, normedProjectionParameters, type ProjectionConfig } from '../../model/projection.ts';
import {
  acrossViews,
  backboneOf,
  type NetworkConfig,
  network,
  noState,
  pairsOf,
  studentFeatures,
  viewsOf,
} from './network.ts';
import type { CropPlan, Loss, MicroBatch, Objective } from './objective.ts';

export type ByolSettings = ProjectionConfig;

/** The paper's, for projector and predictor. */
export const BYOL_DEFAULTS: ByolSettings = { hidden: 4096, outputs: 256 };

export interface ByolConfig extends NetworkConfig, ByolSettings {}

export function byol(config: ByolConfig): Objective {
  const common = network(config);
  const { architecture, crops, hidden, outputs } = config;
  const projector = prefixed(normedProjectionParameters({ hidden, outputs }, architecture.dimensions), 'projector.');
  const predictor = prefixed(normedProjectionParameters({ hidden, outputs }, outputs), 'predictor.');
  const shared = [...common.parameters, ...projector];
  return {
    ...common,
    ...noState,
    name: 'byol',
    parameters: [...shared, ...predictor],
    teacher: 'average',
    teacherParameters: shared,
    bytesAnImage: common.bytesAnImage + 4 * viewsOf(crops) * 2 * (8 * hidden + 4 * outputs),
    build(microBatch) {
      const target = backboneOf(architecture, microBatch.teacher).pass(microBatch.globals).feature; // [2 · images, D]
      const { all: online } = studentFeatures(architecture, microBatch);
      const embeddings = { online, target };
      return {
        coupled: { embeddings, loss: (whole) => predictionLoss(whole.online, whole.target, microBatch, crops) },
        features: target,
        rows: embeddings,
      };
    },
  };
}

/** @param online [views · batch, D], @param target [2 · batch, D]: features of the two networks */
function predictionLoss(online: Node, target: Node, { student, teacher, batch }: MicroBatch, crops: CropPlan): Loss {
  const targets = l2Normalise(normedProjection(within(teacher, 'projector.'), batchNorm(target)));
  const projected = normedProjection(within(student, 'projector.'), batchNorm(online));
  const predictions = l2Normalise(normedProjection(within(student, 'predictor.'), projected));
  const similarity = multiply(
    sum(multiply(stopGradient(acrossViews(targets, crops)), predictions)),
    1 / (pairsOf(crops) * batch),
  );
  // ‖a − b‖² of rows of length 1 is 2 − 2 a·b.
  return { loss: subtract(2, multiply(similarity, 2)), measures: { similarity }, sums: {} };
}
