/**
 * Looks at regions of one photo: decodes it once, cuts out what the encoder sees of each, and computes the hand-made descriptions. The same for
 * regions that are stored, asked about and searched with, so that equal pictures get equal numbers.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { GondolaError } from '../../base/errors.ts';
import { decodeUpright, readPhotoHeader } from '../../vision/decode.ts';
import { type Box, type Picture, wholeBox } from '../../vision/picture.ts';
import { encoderInput } from '../../vision/resize.ts';
import { descriptorNamed } from './descriptors.ts';

export interface LookTask {
  readonly path: string;
  /** SHA-256 that the file must have: its pixels are then those that the boxes were drawn on. Undefined where any content will do. */
  readonly sha256?: string;
  /** In upright pixels of the photo; null is the whole photo. */
  readonly boxes: readonly (Box | null)[];
  /** Side of the encoder's input; 0 where no encoder will look. */
  readonly size: number;
  /** Names of descriptors to compute. */
  readonly descriptors: readonly string[];
}

export interface Looked {
  readonly sha256: string;
  /** [boxes, size, size, 3], levels 0–255. */
  readonly inputs: Uint8Array;
  /** By descriptor: [boxes, dimensions]. */
  readonly descriptions: Readonly<Record<string, Float32Array>>;
}

/**
 * The shorter side that a region keeps, at least, when its photo is decoded smaller: a JPEG at half size takes a quarter of the work,
 * and an encoder's usual 224 pixels are no finer than this. It depends on the region alone, so that its numbers do not change with its neighbours.
 */
const ENOUGH_PIXELS = 256;

/** @throws GondolaError as `decodeUpright`; `photo-changed` where the content is not what was imported; `box-outside` */
export async function look(task: LookTask): Promise<Looked> {
  const { path } = task;
  const bytes = await readPhoto(path);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (task.sha256 !== undefined && task.sha256 !== sha256) {
    throw new GondolaError(
      'photo-changed',
      `${path} is no longer the photo that was imported: its content has changed.`,
      'Import it again; it then counts as a new photo.',
    );
  }
  return { sha256, ...(await lookAt(bytes, task)) };
}

/**
 * Looks at a photo that is in memory; the task's path is what errors call it.
 * @throws GondolaError as `decodeUpright`; `box-outside`
 */
export async function lookAt(bytes: Uint8Array, task: Omit<LookTask, 'sha256'>): Promise<Omit<Looked, 'sha256'>> {
  const { path, boxes, size } = task;
  const header = await readPhotoHeader(bytes, path);
  const inputs = new Uint8Array(boxes.length * size * size * 3);
  const descriptions = Object.fromEntries(
    task.descriptors.map((name) => [name, new Float32Array(boxes.length * descriptorNamed(name).dimensions)]),
  );
  const regions = boxes.map((box) => box ?? { x: 0, y: 0, width: header.width, height: header.height });
  for (const region of regions) requireInside(region, header, path);
  const levels = regions.map(({ width, height }) =>
    Math.max(0, Math.floor(Math.log2(Math.min(width, height) / ENOUGH_PIXELS))),
  );
  for (const level of new Set(levels)) {
    const maximumSide = Math.ceil(Math.max(header.width, header.height) / 2 ** level);
    const picture = await decodeUpright(bytes, level > 0 ? { maximumSide, name: path } : { name: path });
    for (const [index, region] of regions.entries()) {
      if (levels[index] !== level) continue;
      const box = boxes[index] === null ? wholeBox(picture) : scaled(region, header, picture);
      if (size > 0) inputs.set(encoderInput(picture, box, size).data, index * size * size * 3);
      for (const [name, into] of Object.entries(descriptions)) {
        const { dimensions, describe } = descriptorNamed(name);
        into.set(describe(picture, box), index * dimensions);
      }
    }
  }
  return { inputs, descriptions };
}

/** @throws GondolaError `photo-unreadable` */
export async function readPhoto(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new GondolaError(
      'photo-unreadable',
      `${path} cannot be read: ${(error as NodeJS.ErrnoException).code === 'ENOENT' ? 'it is not there' : (error as Error).message}.`,
      'If it was moved, import its new folder: it is recognised by its content.',
      { cause: error },
    );
  }
}

function requireInside(box: Box, photo: { width: number; height: number }, path: string): void {
  if (box.x < photo.width && box.y < photo.height && box.x + box.width > 0 && box.y + box.height > 0) return;
  throw new GondolaError(
    'box-outside',
    `A box at ${box.x}, ${box.y} lies outside of ${path}, which is ${photo.width} × ${photo.height} pixels.`,
    'Boxes are in pixels of the upright photo.',
  );
}

function scaled(box: Box, photo: { width: number; height: number }, picture: Picture): Box {
  const across = picture.width / photo.width;
  const down = picture.height / photo.height;
  return { x: box.x * across, y: box.y * down, width: box.width * across, height: box.height * down };
}
