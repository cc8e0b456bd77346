/**
 * Goes through a recorded training with our own learner and compares everything: for us the proof that a step is the official one, for a
 * user the answer to "does my device compute this right?". Each step starts from our own moments after the one before, and from the recorded weights and
 * center where ours agree with them: AdamW divides a gradient by its own size, which makes rounding count, so that it would add up from step to
 * step. On `test/fixtures` the recording itself, made in float32, is 4e-5 away from the same steps in float64 after four of them, ONNX Runtime
 * 6e-6 to 7e-5, which depends on the processor. What disagrees goes on as ours, and is seen in all that follows.
 */

import { stopIfAsked } from '../../base/errors.ts';
import { type JobContext, ProgressMeter } from '../../base/progress.ts';
import { input } from '../../engine/graph.ts';
import type { Runtime } from '../../engine/runtime.ts';
import { massMask } from '../../model/mass-mask.ts';
import { constantLookup, type Tensor, type Weights, withoutPrefix } from '../../model/parameters.ts';
import { positionsFor } from '../../model/positions.ts';
import { gridOf, Vit } from '../../model/vit.ts';
import { Learner } from '../learner.ts';
import {
  type Check,
  Comparison,
  LOSS_TOLERANCE,
  largest,
  relativeError,
  TOLERANCE,
  WEIGHT_TOLERANCE,
} from './comparison.ts';
import type { Fixture } from './fixture.ts';
import { Rounding } from './rounding.ts';

export interface Replay {
  readonly steps: number;
  readonly checks: readonly Check[];
  /** Weights that AdamW moved by rounding alone or nearly so, see `Rounding`. */
  readonly movedByRounding: number;
  readonly ok: boolean;
}

/** @throws GondolaError `fixture-unreadable`, `weights-mismatch`, `training-diverged` */
export async function replay(runtime: Runtime, fixture: Fixture, context: JobContext): Promise<Replay> {
  const { config, objective, optimiser } = fixture;
  const { batch, clip, steps } = config;
  const learner = await Learner.create(runtime, {
    objective,
    batch,
    weights: fixture.initial,
    seed: 0,
    clip,
    optimiser,
    microBatch: batch,
    rows: true,
  });
  try {
    const comparison = new Comparison();
    const rounding = new Rounding(optimiser, clip);
    const meter = new ProgressMeter(steps, (update) => context.progress(update));
    for (let step = 0; step < steps; step++) {
      stopIfAsked(context.signal);
      await replayStep(learner, fixture, step, comparison, rounding);
      meter.advance();
    }
    await learner.download();
    await compareFinished(runtime, learner.teacher, fixture, comparison);
    const { checks } = comparison;
    return { steps, checks, movedByRounding: rounding.count, ok: checks.every(({ ok }) => ok) };
  } finally {
    await learner.dispose();
  }
}

