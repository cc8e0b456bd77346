/**
 * Knowledge distillation from a larger encoder that stays as it is. Its features are the target twice over: the student's, through a linear layer,
 * are to point where the teacher's points (Romero et al. 2015, FitNets; Beyer et al. 2022: the same crop for both), and are to be as
 * near to the teacher's features of the other images as the teacher's own is (Fang et al. 2021, SEED, with the batch as its queue;
 * Hinton et al. 2015, softened similarities). A local crop is to point where the whole picture points. The features of both go through batch norm
 * first, as Heo et al. 2019 (A Comprehensive Overhaul of Feature Distillation) do with a teacher's: most encoders' features have nearly all of
 * themselves in common, and a student that gives this to every picture would be right already.
 */
import {
  add,
  concat,
  constant,
  divide,
  logSoftmax,
  matmul,
  multiply,
  type Node,
  slice,
  softmax,
  subtract,
  sum,
  transpose,
} from '../../engine/graph.ts';
import { batchNorm, l2Normalise, linear } from '../../engine/operators.ts';
import { type Architecture, backbone, backboneParameters, embeddingWidth } from '../../model/backbone.ts';
import { prefixed, within } from '../../model/parameters.ts';
import { linearParameters } from '../../model/projection.ts';
import { gridOf } from '../../model/vit.ts';
import { imageDeviation, imageMean } from '../../vision/tensor.ts';
import { vitBytes } from '../memory.ts';
import { type NetworkConfig, network, noState, studentFeatures, viewsOf } from './network.ts';
import { GLOBALS, type Loss, type Objective } from './objective.ts';
import type { Teacher } from './teacher.ts';

export interface DistillationSettings {
  /** Weight of the relations to other images, beside that of the direction, which is 1. */
  readonly relations: number;
  /** Of the similarities, for both: SEED's 0.2 for the student. */
  readonly temperature: number;
}

export const DISTILLATION_DEFAULTS: DistillationSettings = { relations: 1, temperature: 0.2 };

export interface DistillationConfig extends NetworkConfig, DistillationSettings {
  readonly teacher: Pick<Teacher, 'architecture' | 'mean' | 'std'>;
}

/** The teacher's parameters, apart from those of the student, whose names they share. */
export const TEACHER_PREFIX = 'encoder.';

/** @throws GondolaError `image-size` where the patches of student or teacher do not divide the crops */
export function distillation(config: DistillationConfig): Objective {
  const common = network(config);
  const { architecture, crops, teacher } = config;
  gridOf(teacher.architecture, crops.globalSize, crops.globalSize);
  const projector = linearParameters('projector', architecture.dimensions, embeddingWidth(teacher.architecture));
  return {
    ...common,
    ...noState,
    name: 'distillation',
    parameters: [...common.parameters, ...projector],
    teacher: 'fixed',
    teacherParameters: prefixed(backboneParameters(teacher.architecture), TEACHER_PREFIX),
    bytesAnImage: common.bytesAnImage + forwardBytes(teacher.architecture, crops.globalSize),
    build(microBatch) {
      const { globals, all } = studentFeatures(architecture, microBatch);
      const pictures = asTeacherSees(microBatch.globals, teacher);
      const teachers = backbone(teacher.architecture, within(microBatch.teacher, TEACHER_PREFIX)).pass(
        pictures,
      ).embedding;
      const embeddings = { all, teachers };
      const [weight, bias] = projector.map(({ name }) => microBatch.student(name));
      const projected = (features: Node) => l2Normalise(linear(batchNorm(features), weight, bias));
      return {
        coupled: {
          embeddings,
          loss: (whole) => imitationLoss(projected(whole.all), l2Normalise(batchNorm(whole.teachers)), config),
        },
        features: globals,
        rows: embeddings,
      };
    },
  };
}

/**
 * The sum of the mean of 1 − cosine over all views, and of the mean KL of the student's distribution over the teacher's features of the batch from
 * the teacher's own, nats.
 * @param students [views · batch, teacher's D], @param teachers [2 · batch, teacher's D]: rows of length 1
 */
function imitationLoss(students: Node, teachers: Node, { crops, relations, temperature }: DistillationConfig): Loss {
  const [rows] = teachers.shape;
  const batch = rows / GLOBALS;
  const whole = l2Normalise(add(slice(teachers, 0, 0, batch), slice(teachers, 0, batch, rows)));
  const targets = concat([teachers, ...Array.from({ length: crops.locals }, () => whole)], 0);
  const similarity = multiply(sum(multiply(students, targets)), 1 / (viewsOf(crops) * batch));
  const logits = (of: Node) => divide(matmul(of, transpose(teachers)), temperature);
  const wanted = logits(teachers);
  const difference = subtract(logSoftmax(wanted), logSoftmax(logits(slice(students, 0, 0, rows))));
  const divergence = multiply(sum(multiply(softmax(wanted), difference)), 1 / rows);
  return {
    loss: add(subtract(1, similarity), multiply(divergence, relations)),
    measures: { similarity, relations: divergence },
    sums: {},
  };
}

/** Crops are normalised with ImageNet's mean and deviation; a teacher may have been trained with others. */
function asTeacherSees(crops: Node, { mean, std }: DistillationConfig['teacher']): Node {
  if (mean.every((value, i) => value === imageMean[i]) && std.every((value, i) => value === imageDeviation[i]))
    return crops;
  const channels = (values: number[]) => constant(values, [1, 3, 1, 1]);
  const scale = std.map((deviation, i) => imageDeviation[i] / deviation);
  const shift = std.map((deviation, i) => (imageMean[i] - mean[i]) / deviation);
  return add(multiply(crops, channels(scale)), channels(shift));
}

/** A pass without a way back keeps a few blocks' values at a time. */
function forwardBytes(architecture: Architecture, globalSize: number): number {
  const all = vitBytes(architecture, { globalSize, localSize: globalSize, locals: 0 });
  return (2 * all) / architecture.depth;
}
