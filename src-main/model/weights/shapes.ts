/** What a transformer's parameters tell of its architecture by their shapes, and whether they all fit it. */

import { GondolaError } from '../../base/errors.ts';
import type { Slot } from '../parameters.ts';
import type { VitConfig } from '../vit.ts';
import { mismatch } from './naming.ts';

/** A parameter as a file has it. */
export interface FoundParameter {
  readonly source: string;
  readonly shape: readonly number[];
}

type Found = ReadonlyMap<string, FoundParameter>;

/** Beyond any published transformer, each for itself; `side` is that of a grid of patches. Keeps a file from asking for what nobody could list. */
export const MOST = { dimensions: 8192, depth: 128, patch: 64, registers: 64, side: 256 };
/** Of nearly every published vision transformer; */
const WIDTH_OF_A_HEAD = 64;
/** the others: the so400m, huge and giant ones. */
const HEADS: Readonly<Record<number, number>> = { 1152: 16, 1280: 16, 1408: 16 };

const inWords = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/**
 * @param found under the official names
 * @param heads which no shape tells; as published networks of this width have them unless given
 * @throws GondolaError `weights-mismatch`, `weights-heads`
 */
export function architectureOf(path: string, found: Found, heads?: number): VitConfig {
  const extent = (
    name: string,
    axis: number,
    wanted: string,
    most: number,
    fits: (shape: readonly number[]) => boolean,
  ) => {
    const parameter = found.get(name);
    if (!parameter) throw mismatch(path, `the model needs "${name}" as ${wanted}, and the file does not have it`);
    const { shape, source } = parameter;
    if (fits(shape) && shape[axis] >= 1 && shape[axis] <= most) return shape[axis];
    const also = source === name ? '' : ` ("${source}")`;
    throw mismatch(path, `the model needs "${name}"${also} as ${wanted}, and the file has it as ${inWords(shape)}`);
  };
  const d = extent(
    'cls_token',
    2,
    '[1, 1, dimensions]',
    MOST.dimensions,
    (shape) => shape.length === 3 && shape[0] * shape[1] === 1,
  );
  const patch = extent(
    'patch_embed.proj.weight',
    3,
    `[${d}, 3, patch, patch]`,
    MOST.patch,
    ([rows, colours, height, width]) => rows === d && colours === 3 && height === width,
  );
  const isRow = (shape: readonly number[]) => shape.length === 3 && shape[0] === 1 && shape[2] === d;
  const registers = found.has('register_tokens')
    ? extent('register_tokens', 1, `[1, registers, ${d}]`, MOST.registers, isRow)
    : 0;
  const isSquare = (shape: readonly number[]) => isRow(shape) && Number.isInteger(Math.sqrt(shape[1] - 1));
  const positions = extent('pos_embed', 1, `[1, 1 + side × side, ${d}]`, 1 + MOST.side ** 2, isSquare);
  const depth = depthOf(found);
  if (depth === 0) throw mismatch(path, 'the model needs "blocks.0.norm1.weight", and the file does not have it');
  if (depth > MOST.depth) throw mismatch(path, `it has "blocks.${depth - 1}", more blocks than any encoder`);
  return {
    ...{ dimensions: d, depth, heads: headsOf(path, d, heads), patch, registers },
    image: patch * Math.sqrt(positions - 1),
    layerScale: found.has('blocks.0.ls1.gamma'),
  };
}

/** Blocks, by the highest number among the names. */
export function depthOf(found: Found): number {
  return [...found.keys()].reduce((most, name) => {
    const [, block] = /^blocks\.(\d+)\./.exec(name) ?? [];
    return block === undefined ? most : Math.max(most, Number(block) + 1);
  }, 0);
}

function headsOf(path: string, dimensions: number, told: number | undefined): number {
  const heads = told ?? HEADS[dimensions] ?? dimensions / WIDTH_OF_A_HEAD;
  if (Number.isInteger(heads) && heads >= 1 && dimensions % heads === 0) return heads;
  throw new GondolaError(
    'weights-heads',
    told === undefined
      ? `${path}: how many attention heads share its ${dimensions} dimensions cannot be told from the shapes.`
      : `${path}: ${told} attention heads cannot share ${dimensions} dimensions equally.`,
    'Say how many heads there are: `gondola import-weights … --heads N`.',
  );
}

/**
 * Whether the file has every parameter in its shape, and none besides.
 * @param optional parameters that it may have
 * @throws GondolaError `weights-mismatch` that names the first one that does not fit, as expected and as found
 */
export function checkFit(path: string, expected: readonly Slot[], found: Found, optional: readonly Slot[] = []): void {
  const known = [...expected, ...optional.filter(({ name }) => found.has(name))];
  for (const { name, shape } of known) {
    const parameter = found.get(name);
    const wanted = `the model needs "${name}" as ${inWords(shape)}`;
    if (!parameter) throw mismatch(path, `${wanted}, and the file does not have it`);
    const also = parameter.source === name ? '' : ` ("${parameter.source}")`;
    if (parameter.shape.join() !== shape.join())
      throw mismatch(path, `${wanted}, and the file has it as ${inWords(parameter.shape)}${also}`);
  }
  const names = new Set(known.map(({ name }) => name));
  for (const [name, { source, shape }] of found)
    if (!names.has(name))
      throw mismatch(path, `the file has "${source}" as ${inWords(shape)}, and the model has no such parameter`);
}
