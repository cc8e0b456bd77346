// Drawn shelf photos with boxes and no labels, and the truth about them, for a test that plays the analyst.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unattended } from '../../src-main/base/progress.ts';
import type { CoreContext } from '../../src-main/core/context.ts';
import { sampleHandlers } from '../../src-main/core/sample/service.ts';
import { givenLabels } from '../../src-main/store/labels.ts';
import { productRegions } from '../../src-main/store/regions.ts';
import { Workspace } from '../../src-main/store/workspace.ts';

export interface Shelves {
  readonly photos: string;
  /** Boxes of all products, without names. */
  readonly boxes: string;
  readonly count: { readonly photos: number; readonly products: number };
  /** What a region of the workspace really shows. */
  truth(workspace: string): Map<number, string>;
}

export async function drawShelves(folder: string): Promise<Shelves> {
  const drawn = await sampleHandlers['sample.draw'](
    { folder, photos: 5, skus: 6, labels: 0, seed: 3 },
    unattended as CoreContext, // drawing needs no workspace
  );
  const rows = readFileSync(join(folder, 'truth.csv'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));
  const names = new Map(rows.map(([path, label, , ...box]) => [key(join(folder, path), box.map(Number)), label]));
  return {
    photos: join(folder, 'photos'),
    boxes: join(folder, 'labels.csv'),
    count: { photos: drawn.photos, products: drawn.products },
    truth(place) {
      const workspace = Workspace.open(place);
      try {
        return new Map(
          productRegions(workspace.database).map(({ id, path, x, y, width, height }) => [
            id,
            names.get(key(path!, [x, y, width, height]))!,
          ]),
        );
      } finally {
        workspace.close();
      }
    },
  };
}

const key = (path: string, box: readonly number[]) => `${path} ${box.map(Math.round).join(' ')}`;

/** What a person said of which region, as it lies in the workspace. */
export function personsLabels(place: string): Map<number, string> {
  const workspace = Workspace.open(place);
  try {
    const labels = givenLabels(workspace.database).filter(({ source }) => source === 'person');
    return new Map(labels.map(({ regionId, skuName }) => [regionId, skuName ?? '']));
  } finally {
    workspace.close();
  }
}
