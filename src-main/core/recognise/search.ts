/** Search by likeness: the regions of the workspace that look most like a file, a picture in memory, or another region. */
import { GondolaError, stopIfAsked } from '../../base/errors.ts';
import type { SearchResult } from '../../contract/search.ts';
import { changeMark, type Database } from '../../store/database.ts';
import { effectiveLabel } from '../../store/labels.ts';
import { locatedRegion, productPhotos, regionById } from '../../store/regions.ts';
import type { Match } from '../../store/vectors.ts';
import type { Box } from '../../vision/picture.ts';
import type { CoreContext } from '../context.ts';
import { readPhoto } from './look.ts';
import { searchIndex } from './search-index.ts';
import { seePicture } from './see-picture.ts';

export interface SearchRequest {
  image: string;
  /** Upright pixels of the image; all of it where there is none. */
  box?: Box;
  count: number;
  device: string;
}

export interface PictureRequest extends Omit<SearchRequest, 'image'> {
  /** Leaves out whole photos that have boxes on them. */
  products?: boolean;
  bytes: Uint8Array;
  /** What errors call the picture. */
  name: string;
}

/** @throws GondolaError `no-model`, `not-indexed`, and those of reading the image */
export async function searchByPicture(request: SearchRequest, context: CoreContext): Promise<SearchResult[]> {
  await searchIndex(context.workspace.database); // says what is missing before the file is read
  const bytes = await readPhoto(request.image);
  return searchByBytes({ ...request, bytes, name: request.image }, context);
}

/** @throws GondolaError `no-model`, `not-indexed`, and those of decoding the picture */
export async function searchByBytes(request: PictureRequest, context: CoreContext): Promise<SearchResult[]> {
  const { workspace, signal } = context;
  const index = await searchIndex(workspace.database);
  stopIfAsked(signal);
  const seen = await seePicture(request, workspace, request.device);
  const accept = request.products ? accepting(workspace.database) : undefined;
  return described(workspace.database, index.vectors.search(index.query(seen), request.count, accept));
}

/**
 * From the stored vectors alone; the region itself is left out.
 * @throws GondolaError `no-model`, `not-indexed`, `region-unknown`, `region-not-indexed`
 */
export async function searchByRegion(
  { region, count, products }: { region: number; count: number; products: boolean },
  { workspace }: CoreContext,
): Promise<SearchResult[]> {
  const { database } = workspace;
  const { vectors } = await searchIndex(database);
  const query = vectors.get(region)?.slice();
  if (query === undefined) {
    if (regionById(database, region) === undefined) {
      throw new GondolaError(
        'region-unknown',
        `There is no region ${region} in this workspace.`,
        'Choose another one.',
      );
    }
    throw new GondolaError(
      'region-not-indexed',
      `Region ${region} has not been indexed by the active model.`,
      'Run `gondola index WORKSPACE` first.',
    );
  }
  const isProduct = products ? accepting(database) : () => true;
  return described(
    database,
    vectors.search(query, count, (id) => id !== region && isProduct(id)),
  );
}

const productsOf = new WeakMap<Database, { readonly mark: string; readonly products: ReadonlyMap<number, number> }>();

/** Whether a region is a product: read again when anything has changed. */
function accepting(database: Database): (id: number) => boolean {
  const mark = changeMark(database);
  let known = productsOf.get(database);
  if (known?.mark !== mark) {
    known = { mark, products: productPhotos(database) };
    productsOf.set(database, known);
  }
  const { products } = known;
  return (id) => products.has(id);
}

/** With place and label. A region that was taken back since the index was read is left out. */
function described(database: Database, matches: readonly Match[]): SearchResult[] {
  return matches.flatMap(({ id, score }) => {
    const region = locatedRegion(database, id);
    if (region === undefined) return [];
    const { photoId, path, kind, x, y, width, height } = region;
    const label = effectiveLabel(database, id);
    return {
      ...{ regionId: id, photoId, path, kind, x, y, width, height, score },
      verdict: label?.verdict ?? null,
      sku: label?.skuName ?? null,
      source: label?.source ?? null,
      confidence: label?.confidence ?? null,
    };
  });
}
