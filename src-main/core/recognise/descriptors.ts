/** The hand-made ways of describing a region, by the names of their model rows. */
import type { Database } from '../../store/database.ts';
import { deleteModel, insertModel, type Model, modelByName } from '../../store/models.ts';
import { appearanceDescriptor, appearanceLength } from '../../vision/appearance.ts';
import { colourHistogram, histogramLength, pixelDescriptor, pixelLength } from '../../vision/colour.ts';
import { edgeDescriptor, edgeLength } from '../../vision/edges.ts';
import type { Box, Picture } from '../../vision/picture.ts';

export interface Descriptor {
  readonly name: string;
  readonly dimensions: number;
  /** Raised when the same picture begins to give other numbers: what older ones stored is then made anew. */
  readonly version: number;
  /** Whether the mean of all regions is taken away before comparing; a histogram without what all have in common names fewer products. */
  readonly centered: boolean;
  /** A vector of length 1, or of zeros. */
  readonly describe: (picture: Picture, box: Box) => Float32Array;
}

export const descriptors: readonly Descriptor[] = [
  { name: 'colour', dimensions: histogramLength, version: 1, centered: false, describe: colourHistogram },
  { name: 'appearance', dimensions: appearanceLength, version: 1, centered: false, describe: appearanceDescriptor },
  { name: 'edges', dimensions: edgeLength, version: 1, centered: true, describe: edgeDescriptor },
  { name: 'pixels', dimensions: pixelLength, version: 1, centered: false, describe: pixelDescriptor },
];

/** Those that the classifier mixes with the learned similarity. The pixels are a baseline for evaluation. */
export const mixedDescriptors: readonly string[] = ['colour', 'appearance', 'edges'];

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
