/** The hand-made ways of describing a region, by the names of their model rows. */
import type { Database } from '../../store/database.ts';
import { deleteModel, insertModel, type Model, modelByName } from '../../store/models.ts';
import { colourHistogram, histogramLength, pixelDescriptor, pixelLength } from '../../vision/colour.ts';
import type { Box, Picture } from '../../vision/picture.ts';

export interface Descriptor {
  readonly name: string;
  readonly dimensions: number;
  /** Raised when the same picture begins to give other numbers: what older ones stored is then made anew. */
  readonly version: number;
  /** A vector of length 1, or of zeros. */
  readonly describe: (picture: Picture, box: Box) => Float32Array;
}

export const descriptors: readonly Descriptor[] = [
  { name: 'colour', dimensions: histogramLength, version: 1, describe: colourHistogram },
  { name: 'pixels', dimensions: pixelLength, version: 1, describe: pixelDescriptor },
];

/** Those that the classifier mixes with the learned similarity. The others are baselines for evaluation. */
export const mixedDescriptors: readonly string[] = ['colour'];

export function descriptorNamed(name: string): Descriptor {
  const descriptor = descriptors.find((each) => each.name === name);
  if (!descriptor) throw new Error(`There is no descriptor "${name}".`);
  return descriptor;
}

/** The model row under which a descriptor's vectors are stored; made when missing, and anew when the descriptor has changed. */
export function descriptorModel(database: Database, name: string): Model {
  const { dimensions, version } = descriptorNamed(name);
  const known = modelByName(database, name);
  if (known !== undefined) {
    if (known.kind === 'descriptor' && known.configJson === JSON.stringify({ version })) return known;
    if (known.kind === 'descriptor') deleteModel(database, known.id);
  }
  return insertModel(database, { name, kind: 'descriptor', dimensions, config: { version } });
}
