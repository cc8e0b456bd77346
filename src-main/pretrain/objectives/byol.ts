/**
 * BYOL (Grill et al. 2020, Bootstrap Your Own Latent): an online network with a predictor foretells the projection that its moving average gives
 * another crop of the image. No negatives. The paper's heads have batch norm; here they are those of Richemond et al. 2020 (BYOL works even
 * without batch statistics), so that an image's loss does not depend on its batch. Local crops as in DINO: predicted from, never predicted.
 */
import { constant, multiply, subtract, sum } from '../../engine/graph.ts';
import { l2Normalise } from '../../engine/operators.ts';
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
import type { Objective } from './objective.ts';

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
      const { student, teacher, globals, batch } = microBatch;
      const features = backboneOf(architecture, teacher).pass(globals).feature; // [2 · images, D]
      const targets = l2Normalise(normedProjection(within(teacher, 'projector.'), features));
      const { all } = studentFeatures(architecture, microBatch);
      const projected = normedProjection(within(student, 'projector.'), all);
      const predictions = l2Normalise(normedProjection(within(student, 'predictor.'), projected));
      const pairs = pairsOf(crops) * batch;
      const similarity = multiply(sum(multiply(acrossViews(targets, crops), predictions)), 1 / pairs);
      return {
        additive: {
          // ‖a − b‖² of rows of length 1 is 2 − 2 a·b. A micro-batch's share of the 2 keeps its losses additive.
          loss: subtract(constant((2 * microBatch.images) / batch), multiply(similarity, 2)),
          measures: { similarity },
          sums: {},
        },
        features,
        rows: { predictions, targets },
      };
    },
  };
}
