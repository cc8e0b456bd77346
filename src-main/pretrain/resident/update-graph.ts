/**
 * What `optimiser.ts` does in loops, as a graph, for devices on which the weights stay: each gradient clipped by its own norm, AdamW
 * (Loshchilov and Hutter 2019) with PyTorch's conventions, the teacher's moving average. In float32 throughout.
 */
import {
  add,
  concat,
  constant,
  divide,
  input,
  max,
  multiply,
  type Node,
  reshape,
  sqrt,
  subtract,
  sum,
} from '../../engine/graph.ts';
import type { Parameter } from '../../model/parameters.ts';
import { type AdamWOptions, isRegularised } from '../optimiser.ts';

/** One parameter's part in an update. */
export interface Part {
  readonly parameter: Parameter;
  /**
   * Parameters that were updated equally often share the corrections of their moments' bias, fed as `stepSize.GROUP` and
   * `correction.GROUP`; null: this update leaves the parameter as it is.
   */
  readonly group: number | null;
  /** Whether the teacher follows it. */
  readonly averaged: boolean;
}

export interface UpdateGraph {
  /** `norms` [parts]: of each gradient, before clipping. */
  readonly outputs: Record<'norms', Node>;
  /** The state after the update, under the names that it is fed by: `student.…`, `first.…`, `second.…`, `teacher.…`. */
  readonly kept: Record<string, Node>;
}

/**
 * Reads `student.…`, `gradient.…`, `first.…`, `second.…`, `teacher.…` of each part, and scalars: `keep` (1 − learning rate · decay, for
 * those that decay), `momentum` and `rest` (of the teacher; their sum is 1), and each group's.
 */
export function updateGraph(parts: readonly Part[], clip: number, options: AdamWOptions): UpdateGraph {
  const scalars = new Map<string, Node>();
  const scalar = (name: string): Node => {
    const known = scalars.get(name) ?? input(name, []);
    scalars.set(name, known);
    return known;
  };
  const kept: Record<string, Node> = {};
  const norms: Node[] = [];
  for (const { parameter, group, averaged } of parts) {
    const { name, shape } = parameter;
    const values = input(`student.${name}`, shape);
    const gradient = input(`gradient.${name}`, shape);
    const length = sqrt(sum(multiply(gradient, gradient)));
    norms.push(reshape(length, [1]));
    let updated = values;
    if (group !== null) {
      const step = adamStep(
        parameter,
        {
          values,
          gradient: clip > 0 ? multiply(gradient, clipScale(length, clip)) : gradient,
          first: input(`first.${name}`, shape),
          second: input(`second.${name}`, shape),
        },
        { keep: scalar('keep'), stepSize: scalar(`stepSize.${group}`), correction: scalar(`correction.${group}`) },
        options,
      );
      updated = step.values;
      kept[`student.${name}`] = updated;
      kept[`first.${name}`] = step.first;
      kept[`second.${name}`] = step.second;
    }
    if (averaged) {
      const teacher = input(`teacher.${name}`, shape);
      kept[`teacher.${name}`] = add(multiply(teacher, scalar('momentum')), multiply(updated, scalar('rest')));
    }
  }
  return { outputs: { norms: concat(norms, 0) }, kept };
}

/** All of the parameter's shape. */
interface Moving {
  readonly values: Node;
  readonly first: Node;
  readonly second: Node;
}

/**
 * One parameter's step, as `AdamW.update` makes it.
 * @param gradient clipped
 * @param scalars `keep`: 1 − learning rate · decay, without effect where the parameter does not decay; `stepSize`: learning rate / (1 − β₁ᵗ);
 *   `correction`: 1 / √(1 − β₂ᵗ)
 */
export function adamStep(
  parameter: Parameter,
  { values, gradient, ...moments }: Moving & { readonly gradient: Node },
  { keep, stepSize, correction }: { readonly keep: Node; readonly stepSize: Node; readonly correction: Node },
  { beta1, beta2, epsilon }: AdamWOptions,
): Moving {
  const first = add(multiply(moments.first, beta1), multiply(gradient, 1 - beta1));
  const second = add(multiply(moments.second, beta2), multiply(multiply(gradient, gradient), 1 - beta2));
  const decayed = isRegularised(parameter) ? multiply(values, keep) : values;
  const deviation = add(multiply(sqrt(second), correction), epsilon);
  return { values: subtract(decayed, divide(multiply(first, stepSize), deviation)), first, second };
}

/** min(1, clip / (length + 1e-6)), as `clipScale` of `optimiser.ts`: a scalar. */
export function clipScale(length: Node, clip: number): Node {
  const larger = max(concat([reshape(add(length, 1e-6), [1]), constant([clip])], 0), 0); // [1]
  return reshape(divide(clip, larger), []);
}
