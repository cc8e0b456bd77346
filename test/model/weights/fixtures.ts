// The files that PyTorch wrote, and what it computed with them: test/fixtures/weights/make.py.
import { readFileSync } from 'node:fs';
import { openRuntime } from '../../../src-main/engine/devices.ts';
import { Encoder } from '../../../src-main/model/encoder.ts';
import { type ImportOptions, importWeights } from '../../../src-main/model/weights/import.ts';

export const fixture = (name: string): string => new URL(`../../fixtures/weights/${name}`, import.meta.url).pathname;

interface Expected {
  readonly features: Readonly<Record<string, { readonly side: number; readonly values: number[] }>>;
  readonly names: { readonly dino: Readonly<Record<string, number[]>> };
  readonly positions: Readonly<Record<string, number[]>>;
}

export const expected: Expected = JSON.parse(readFileSync(fixture('expected.json'), 'utf8'));

/** The fixed pictures of make.py. */
export function fixedImages(n: number, side: number): Float32Array {
  return Float32Array.from({ length: n * 3 * side * side }, (_, i) => ((i * 37) % 101) / 64 - 0.75);
}

/** What our network computes with a file's weights. */
export async function featuresOf(path: string, options: ImportOptions): Promise<Float32Array> {
  const { description, weights } = await importWeights(path, options);
  const { architecture, inputSize } = description;
  const encoder = new Encoder(await openRuntime('cpu'), architecture, weights, path, inputSize);
  const features = await encoder.embed(fixedImages(2, inputSize), 2);
  await encoder.dispose();
  return features;
}

export function furthest(values: ArrayLike<number>, others: ArrayLike<number>): number {
  if (values.length !== others.length) return Number.POSITIVE_INFINITY;
  return Array.from(values).reduce((most, value, i) => Math.max(most, Math.abs(value - others[i])), 0);
}
