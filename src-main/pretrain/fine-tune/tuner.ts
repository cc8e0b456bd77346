/**
 * Fine-tunes a whole encoder with a linear head on labels: cross-entropy with label smoothing (Szegedy et al. 2016), AdamW with a learning rate that
 * falls from the head to the first layer (layer-wise decay: Clark et al. 2020, and the fine-tuning of BEiT, Bao et al. 2022, and MAE, He et al. 2022).
 * Knows nothing of photos, epochs or files.
 */
import { GondolaError } from '../../base/errors.ts';
import { gradients } from '../../engine/gradient.ts';
import { add, constant, input, logSoftmax, multiply, type Node, negate, size, sum } from '../../engine/graph.ts';
import { linear } from '../../engine/operators.ts';
import type { Runtime } from '../../engine/runtime.ts';
import { type Architecture, backbone, backboneParameters, embeddingWidth } from '../../model/backbone.ts';
import { inputLookup, type Parameter, prefixed, type Tensor, type Weights, within } from '../../model/parameters.ts';
import { imageDeviation, imageMean } from '../../vision/tensor.ts';
import { compileStep, type StepProgram } from '../resident/step-program.ts';
import { layerDecay } from './layer-decay.ts';
import { type TunedWeights, tunedWeights } from './tuned-weights.ts';

export interface TunerOptions {
  readonly architecture: Architecture;
  /** The encoder's, by its own names. Copied. */
  readonly weights: Weights;
  /** What its pictures are normalised with, of red, green and blue; pictures come normalised as training's are. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly classes: number;
  /** Side of a picture in pixels. */
  readonly side: number;
  /** Pictures a run of the program; a step is one or more runs. */
  readonly images: number;
  readonly runs: number;
}

/** Share of a target that is spread over all classes. */
const SMOOTHING = 0.1;
const WEIGHT_DECAY = 0.05;
/** Longest gradient of all parameters together. */
const CLIP = 3;
const BACKBONE = 'backbone.';
const HEAD = 'head.';

export class Tuner {
  readonly #options: TunerOptions;
  readonly #weights: TunedWeights;
  readonly #training: StepProgram;
  readonly #looking: StepProgram;

  private constructor(options: TunerOptions, weights: TunedWeights, training: StepProgram, looking: StepProgram) {
    this.#options = options;
    this.#weights = weights;
    this.#training = training;
    this.#looking = looking;
  }

  /** Compiles the programs. `runtime` is the caller's. The head starts at zero. */
  static async create(runtime: Runtime, options: TunerOptions): Promise<Tuner> {
    const { architecture, classes, side, images, runs } = options;
    const parameters: Parameter[] = [
      ...prefixed(backboneParameters(architecture), BACKBONE),
      {
        name: `${HEAD}weight`,
        shape: [classes, embeddingWidth(architecture)],
        initial: { kind: 'constant', value: 0 },
      },
      { name: `${HEAD}bias`, shape: [classes], initial: { kind: 'constant', value: 0 } },
    ];
    const learnt = parameters.filter(({ frozen }) => !frozen);
    const graph = () => {
      const weights = inputLookup(parameters, '');
      const pictures = renormalised(input('pictures', [images, 3, side, side]), options);
      const { embedding } = backbone(architecture, within(weights, BACKBONE)).pass(pictures);
      return { weights, logits: linear(embedding, weights(`${HEAD}weight`), weights(`${HEAD}bias`)) };
    };
    const { weights, logits } = graph();
    const targets = input('targets', [images, classes]);
    const loss = multiply(negate(sum(multiply(targets, logSoftmax(logits)))), 1 / (images * runs));
    const slopes = gradients(
      loss,
      learnt.map(({ name }) => weights(name)),
    );
    const training = await compileStep(
      runtime,
      { loss },
      Object.fromEntries(learnt.map(({ name }, i) => [`gradient.${name}`, slopes[i]])),
    );
    const looking = await compileStep(runtime, { logits: graph().logits }, {});
    const tuned = tunedWeights(runtime, {
      ...{ parameters, start: startOf(parameters, options.weights), runs, weightDecay: WEIGHT_DECAY, clip: CLIP },
      decay: layerDecay(parameters.map(({ name }) => name)),
    });
    return new Tuner(options, tuned, training, looking);
  }

