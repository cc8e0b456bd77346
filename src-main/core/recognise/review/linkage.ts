/** Average linkage by nearest-neighbour chains (Murtagh 1983, "A survey of recent advances in hierarchical clustering algorithms"): time and memory of n². */

/** A group larger than a person sees at one look helps nobody. */
export const MOST_IN_GROUP = 36;

export interface Join {
  /** A representative row of each of the two groups that are joined. */
  readonly a: number;
  readonly b: number;
  readonly similarity: number;
}

/** All joins of average linkage, by nearest-neighbour chains; `similarity` [count, count] and `sizes` are used up. */
export function chain(similarity: Float32Array, sizes: Int32Array): Join[] {
  const count = sizes.length;
  const joins: Join[] = [];
  const path: number[] = [];
  let start = 0;
  while (joins.length < count - 1) {
    if (path.length === 0) {
      while (sizes[start] === 0) start++;
      path.push(start);
    }
    const tip = path[path.length - 1];
    const before = path.length > 1 ? path[path.length - 2] : -1;
    // Of equals the one before, or the chain would never close.
    let best = before;
    let most = before < 0 ? Number.NEGATIVE_INFINITY : similarity[tip * count + before];
    for (let other = 0; other < count; other++) {
      if (other === tip || sizes[other] === 0) continue;
      const value = similarity[tip * count + other];
      if (value > most) {
        most = value;
        best = other;
      }
    }
    if (best !== before) {
      path.push(best);
      continue;
    }
    path.length -= 2;
    joins.push({ a: tip, b: before, similarity: most });
    // The joined group lives on in `before`.
    const total = sizes[tip] + sizes[before];
    for (let other = 0; other < count; other++) {
      if (sizes[other] === 0 || other === tip || other === before) continue;
      const value =
        (sizes[tip] * similarity[tip * count + other] + sizes[before] * similarity[before * count + other]) / total;
      similarity[before * count + other] = value;
      similarity[other * count + before] = value;
    }
    sizes[before] = total;
    sizes[tip] = 0;
  }
  return joins;
}

/** The groups that remain when joins that are not alike enough, or would make too large a group, are not made. */
export function cut(joins: readonly Join[], sizes: Int32Array, alike: number): number[][] {
  const groupOf = Array.from(sizes, (_, i) => [i]);
  const total = Int32Array.from(sizes);
  /** Of two groups that are too large together the smaller goes on, in the name of both; the larger one is done. */
  const goesOn = Array.from(sizes, (_, i) => i);
  for (const { a, b, similarity } of joins.toSorted((x, y) => y.similarity - x.similarity)) {
    if (similarity < alike) break;
    const [first, second] = [groupOf[goesOn[a]], groupOf[goesOn[b]]];
    const [one, other] = [total[first[0]], total[second[0]]];
    if (one + other > MOST_IN_GROUP) {
      if (one < other) goesOn[b] = goesOn[a];
      continue;
    }
    // The first member of a group keeps its size.
    total[second[0]] = one + other;
    second.push(...first);
    for (const member of first) groupOf[member] = second;
  }
  return [...new Set(groupOf)];
}