async function replayStep(
  learner: Learner,
  fixture: Fixture,
  step: number,
  comparison: Comparison,
  rounding: Rounding,
): Promise<void> {
  const { batch, prototypes, locals } = fixture.config;
  const settings = fixture.settings(step);
  const recorded = (name: string, shape: readonly number[]) => fixture.tensor(`step${step}.${name}`, shape).values;
  const report = await learner.step(fixture.crops(step), settings);

  const loss = fixture.loss(step);
  const lossError = Math.abs(report.loss - loss) / Math.abs(loss);
  comparison.add('loss', `step ${step}`, lossError, LOSS_TOLERANCE);

  await learner.download();
  const computed = await learner.gradients();
  const gradients = new Map([...computed].map(([name, { shape }]) => [name, recorded(`grad.${name}`, shape)] as const));
  // A gradient that is everywhere below a hundredth of the step's largest is a small difference of large terms.
  const floor = 0.01 * Math.max(...[...gradients.values()].map(largest));
  for (const [name, gradient] of gradients)
    comparison.add('gradients', `step ${step} ${name}`, relativeError(computed.get(name)!.values, gradient, { floor }));

  const outputs = [
    ['student outputs', 'student_out', report.rows.studentLogits, (2 + locals) * batch],
    ['teacher outputs', 'teacher_out', report.rows.teacherLogits, 2 * batch],
    ['center', 'center_after', learner.state.get('center')!.values, 1],
  ] as const;
  const agreed = new Map<string, Tensor>();
  for (const [kind, name, values, rows] of outputs) {
    const shape = [rows, prototypes];
    const error = relativeError(values, recorded(name, shape));
    comparison.add(kind, `step ${step}`, error);
    if (kind === 'center' && error <= TOLERANCE) agreed.set('state.center', { shape, values: recorded(name, shape) });
  }

  const frozen = settings.lastLayerFrozen ? learner.objective.lastLayer : new Set<string>();
  for (const [name, gradient] of gradients)
    if (!frozen.has(name)) rounding.follow(name, gradient, settings.learningRate);
  for (const [kind, prefix, network] of [
    ['weights', 'student', learner.student],
    ['teacher weights', 'teacher', learner.teacher],
  ] as const)
    for (const [name, { shape, values }] of network) {
      const expected = recorded(`${prefix}_after.${name}`, shape);
      const error = relativeError(values, expected, { slack: rounding.slack(name) });
      comparison.add(kind, `step ${step} ${name}`, error, WEIGHT_TOLERANCE);
      if (error <= WEIGHT_TOLERANCE) agreed.set(`${prefix}.${name}`, { shape, values: expected });
    }
  learner.restore(new Map([...learner.tensors(), ...agreed]), 'The recording');
}

/** What the recording says of the teacher after the last step: resized positions, feature, attention, masks. */
async function compareFinished(
  runtime: Runtime,
  teacher: Weights,
  fixture: Fixture,
  comparison: Comparison,
): Promise<void> {
  const positions = fixture.optional('pos_embed.local');
  const image = fixture.optional('attention.image');
  const weights = constantLookup(withoutPrefix(teacher, 'backbone.'));
  if (positions) {
    const { local } = fixture.config;
    const program = await runtime.compile({
      resized: positionsFor(weights('pos_embed'), gridOf(fixture.vit, local, local)),
    });
    const { resized } = await program.run({});
    await program.dispose();
    comparison.add('position embedding', 'pos_embed.local', relativeError(resized, positions.values));
  }
  if (image) {
    const { feature, fullAttention } = new Vit(fixture.vit, weights).pass(input('image', image.shape));
    const program = await runtime.compile({ feature, attention: fullAttention });
    const output = await program.run({ image: image.values });
    await program.dispose();
    const expected = {
      attention: fixture.tensor('attention.last', fullAttention.shape),
      feature: fixture.tensor('attention.feature', feature.shape),
    };
    comparison.add('attention', 'attention.last', relativeError(output.attention, expected.attention.values));
    comparison.add('feature', 'attention.feature', relativeError(output.feature, expected.feature.values));
    const mask = fixture.tensor('attention.mask60', [fullAttention.shape[1], fullAttention.shape[2] - 1]);
    comparison.add('masks', 'attention.mask60', maskDisagreement(output.attention, mask));
  }
}

/**
 * The share of patches that are in one mask and not in the other. A patch at which the running sum passes the limit by less than the
 * tolerance may be on either side.
 * @param attention [1, heads, tokens, tokens]
 */
function maskDisagreement(attention: Float32Array, { shape: [heads, patches], values }: Tensor): number {
  const tokens = patches + 1;
  let wrong = 0;
  for (let head = 0; head < heads; head++) {
    const row = attention.subarray(head * tokens * tokens + 1, head * tokens * tokens + tokens);
    const [mask, narrower, wider] = [0.6, 0.6 - TOLERANCE, 0.6 + TOLERANCE].map((share) => massMask(row, share));
    for (let patch = 0; patch < patches; patch++)
      if (mask[patch] !== values[head * patches + patch] && narrower[patch] === wider[patch]) wrong++;
  }
  return wrong / (heads * patches);
}
