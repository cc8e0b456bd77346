/** Opens a weight file of any format that Gondola reads; the format is told by the file's content, not by its name. */
import { GondolaError } from '../../base/errors.ts';
import { BoundedFile } from './bounded-file.ts';
import { openOnnx } from './onnx.ts';
import { openPytorch } from './pytorch.ts';
import { openSafetensors } from './safetensors.ts';
import type { WeightFile } from './stored.ts';

/**
 * Pickles of the protocols 2 to 5 say so. Older ones are never a checkpoint, but what begins with a name to be called shall be told for what it is rather
 * than taken for an unknown format.
 */
function isPickle(start: Buffer): boolean {
  return (start[0] === 0x80 && start[1] >= 2 && start[1] <= 5) || CALL.test(start.toString('latin1'));
}

const CALL = /^\(?c[\w.]+\n[\w.]+\n/;

/** @throws GondolaError `weights-unreadable`, `weights-unsafe`, `weights-format` */
export async function openWeights(path: string): Promise<WeightFile> {
  const file = await BoundedFile.open(path, 'weight file');
  let start: Buffer;
  try {
    if (file.size === 0) throw file.fail('it is empty');
    start = await file.read(0, Math.min(file.size, 512));
  } finally {
    await file.close();
  }
  const text = start.toString('latin1');
  if (text.startsWith('version https://git-lfs')) {
    throw new GondolaError(
      'weights-format',
      `${path} only points to the weights (Git LFS) and does not hold them.`,
      'Fetch the file itself, with `git lfs pull` or the download link of its page.',
    );
  }
  if (text.startsWith('PK\x03\x04') || isPickle(start) || text.slice(257, 262) === 'ustar') return openPytorch(path);
  if (start.length > 8 && start.readUInt32LE(4) === 0 && start[8] === 0x7b) return openSafetensors(path);
  // A model's first field is its version: field 1, a small number.
  if (start[0] === 0x08 && start[1] < 0x20) return openOnnx(path);
  // Of a damaged file the name is all that is left.
  if (path.endsWith('.safetensors')) return openSafetensors(path);
  if (path.endsWith('.onnx')) return openOnnx(path);
  throw new GondolaError(
    'weights-format',
    `${path} is no weight file that Gondola reads.`,
    'It reads safetensors, PyTorch checkpoints (.pth, .pt, .bin) and ONNX models.',
  );
}
