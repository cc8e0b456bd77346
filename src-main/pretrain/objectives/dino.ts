/**
 * DINO (Caron et al. 2021; facebookresearch/dino, main_dino.py, DINOLoss): the student, on every crop, predicts what the teacher, a
 * moving average of it, says of the global crops. The teacher's logits are centered and sharpened against collapse. With DINOv2's
 * additions (Oquab et al. 2023) where they are asked for: iBOT's patch objective and KoLeo.
 */
import {
  add,
  divide,
  logSoftmax,
  multiply,
  type Node,
  negate,
  slice,
  softmax,
  subtract,
  sum,
} from '../../engine/graph.ts';
import { type HeadConfig, head, headParameters, LAST_LAYER } from '../../model/head.ts';
import { prefixed, type Tensor, within } from '../../model/parameters.ts';
import { gridOf } from '../../model/vit.ts';
import { maskToken, PATCH_CENTER, patchLoss } from './ibot.ts';
import { koleo } from './koleo.ts';
import { acrossViews, backboneOf, type NetworkConfig, network, pairsOf, studentFeatures, viewsOf } from './network.ts';
import {
  type CoupledLoss,
  GLOBALS,
  type Loss,
  type MicroBatch,
  type MicroBatchGraph,
  type Objective,
} from './objective.ts';
import { mostHidden, PATCH_MASK, patchMasks } from './patch-masks.ts';

export interface DinoConfig extends NetworkConfig {
  readonly head: HeadConfig;
  /** Official: 0.1. */
  readonly studentTemperature: number;
  /** Of the center's moving average; official: 0.9. */
  readonly centerMomentum: number;
  /**
   * The center begins as the mean of the first batch. Absent: at 0 as officially, and comes near its mean in some 20 steps, in which a short run
   * has learnt what all photos have in common.
   */
  readonly centerFromFirst?: boolean;
  /** Weight of KoLeo on the features of the global crops, each view by itself; DINOv2: 0.1. 0 or absent: without. */
  readonly koleo?: number;
  /** Weight of iBOT's patch objective; DINOv2: 1. 0 or absent: without. */
  readonly ibot?: number;
}

export function dino(config: DinoConfig): Objective {
  const common = network(config);
  const parameters = [
    ...common.parameters,
    ...prefixed(headParameters(config.head, config.architecture.dimensions), 'head.'),
  ];
  const { globalSize } = config.crops;
  const { rows, columns } = gridOf(config.architecture, globalSize, globalSize);
  const centers = config.ibot ? ['center', PATCH_CENTER] : ['center'];
  const headRows = viewsOf(config.crops) + (config.ibot ? mostHidden(rows, columns) : 0);
  return {
    ...common,
    name: 'dino',
    parameters: config.ibot ? [...parameters, maskToken(config.architecture.dimensions)] : parameters,
    teacher: 'average',
    teacherParameters: parameters,
    lastLayer: new Set([`head.${LAST_LAYER}`]),
    bytesAnImage: common.bytesAnImage + headBytes(config, headRows),
    ...(config.ibot ? { draws: patchMasks(rows, columns) } : {}),
    initialState: () => new Map(centers.map((name) => [name, zeroCenter(config.head.prototypes)])),
    build: (microBatch) => build(config, microBatch),
    // 1 where the teacher gives every picture the same answer and is certain of it.
    signs: ({ usage }, batch) => ({
      mostUsed: usage.reduce((most, one) => Math.max(most, one), 0) / (GLOBALS * batch),
    }),
    update(state, { teacherLogits, patchLogits, patchCount }, batch) {
      const move = (name: string, sums: Float32Array, rows: number) => {
        const center = state.get(name)!;
        const isFirst = config.centerFromFirst && center.values.every((value) => value === 0);
        moveCenter(center, sums, rows, isFirst ? 0 : config.centerMomentum);
      };
      move('center', teacherLogits, GLOBALS * batch);
      if (config.ibot) move(PATCH_CENTER, patchLogits, patchCount[0]);
    },
  };
}

function zeroCenter(prototypes: number): Tensor {
  return { shape: [1, prototypes], values: new Float32Array(prototypes) };
}

/** @param sums of the teacher's logits over `rows` rows */
function moveCenter({ values }: Tensor, sums: Float32Array, rows: number, momentum: number): void {
  const share = (1 - momentum) / rows;
  for (let i = 0; i < values.length; i++) values[i] = values[i] * momentum + sums[i] * share;
}

function build(config: DinoConfig, microBatch: MicroBatch): MicroBatchGraph {
  const { batch, student, teacher } = microBatch;
  const teacherPass = backboneOf(config.architecture, teacher).pass(microBatch.globals);
  const teacherLogits = head(within(teacher, 'head.'), teacherPass.feature); // [2 · images, K]

  const patchMask = config.ibot ? microBatch.drawn(PATCH_MASK) : undefined;
  const { all, globals, patches } = studentFeatures(config.architecture, microBatch, patchMask);
  const studentLogits = head(within(student, 'head.'), all); // [views · images, K]

  const sharpened = divide(subtract(teacherLogits, microBatch.state('center')), microBatch.teacherTemperature);
  const targets = softmax(sharpened);
  const predictions = logSoftmax(divide(studentLogits, config.studentTemperature));
  const wanted = acrossViews(targets, config.crops);
  const loss = multiply(negate(sum(multiply(wanted, predictions))), 1 / (pairsOf(config.crops) * batch));
  // Mean entropy of the targets: the part of the loss that no student can get below. The rest is the divergence (KL).
  const entropy = multiply(negate(sum(multiply(targets, logSoftmax(sharpened)))), 1 / (GLOBALS * batch));
  const own: Loss = {
    loss,
    measures: { teacherEntropy: entropy, divergence: subtract(loss, entropy) },
    sums: { teacherLogits: sum(teacherLogits, [0]), usage: sum(targets, [0]) },
  };
  return {
    additive: config.ibot
      ? withPatches(own, patchLoss(microBatch, patches, teacherPass.patches, config.studentTemperature), config.ibot)
      : own,
    ...(config.koleo ? { coupled: spreading(globals, config.koleo) } : {}),
    features: teacherPass.feature,
    rows: { studentLogits, teacherLogits },
  };
}

function withPatches(own: Loss, patches: Loss, weight: number): Loss {
  return {
    loss: add(own.loss, multiply(patches.loss, weight)),
    measures: { ...own.measures, ...patches.measures },
    sums: { ...own.sums, ...patches.sums },
  };
}

/**
 * Of each global view by itself, added up, as in facebookresearch/dinov2 (ssl_meta_arch.py): two crops of one image are not to be driven apart.
 * @param globals [2 · images, D], features of the global crops
 */
function spreading(globals: Node, weight: number): CoupledLoss {
  return {
    embeddings: { globals },
    loss({ globals: features }) {
      const batch = features.shape[0] / GLOBALS;
      const both = add(koleo(slice(features, 0, 0, batch)), koleo(slice(features, 0, batch, GLOBALS * batch)));
      return { loss: multiply(both, weight), measures: { koleo: multiply(both, 1 / GLOBALS) }, sums: {} };
    },
  };
}

/** The head's two inner layers and about eight arrays over the prototypes, for each row that goes through it. */
function headBytes({ head: { hidden, prototypes } }: DinoConfig, rows: number): number {
  return 4 * rows * (12 * hidden + 8 * prototypes);
}
