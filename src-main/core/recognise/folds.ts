/**
 * Labelled regions in groups that may show the very same package (one photo, or one camera within half a minute), and the groups in folds: what
 * is measured on a fold is measured without the photos that lie in it.
 */
import { type Examples, oneGo } from './examples.ts';

/**
 * The group of each example: those on one photo, and whatever was taken in one go with one of them.
 * @returns [examples], small numbers from 0 on
 */
export function groupsOf(examples: Examples): Int32Array {
  const { photos, moments } = examples;
  const first = new Map<number, number>();
  for (const [example, photo] of photos.entries()) if (!first.has(photo)) first.set(photo, example);
  const order = [...first.values()].sort((a, b) => (moments[a].at ?? 0) - (moments[b].at ?? 0) || a - b);
  const groupOfPhoto = new Map<number, number>();
  // In the order of time, photos of one go lie side by side, unless two cameras took turns.
  const latest = new Map<string | null, number>();
  let groups = 0;
  for (const example of order) {
    const before = latest.get(moments[example].camera);
    const joins = before !== undefined && oneGo(examples, before, example);
    groupOfPhoto.set(photos[example], joins ? groupOfPhoto.get(photos[before])! : groups++);
    if (moments[example].at !== null) latest.set(moments[example].camera, example);
  }
  return Int32Array.from(photos, (photo) => groupOfPhoto.get(photo)!);
}

/**
 * Shares groups out so that each class is spread over the folds as evenly as its groups allow: a group goes to the fold that has the fewest of its
 * classes' examples, then to the smallest. Deterministic.
 * @param most folds; fewer where there are fewer groups: then each is left out by itself
 * @returns the fold of each example, 0 … folds − 1
 */
export function groupedFolds(
  groups: Int32Array,
  labels: Int32Array,
  most: number,
): { readonly folds: Int32Array; readonly count: number } {
  const members = Map.groupBy(groups.keys(), (example) => groups[example]);
  const count = Math.min(most, members.size);
  const sizes = new Array<number>(count).fill(0);
  const ofClass = new Map<number, number[]>();
  const folds = new Int32Array(groups.length);
  // Large groups first: what is left then evens the folds out.
  const order = [...members.values()].sort((a, b) => b.length - a.length || a[0] - b[0]);
  for (const group of order) {
    const load = Array.from({ length: count }, (_, fold) =>
      group.reduce((sum, example) => sum + (ofClass.get(labels[example])?.[fold] ?? 0), 0),
    );
    let best = 0;
    for (let fold = 1; fold < count; fold++) {
      if (load[fold] < load[best] || (load[fold] === load[best] && sizes[fold] < sizes[best])) best = fold;
    }
    sizes[best] += group.length;
    for (const example of group) {
      folds[example] = best;
      const loads = ofClass.get(labels[example]) ?? new Array<number>(count).fill(0);
      loads[best]++;
      ofClass.set(labels[example], loads);
    }
  }
  return { folds, count };
}