  /**
   * One step.
   * @param next hands out the pictures of each run [images, 3, side, side] with their labels
   * @param learningRate of the head; layers below get less
   * @returns the mean loss in nats, before the step
   * @throws GondolaError `training-diverged`, and the weights are those before the step
   */
  async step(
    next: () => Promise<{ pictures: Float32Array; labels: Int32Array }>,
    learningRate: number,
  ): Promise<number> {
    const { classes, runs } = this.#options;
    const { gradients } = this.#weights;
    const weights = await this.#weights.fed();
    let loss = 0;
    for (let run = 0; run < runs; run++) {
      const { pictures, labels } = await next();
      const targets = new Float32Array(labels.length * classes).fill(SMOOTHING / classes);
      for (const [row, label] of labels.entries()) targets[row * classes + label] += 1 - SMOOTHING;
      const { values, kept } = await this.#training.run({ ...weights, pictures, targets }, gradients.into(run));
      await gradients.add(run, kept);
      loss += values.loss[0];
    }
    const learnt = Number.isFinite(loss) && Number.isFinite(await this.#weights.learn(learningRate));
    if (!learnt) {
      throw new GondolaError(
        'training-diverged',
        `Fine-tuning diverged: the loss is ${loss} at a learning rate of ${learningRate}.`,
        'Start it again from another encoder; the one that it began with is unchanged.',
      );
    }
    return loss;
  }

  /** What the head says: [count, classes], before the softmax. @param pictures [count, 3, side, side] */
  async look(pictures: Float32Array): Promise<Float32Array> {
    const { images, side, classes } = this.#options;
    const extent = 3 * side * side;
    const count = pictures.length / extent;
    const logits = new Float32Array(count * classes);
    const batch = new Float32Array(images * extent);
    const weights = await this.#weights.fed();
    for (let start = 0; start < count; start += images) {
      const rows = Math.min(images, count - start);
      batch.set(pictures.subarray(start * extent, (start + rows) * extent));
      const { values } = await this.#looking.run({ ...weights, pictures: batch });
      logits.set(values.logits.subarray(0, rows * classes), start * classes);
    }
    return logits;
  }

  /** A copy of all weights as they are, in memory: the encoder's under `backbone.`, the head's under `head.`. */
  kept(): Promise<Map<string, Tensor>> {
    return this.#weights.copy();
  }

  async dispose(): Promise<void> {
    await this.#weights.dispose(); // before the programs whose memory it is in
    await this.#training.dispose();
    await this.#looking.dispose();
  }
}

/** The encoder's weights, and a head of zeros. */
function startOf(parameters: readonly Parameter[], encoder: Weights): Map<string, Tensor> {
  return new Map(
    parameters.map(({ name, shape }) => {
      const known = name.startsWith(BACKBONE) ? encoder.get(name.slice(BACKBONE.length)) : undefined;
      return [name, { shape, values: known?.values ?? new Float32Array(size(shape)) }];
    }),
  );
}

/** Pictures as the encoder's preprocessing would give them. */
function renormalised(pictures: Node, { mean, std }: Pick<TunerOptions, 'mean' | 'std'>): Node {
  const scale = imageDeviation.map((deviation, i) => deviation / std[i]);
  const shift = imageMean.map((value, i) => (value - mean[i]) / std[i]);
  if (scale.every((value) => value === 1) && shift.every((value) => value === 0)) return pictures;
  return add(multiply(pictures, constant(scale, [1, 3, 1, 1])), constant(shift, [1, 3, 1, 1]));
}
