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
import { type Parameter, prefixed, within } from '../../model/parameters.ts';
import { gridOf, Vit, type VitConfig, vitParameters } from '../../model/vit.ts';
import { vitBytes } from '../memory.ts';
import { type CropPlan, GLOBALS, type MicroBatch, type MicroBatchGraph, type Objective } from './objective.ts';

export interface DinoConfig {
  readonly vit: VitConfig;
  readonly head: HeadConfig;
  readonly crops: CropPlan;
  /** Official: 0.1. */
  readonly dropPath: number;
  /** Official: 0.1. */
  readonly studentTemperature: number;
  /** Of the center's moving average; official: 0.9. */
  readonly centerMomentum: number;
}

/** Backbone, then head, under the official prefixes. */
export function dinoParameters(config: Pick<DinoConfig, 'vit' | 'head'>): Parameter[] {
  return [
    ...prefixed(vitParameters(config.vit), 'backbone.'),
    ...prefixed(headParameters(config.head, config.vit.dimensions), 'head.'),
  ];
}

export function dino(config: DinoConfig): Objective {
  const { crops } = config;
  gridOf(config.vit, crops.globalSize, crops.globalSize);
  if (crops.locals > 0) gridOf(config.vit, crops.localSize, crops.localSize);
  const parameters = dinoParameters(config);
  const prototypes = config.head.prototypes;
  return {
    name: 'dino',
    crops,
    parameters,
    teacherParameters: parameters,
    lastLayer: new Set([`head.${LAST_LAYER}`]),
    dropPath: config.dropPath,
    depth: config.vit.depth,
    bytesAnImage: vitBytes(config.vit, crops) + headBytes(config),
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
  const { images, batch, student, teacher, globals, locals } = microBatch;
  const views = GLOBALS + config.crops.locals;
  const teacherFeatures = new Vit(config.vit, within(teacher, 'backbone.')).pass(globals).feature; // [2 · images, D]
  const teacherLogits = head(within(teacher, 'head.'), teacherFeatures); // [2 · images, K]

  const backbone = new Vit(config.vit, within(student, 'backbone.'));
  const passes = [backbone.pass(globals, microBatch.globalPaths).feature];
  if (locals) passes.push(backbone.pass(locals, microBatch.localPaths).feature);
  const studentLogits = head(within(student, 'head.'), concat(passes, 0)); // [views · images, K]

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
    loss,
    measures: { teacherEntropy: entropy, divergence: subtract(loss, entropy) },
    sums: { teacherLogits: sum(teacherLogits, [0]) },
    features: teacherFeatures,
    rows: { studentLogits, teacherLogits },
  };
}

/** The head's two inner layers and about eight arrays over the prototypes, for each view. */
function headBytes({ crops, head: { hidden, prototypes } }: DinoConfig): number {
  return 4 * (GLOBALS + crops.locals) * (12 * hidden + 8 * prototypes);
}
