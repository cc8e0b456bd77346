/**
 * Several similarities in one: Σ weight · similarity is the dot product of the spaces' vectors side by side, each times the root of its
 * weight. One search then finds the nearest neighbours of the mixture exactly.
 */

export interface Part {
  readonly name: string;
  readonly dimensions: number;
}

export class Mixture {
  /** Of a mixed vector. */
  readonly dimensions: number;
  readonly #parts: readonly (Part & { readonly scale: number })[];

  /** @param weights by the parts' names, summing to 1; parts without a weight are left out */
  constructor(parts: readonly Part[], weights: Readonly<Record<string, number>>) {
    this.#parts = parts
      .map((part) => ({ ...part, scale: Math.sqrt(weights[part.name] ?? 0) }))
      .filter(({ scale }) => scale > 0);
    this.dimensions = this.#parts.reduce((sum, { dimensions }) => sum + dimensions, 0);
  }

  /** @param vectorOf the unit vector of each part, by its name */
  mix(vectorOf: (name: string) => Float32Array): Float32Array {
    const mixed = new Float32Array(this.dimensions);
    let at = 0;
    for (const { name, dimensions, scale } of this.#parts) {
      const vector = vectorOf(name);
      for (let i = 0; i < dimensions; i++) mixed[at++] = vector[i] * scale;
    }
    return mixed;
  }
}
