import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeFileAtomically } from '../../base/files.ts';
import type { Weights } from '../../model/parameters.ts';
import type { VitConfig } from '../../model/vit.ts';
import { writeSafetensors } from '../../model/weights/safetensors.ts';
import { imageDeviation, imageMean } from '../../vision/tensor.ts';

export async function saveEncoder(path: string, config: VitConfig, weights: Weights): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeSafetensors(path, weights);
  await writeFileAtomically(
    path.replace(/\.safetensors$/, '.json'),
    `${JSON.stringify({ architecture: config, inputSize: config.image, mean: imageMean, std: imageDeviation }, null, 2)}\n`,
  );
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}
