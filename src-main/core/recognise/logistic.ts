/**
 * Multinomial logistic regression on the engine: one graph gives loss, gradients and scores, L-BFGS walks down it. The loss is convex, so that where
 * it starts decides nothing but the time.
 */
import { openRuntime } from '../../engine/devices.ts';
import { gradients } from '../../engine/gradient.ts';
import { add, input, logSoftmax, matmul, multiply, negate, sum, transpose } from '../../engine/graph.ts';
import type { Program } from '../../engine/runtime.ts';
import type { Breathe } from './breathe.ts';
import { minimise } from './lbfgs.ts';

/** Scores = weights · row + bias. */
export interface LinearWeights {
  /** [classes, dimensions] */
  readonly weights: Float32Array;
  /** [classes] */
  readonly bias: Float32Array;
}

export interface LinearFit extends LinearWeights {
  /** [examples, classes]: before the softmax, of every example, whether it counted or not. */
  readonly scores: Float32Array;
}

export interface FitOptions {
  /** Any weights, e.g. those of a penalty nearby; zeros without. */
  readonly start?: LinearWeights;
  /** Length of the gradient at which it ends; the loss is in nats. */
  readonly tolerance?: number;
  readonly breathe: Breathe;
}

/** Rows of unit variance start with a gradient of about 1; this far down, answers do not change any more. */
const TOLERANCE = 1e-4;
const MOST_ROUNDS = 300;

/** Fits on one set of rows, again and again with other shares and penalties. */
export class LogisticRegression {
  readonly #program: Program;
  readonly #rows: Float32Array;
  readonly #targets: Float32Array;
  readonly #classes: number;
  readonly #dimensions: number;

  private constructor(program: Program, rows: Float32Array, targets: Float32Array, classes: number) {
    this.#program = program;
    this.#rows = rows;
    this.#targets = targets;
    this.#classes = classes;
    this.#dimensions = rows.length / (targets.length / classes);
  }

  /** @param rows [examples, dimensions]; @param labels 0 … classes − 1 */
  static async create(rows: Float32Array, labels: Int32Array, classes: number): Promise<LogisticRegression> {
    const count = labels.length;
    const dimensions = rows.length / count;
    const weights = input('weights', [classes, dimensions]);
    const bias = input('bias', [classes]);
    const scores = add(matmul(input('rows', [count, dimensions]), transpose(weights)), bias);
    const surprise = negate(sum(multiply(input('targets', [count, classes]), logSoftmax(scores)), [1], true));
    const loss = add(
      sum(multiply(surprise, input('shares', [count, 1]))),
      multiply(sum(multiply(weights, weights)), multiply(input('penalty', []), 0.5)),
    );
    const [weightSlopes, biasSlopes] = gradients(loss, [weights, bias]);
    const targets = new Float32Array(count * classes);
    for (const [example, label] of labels.entries()) targets[example * classes + label] = 1;
    // Hundreds of short runs: threads would wait for each other longer than they work.
    const runtime = await openRuntime('cpu', { threads: 1 });
    const program = await runtime.compile({ loss, weightSlopes, biasSlopes, scores });
    return new LogisticRegression(program, rows, targets, classes);
  }

  /**
   * The weights that minimise Σ share · −log p(label) + penalty ÷ 2 · ‖weights‖²; the bias is not penalised.
   * @param shares [examples], how much each counts: 0 leaves it out, all add up to 1
   * @param penalty above 0
   * @throws Cancelled
   */
  async fit(
    shares: Float32Array,
    penalty: number,
    { start, tolerance = TOLERANCE, breathe }: FitOptions,
  ): Promise<LinearFit> {
    const size = this.#classes * this.#dimensions;
    const point = new Float64Array(size + this.#classes);
    if (start) {
      point.set(start.weights);
      point.set(start.bias, size);
    }
    const evaluate = async (at: Float64Array) => {
      const found = await this.#program.run({
        rows: this.#rows,
        targets: this.#targets,
        shares,
        penalty: Float32Array.of(penalty),
        weights: Float32Array.from(at.subarray(0, size)),
        bias: Float32Array.from(at.subarray(size)),
      });
      const slopes = new Float64Array(at.length);
      slopes.set(found.weightSlopes);
      slopes.set(found.biasSlopes, size);
      return { value: found.loss[0], slopes, scores: found.scores };
    };
    const { point: best, result } = await minimise(evaluate, point, {
      ...{ rounds: MOST_ROUNDS, tolerance, breathe },
    });
    return {
      weights: Float32Array.from(best.subarray(0, size)),
      bias: Float32Array.from(best.subarray(size)),
      scores: result.scores,
    };
  }

  async dispose(): Promise<void> {
    await this.#program.dispose();
  }
}
