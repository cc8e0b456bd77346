/**
 * A recorded training: whole steps of the official code with everything that went in and came out, as a safetensors file, and a .json of
 * the same stem with the model's sizes and the schedules.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { GondolaError, sentence } from '../../base/errors.ts';
import { type Tensor, type Weights, withoutPrefix } from '../../model/parameters.ts';
import type { VitConfig } from '../../model/vit.ts';
import { readSafetensors } from '../../model/weights/safetensors.ts';
import { dino } from '../objectives/dino.ts';
import { type Crops, GLOBALS, type Objective, type StepSettings } from '../objectives/objective.ts';
import type { AdamWOptions } from '../optimiser.ts';

const count = z.int().nonnegative();
const positive = z.int().positive();
const descriptionSchema = z.object({
  source: z.string().default('an unnamed source'),
  config: z
    .object({
      steps: positive,
      dim: positive,
      depth: positive,
      heads: positive,
      patch: positive,
      image: positive,
      local: positive,
      locals: count,
      batch: positive,
      hidden: positive,
      bottleneck: positive,
      prototypes: positive,
      /** Of each parameter's own gradient; 0 clips nothing. */
      clip: z.number().nonnegative(),
      /** Steps with a frozen last layer, where the steps themselves do not say. */
      freeze: count,
    })
    .refine(({ dim, heads }) => dim % heads === 0, 'dim must be divisible by heads'),
  optimizer: z
    .object({ betas: z.tuple([z.number(), z.number()]), eps: z.number().positive() })
    .default({ betas: [0.9, 0.999], eps: 1e-8 }),
  loss: z
    .object({ student_temp: z.number().positive(), center_momentum: z.number() })
    .default({ student_temp: 0.1, center_momentum: 0.9 }),
  steps: z.array(
    z.object({
      loss: z.number(),
      lr: z.number(),
      weight_decay: z.number(),
      momentum: z.number(),
      teacher_temp: z.number().positive(),
      last_layer_frozen: z.boolean().optional(),
    }),
  ),
});

type Description = z.infer<typeof descriptionSchema>;

export class Fixture {
  readonly path: string;
  readonly source: string;
  readonly config: Description['config'];
  readonly vit: VitConfig;
  readonly objective: Objective;
  readonly optimiser: AdamWOptions;
  readonly #description: Description;
  readonly #tensors: Weights;

  private constructor(path: string, description: Description, tensors: Weights) {
    const { config, loss, optimizer } = description;
    const { dim, depth, heads, patch, image, hidden, bottleneck, prototypes } = config;
    this.path = path;
    this.source = description.source;
    this.config = config;
    this.vit = { dimensions: dim, depth, heads, patch, image, registers: 0, layerScale: false };
    this.objective = dino({
      architecture: this.vit,
      head: { hidden, bottleneck, prototypes },
      crops: { globalSize: image, localSize: config.local, locals: config.locals },
      dropPath: 0,
      studentTemperature: loss.student_temp,
      centerMomentum: loss.center_momentum,
    });
    this.optimiser = { beta1: optimizer.betas[0], beta2: optimizer.betas[1], epsilon: optimizer.eps };
    this.#description = description;
    this.#tensors = tensors;
  }

  /** @throws GondolaError `fixture-unreadable`, `weights-unreadable`, `image-size` */
  static async read(path: string): Promise<Fixture> {
    const { tensors } = await readSafetensors(path);
    const jsonPath = path.replace(/\.safetensors$/, '.json');
    let json: unknown;
    try {
      json = JSON.parse(await readFile(jsonPath, 'utf8'));
    } catch (error) {
      throw unreadable(jsonPath, sentence(error), error);
    }
    const parsed = descriptionSchema.safeParse(json);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw unreadable(jsonPath, `${issue.path.join('.')}: ${issue.message}`);
    }
    const { config, steps } = parsed.data;
    if (steps.length < config.steps)
      throw unreadable(jsonPath, `it speaks of ${config.steps} steps and describes ${steps.length}`);
    return new Fixture(path, parsed.data, tensors);
  }

  /** Every parameter before the first step. */
  get initial(): Weights {
    return this.group('init');
  }

  loss(step: number): number {
    return this.#description.steps[step].loss;
  }

  settings(step: number): StepSettings {
    const { lr, weight_decay, momentum, teacher_temp, last_layer_frozen } = this.#description.steps[step];
    return {
      step,
      learningRate: lr,
      weightDecay: weight_decay,
      teacherMomentum: momentum,
      teacherTemperature: teacher_temp,
      lastLayerFrozen: last_layer_frozen ?? step < this.config.freeze,
    };
  }

  crops(step: number): Crops {
    const { batch, image, local, locals } = this.config;
    const views = (from: number, to: number, side: number) => {
      const values = new Float32Array((to - from) * batch * 3 * side * side);
      for (let view = from; view < to; view++)
        values.set(
          this.tensor(`step${step}.crop${view}`, [batch, 3, side, side]).values,
          ((view - from) * values.length) / (to - from),
        );
      return values;
    };
    return { globals: views(0, GLOBALS, image), locals: views(GLOBALS, GLOBALS + locals, local) };
  }

  /** @throws GondolaError `fixture-unreadable` where it is missing or of another shape */
  tensor(name: string, shape: readonly number[]): Tensor {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw unreadable(this.path, `it has no "${name}"`);
    if (tensor.shape.join() !== shape.join())
      throw unreadable(this.path, `"${name}" is [${tensor.shape.join(', ')}] and should be [${shape.join(', ')}]`);
    return tensor;
  }

  /** A tensor that not every recording has. */
  optional(name: string): Tensor | undefined {
    return this.#tensors.get(name);
  }

  /** The tensors under `prefix`, a dot and their own name. */
  group(prefix: string): Weights {
    return withoutPrefix(this.#tensors, `${prefix}.`);
  }
}

function unreadable(path: string, what: string, cause?: unknown): GondolaError {
  return new GondolaError(
    'fixture-unreadable',
    `${path} is no usable recording of training steps: ${what}.`,
    'Give a .safetensors file with its .json beside it, as test/fixtures/dino-steps.*.',
    { cause },
  );
}
