/** What the linear probe on a gallery says of held-out queries: the second figure by which the literature compares features. */
import type { Breathe } from './breathe.ts';
import { someOf } from './examples.ts';
import { groupsOf } from './folds.ts';
import type { Gallery } from './gallery.ts';
import { type LabelledRows, linearProbe } from './linear.ts';
import type { Query } from './queries.ts';

/**
 * The class that a probe on one space names for each query. A probe never learns from the photo of a query that it answers: queries on photos of the
 * gallery get one that was fitted without all of these photos.
 * @param space of the gallery; its placed features are what the probe sees (whitened, for the learned one)
 * @param vectorOf the query's stored form in that space
 * @returns null where no example is left to learn from
 * @throws Cancelled
 */
export async function linearAnswers<Asked extends Pick<Query, 'sha256'>>(
  gallery: Gallery,
  space: string,
  queries: readonly Asked[],
  vectorOf: (query: Asked) => Float32Array,
  breathe: Breathe,
): Promise<(string | null)[]> {
  const photos = new Set(gallery.regions.map(({ photoSha256 }) => photoSha256));
  const asked = new Set(queries.map(({ sha256 }) => sha256));
  const answers: (string | null)[] = queries.map(() => null);
  for (const inside of [false, true]) {
    const part = [...queries.keys()].filter((query) => photos.has(queries[query].sha256) === inside);
    const kept = [...gallery.regions.keys()].filter((i) => !inside || !asked.has(gallery.regions[i].photoSha256));
    if (part.length === 0 || kept.length === 0) continue;
    const examples = rowsOf(gallery, space, kept);
    const rows = new Float32Array(part.length * examples.dimensions);
    for (const [i, query] of part.entries())
      rows.set(gallery.vectors.place(space, vectorOf(queries[query])), i * examples.dimensions);
    const named = await linearProbe(examples, rows, breathe);
    for (const [i, query] of part.entries()) answers[query] = gallery.examples.classes[named.answers[i]];
  }
  return answers;
}

/** Some examples of a gallery, in one of its spaces. */
function rowsOf({ examples }: Gallery, name: string, kept: readonly number[]): LabelledRows {
  const some = someOf(examples, kept);
  const { rows, dimensions } = some.spaces.find((space) => space.name === name)!;
  return { rows, dimensions, labels: some.labels, classes: some.classes.length, groups: groupsOf(some) };
}
