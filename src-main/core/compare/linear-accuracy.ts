// The linear probe of a comparison, on held-out queries or on the labels themselves.
import { breather } from '../recognise/breathe.ts';
import { linearTop1 } from '../recognise/evaluate.ts';
import { groupsOf } from '../recognise/folds.ts';
import type { Gallery } from '../recognise/gallery.ts';
import { fitProbe } from '../recognise/linear.ts';
import type { Query } from '../recognise/queries.ts';

/**
 * @param gallery of one encoder's space
 * @param held queries with their vector under `name`; null: each fold of the labelled products is judged by a probe that saw nothing of its photos
 * @returns 0 … 1; null where the labels are too few for any answer
 * @throws Cancelled
 */
export async function linearAccuracy(
  gallery: Gallery,
  held: readonly Query[] | null,
  name: string,
  signal: AbortSignal,
): Promise<number | null> {
  const { labels, classes, spaces } = gallery.examples;
  if (classes.length < 2) return null;
  if (held !== null) return linearTop1(gallery, held, name, signal);
  const [{ rows, dimensions }] = spaces;
  const labelled = { rows, dimensions, labels, classes: classes.length, groups: groupsOf(gallery.examples) };
  return (await fitProbe(labelled, breather(signal))).heldOutAccuracy;
}
