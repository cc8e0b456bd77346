/**
 * SimDINO (Wu et al. 2025, Simplifying DINO via Coding Rate Regularization; RobinWu218/SimDINO, main_dino.py, MCRLoss): DINO without
 * prototypes, temperatures and centering. The student's projection of every crop is to point where the teacher's of the global crops points, and
 * the projections of a batch are to fill the space: their coding rate is to be large.
 */
import { add, matmul, mean, multiply, type Node, negate, reshape, slice, sum, transpose } from '../../engine/graph.ts';
import { identity, logDeterminant } from '../../engine/log-determinant.ts';
import { bottleneck, bottleneckParameters, type HeadConfig } from '../../model/head.ts';
import { prefixed, within } from '../../model/parameters.ts';
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
import { GLOBALS, type Loss, type Objective } from './objective.ts';

export interface SimdinoSettings extends Pick<HeadConfig, 'hidden' | 'bottleneck'> {
  /** Weight of the likeness (`coeff`). */
  readonly compression: number;
  /** Size of the coding error that is allowed, squared (`eps`). */
  readonly distortion: number;
}

/** The official code's. */
export const SIMDINO_DEFAULTS: SimdinoSettings = { hidden: 2048, bottleneck: 256, compression: 1, distortion: 0.5 };

export interface SimdinoConfig extends NetworkConfig, SimdinoSettings {}

export function simdino(config: SimdinoConfig): Objective {
  const common = network(config);
  const { architecture, crops, hidden } = config;
  const parameters = [
    ...common.parameters,
    ...prefixed(bottleneckParameters(config, architecture.dimensions), 'head.'),
  ];
  return {
    ...common,
    ...noState,
    name: 'simdino',
    parameters,
    teacher: 'average',
    teacherParameters: parameters,
    bytesAnImage: common.bytesAnImage + 4 * viewsOf(crops) * 12 * hidden,
    build(microBatch) {
      const { student, teacher, globals } = microBatch;
      const features = backboneOf(architecture, teacher).pass(globals).feature; // [2 · images, D]
      const teacherRows = bottleneck(within(teacher, 'head.'), features);
      const { all } = studentFeatures(architecture, microBatch);
      const studentRows = bottleneck(within(student, 'head.'), all);
      const embeddings = { student: studentRows, teacher: teacherRows };
      return {
        coupled: { embeddings, loss: (rows) => codingRateLoss(rows.student, rows.teacher, config) },
        features,
        rows: embeddings,
      };
    },
  };
}

/** @param student [views · batch, bottleneck], @param teacher [2 · batch, bottleneck]: rows of length 1 */
function codingRateLoss(student: Node, teacher: Node, { crops, compression, distortion }: SimdinoConfig): Loss {
  const [rows, width] = teacher.shape;
  const batch = rows / GLOBALS;
  const likeness = multiply(sum(multiply(acrossViews(teacher, crops), student)), 1 / (pairsOf(crops) * batch));
  // As by default in the official code, it is student and teacher together that spread (`expa_type` 1).
  const both = multiply(add(slice(student, 0, 0, rows), teacher), 0.5);
  const rate = codingRate(reshape(both, [GLOBALS, batch, width]), distortion);
  const expansion = multiply(mean(rate), (width + batch) / (width * batch));
  return {
    loss: negate(add(multiply(likeness, compression), expansion)),
    measures: { similarity: likeness, expansion },
    sums: {},
  };
}

/**
 * ½ ln det(I + width ÷ (rows · ε²) · ZᵀZ), the rate at which rows Z are coded up to an error ε (Ma et al. 2007), by the smaller one of ZᵀZ and ZZᵀ,
 * which have the same determinant here.
 * @param z [..., rows, width], @param distortion ε²
 * @returns [..., 1, 1]
 */
export function codingRate(z: Node, distortion: number): Node {
  const [rows, width] = z.shape.slice(-2);
  const gram = rows < width ? matmul(z, transpose(z)) : matmul(transpose(z), z);
  const matrix = add(multiply(gram, width / (rows * distortion)), identity(Math.min(rows, width)));
  return multiply(logDeterminant(matrix), 0.5);
}
