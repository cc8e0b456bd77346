// The fixed teacher of a distillation: an encoder in a weight file with the description beside it.
import { readFileSync } from 'node:fs';
import { GondolaError, sentence } from '../../base/errors.ts';
import type { Architecture } from '../../model/backbone.ts';
import { backboneParameters } from '../../model/backbone.ts';
import { parseDescription } from '../../model/encoder.ts';
import { selectWeights, type Weights } from '../../model/parameters.ts';
import { readSafetensors } from '../../model/weights/safetensors.ts';
import { TEACHER_PREFIX } from './distillation.ts';

/** What a recipe keeps of its teacher. The weights are in the run's checkpoint. */
export interface Teacher {
  /** NAME.safetensors, with its NAME.json beside it. */
  readonly file: string;
  readonly architecture: Architecture;
  /** Of its input, as in its description. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/**
 * Reads the teacher's description.
 * @throws GondolaError `teacher-unreadable`, `encoder-unreadable`
 */
export function teacherIn(file: string): Teacher {
  if (!file.endsWith('.safetensors'))
    throw new GondolaError(
      'teacher-unreadable',
      `${file} cannot be a teacher: it is no .safetensors file.`,
      'Give an encoder that Gondola has saved, or import the weights first.',
    );
  const path = file.replace(/\.safetensors$/, '.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new GondolaError(
      'teacher-unreadable',
      `${file} cannot be a teacher: its description ${path} could not be read (${sentence(error)}).`,
      'Give an encoder that Gondola has saved, with the .json beside the weights.',
      { cause: error },
    );
  }
  const { architecture, mean, std } = parseDescription(text, path);
  return { file, architecture, mean, std };
}

/**
 * The teacher's weights under the names that the objective gives them.
 * @throws GondolaError `weights-unreadable`, `weights-mismatch`
 */
export async function teacherWeights({ file, architecture }: Teacher): Promise<Weights> {
  const { tensors } = await readSafetensors(file);
  const chosen = selectWeights(backboneParameters(architecture), tensors, file);
  return new Map([...chosen].map(([name, tensor]) => [TEACHER_PREFIX + name, tensor]));
}
