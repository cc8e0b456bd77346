/** From answers to the figures of the ways of naming, and which of them is proposed. */
import type { Adaptation } from '../../contract/adapt.ts';
import { pooled, type Reading, type Readings, rightOf, type Trialled } from './compare.ts';
import type { Split } from './split.ts';
import { effectiveCount, signTest, wilson } from './statistics.ts';

export type Method = Adaptation['methods'][number];

/** A difference that chance explains so easily proves nothing. */
export const SURE = 0.05;

/**
 * Without a tuned encoder all are asked about everything that can be held out; else about what it has not seen, and the two readings of the base
 * encoder about everything, too.
 * @param parts answers of the base encoder to each part of the split
 * @param tuned answers of the tuned encoder to the part that it was tuned for
 * @param groups of every example
 */
export function methodsOf(
  parts: readonly Readings[],
  tuned: Trialled | null,
  split: Split,
  groups: Int32Array,
): Method[] {
  const everything = split.parts.flatMap(({ heldOut }) => heldOut);
  const ofParts = (reading: Reading) => pooled(parts.map((part) => part[reading]));
  const all = { knn: ofParts('knn'), linear: ofParts('linear') };
  const own = parts[split.parts.findIndex(({ heldOut }) => heldOut === split.tuning.heldOut)];
  const groupsAt = (asked: readonly number[]) => asked.map((example) => groups[example]);
  const common = tuned ? { ...own, groups: groupsAt(split.tuning.heldOut) } : { ...all, groups: groupsAt(everything) };
  const method = (name: Method['method'], answers: Trialled): Method => ({
    method: name,
    ...figuresOf(answers, name === 'knn' ? null : common.knn, common.groups),
    alone: rightOf(answers.alone) / answers.alone.length,
    pooled: name === 'finetuned' ? null : figuresOf(all[name], name === 'knn' ? null : all.knn, groupsAt(everything)),
    seconds: name === 'finetuned' ? answers.seconds : all[name].seconds,
  });
  return [method('knn', common.knn), method('linear', common.linear), ...(tuned ? [method('finetuned', tuned)] : [])];
}

function figuresOf({ named }: Trialled, knn: Trialled | null, groups: readonly number[]) {
  const right = rightOf(named);
  const accuracy = right / named.length;
  return {
    ...{ right, accuracy, interval: wilson(accuracy, effectiveCount(named, groups)) },
    chance: knn && signTest(named, knn.named, groups),
  };
}

/**
 * Of neighbours and the linear head, what names more of all that both were asked about; then fine-tuning, where it names more than that of what it was
 * asked about, too. Of as good ones the simpler.
 */
export function bestOf(methods: readonly Method[]): Method {
  const [knn, linear, tuned] = methods;
  const reading = linear.pooled!.right > knn.pooled!.right ? linear : knn;
  return tuned && tuned.right > reading.right ? tuned : reading;
}
