/**
 * DINO (Caron et al. 2021; facebookresearch/dino, main_dino.py, DINOLoss): the student, on every crop, predicts what the teacher, a
 * moving average of it, says of the global crops. The teacher's logits are centered and sharpened against collapse.
 */
import {
  add,
  concat,
  divide,
  logSoftmax,
  multiply,
  negate,
  slice,
  softmax,
  subtract,
  sum,
} from '../../engine/graph.ts';
import { type HeadConfig, head, headParameters, LAST_LAYER } from '../../model/head.ts';
import { prefixed, within } from '../../model/parameters.ts';
import { backboneOf, type NetworkConfig, network, studentFeatures, viewsOf } from './network.ts';
import { GLOBALS, type MicroBatch, type MicroBatchGraph, type Objective } from './objective.ts';

export interface DinoConfig extends NetworkConfig {
  readonly head: HeadConfig;
  /** Official: 0.1. */
  readonly studentTemperature: number;
  /** Of the center's moving average; official: 0.9. */
  readonly centerMomentum: number;
}

export function dino(config: DinoConfig): Objective {
  const common = network(config);
  const parameters = [
    ...common.parameters,
    ...prefixed(headParameters(config.head, config.architecture.dimensions), 'head.'),
  ];
  const prototypes = config.head.prototypes;
  return {
    ...common,
    name: 'dino',
    parameters,
    teacher: 'average',
    teacherParameters: parameters,
    lastLayer: new Set([`head.${LAST_LAYER}`]),
    bytesAnImage: common.bytesAnImage + headBytes(config),
    initialState: () => new Map([['center', { shape: [1, prototypes], values: new Float32Array(prototypes) }]]),
    build: (microBatch) => build(config, microBatch),
    update(state, { teacherLogits }, batch) {
      const center = state.get('center')!.values;
      const share = (1 - config.centerMomentum) / (GLOBALS * batch);
      for (let i = 0; i < prototypes; i++) center[i] = center[i] * config.centerMomentum + teacherLogits[i] * share;
    },
  };
}

function build(config: DinoConfig, microBatch: MicroBatch): MicroBatchGraph {
  const { images, batch, student, teacher, globals } = microBatch;
  const views = viewsOf(config.crops);
  const teacherFeatures = backboneOf(config.architecture, teacher).pass(globals).feature; // [2 · images, D]
  const teacherLogits = head(within(teacher, 'head.'), teacherFeatures); // [2 · images, K]

  const { all } = studentFeatures(config.architecture, microBatch);
  const studentLogits = head(within(student, 'head.'), all); // [views · images, K]

  const sharpened = divide(subtract(teacherLogits, microBatch.state('center')), microBatch.teacherTemperature);
  const targets = softmax(sharpened);
  const predictions = logSoftmax(divide(studentLogits, config.studentTemperature));
  // Each teacher view is the target of every student view but its own: 2 (views − 1) pairs.
  const first = slice(targets, 0, 0, images);
  const second = slice(targets, 0, images, GLOBALS * images);
  const both = add(first, second);
  const wanted = concat([second, first, ...Array.from({ length: config.crops.locals }, () => both)], 0);
  const loss = multiply(negate(sum(multiply(wanted, predictions))), 1 / (GLOBALS * (views - 1) * batch));
  // Mean entropy of the targets: the part of the loss that no student can get below. The rest is the divergence (KL).
  const entropy = multiply(negate(sum(multiply(targets, logSoftmax(sharpened)))), 1 / (GLOBALS * batch));
  return {
    additive: {
      loss,
      measures: { teacherEntropy: entropy, divergence: subtract(loss, entropy) },
      sums: { teacherLogits: sum(teacherLogits, [0]) },
    },
    features: teacherFeatures,
    rows: { studentLogits, teacherLogits },
  };
}

/** The head's two inner layers and about eight arrays over the prototypes, for each view. */
function headBytes({ crops, head: { hidden, prototypes } }: DinoConfig): number {
  return 4 * viewsOf(crops) * (12 * hidden + 8 * prototypes);
}
