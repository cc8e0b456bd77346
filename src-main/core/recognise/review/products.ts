/** The products of a workspace as they are seen now: which there are, their vectors in one mixture, and their groups. Made once, kept until they change. */
import { GondolaError } from '../../../base/errors.ts';
import type { ReviewGrouping } from '../../../contract/review.ts';
import type { Database } from '../../../store/database.ts';
import { countEmbeddings } from '../../../store/embeddings.ts';
import { activeModel, modelByName } from '../../../store/models.ts';
import { type LocatedRegion, productRegions } from '../../../store/regions.ts';
import { indexingNow, regionMark } from '../../../store/review.ts';
import { toUnitLength } from '../../../vision/colour.ts';
import type { Breathe } from '../breathe.ts';
import type { Calibration } from '../calibrate.ts';
import { descriptorNamed, mixedDescriptors } from '../descriptors.ts';
import { Mixture } from '../mixture.ts';
import { storedCalibration } from '../setup.ts';
import { LEARNED, learnedSpace, type ModelSpace, readVectors } from '../spaces.ts';
import { groupByLikeness, type Rows } from './likeness.ts';

export interface Products {
  readonly grouping: ReviewGrouping;
  readonly model: boolean;
  /** In the order of import, those of one photo side by side. */
  readonly regions: readonly LocatedRegion[];
  /** Where a region stands in `regions`; a product's *place*. */
  readonly placeOf: ReadonlyMap<number, number>;
  /** Vectors by row, where there are any, and the row of each place (−1: it has no vector). */
  readonly rows: Rows | null;
  readonly rowOf: Int32Array;
  /** Places of each group, the most typical first. */
  readonly groups: readonly (readonly number[])[];
  /** The group of each place. */
  readonly groupOf: Int32Array;
  /** A similarity below which an answer is no suggestion. */
  readonly unlike: number;
  /** How sure the classifier is; null until it was measured on these ways of seeing. */
  readonly calibration: Calibration | null;
}

/** Products that a page shows at once where nothing says which are alike. */
const PER_PAGE = 24;

/** The spaces that hold vectors now; the trained encoder's first. */
function filledSpaces(database: Database): ModelSpace[] {
  const spaces: ModelSpace[] = [];
  const active = activeModel(database);
  if (active !== undefined) spaces.push(learnedSpace(active));
  for (const name of mixedDescriptors) {
    const { centered, version } = descriptorNamed(name);
    const model = modelByName(database, name);
    if (model?.kind !== 'descriptor' || model.configJson !== JSON.stringify({ version })) continue;
    spaces.push({ name, model, placement: centered ? 'centered' : 'plain' });
  }
  return spaces.filter(({ model }) => countEmbeddings(database, model.id) > 0);
}

/** Equal as long as `readProducts` would give the same. While an index is being made, it counts as not begun: groups that change under one's hands help nobody. */
export function productsMark(database: Database): string {
  const spaces = filledSpaces(database).map(({ name, model }) => [
    name,
    model.id,
    model.sha256,
    countEmbeddings(database, model.id),
  ]);
  return JSON.stringify([
    regionMark(database),
    spaces,
    activeModel(database)?.id ?? null,
    storedCalibration(database)?.weights ?? null,
  ]);
}

export async function readProducts(database: Database, breathe: Breathe): Promise<Products> {
  const regions = productRegions(database);
  const placeOf = new Map(regions.map(({ id }, place) => [id, place]));
  const indexing = indexingNow(database);
  const spaces = indexing ? [] : filledSpaces(database);
  const stored = storedCalibration(database);
  // A calibration speaks of all ways of seeing together.
  const calibrated = stored !== undefined && spaces.length === mixedDescriptors.length + 1 ? stored : null;
  const { rows, rowOf } = await mixedRows(database, regions, spaces, calibrated, breathe);
  const { groups, unlike } = await groupProducts(regions, rows, rowOf, breathe);
  const groupOf = new Int32Array(regions.length);
  for (const [group, places] of groups.entries()) for (const place of places) groupOf[place] = group;
  let grouping: ReviewGrouping = indexing ? 'indexing' : 'photo';
  if (rows !== null) grouping = spaces.some(({ name }) => name === LEARNED) ? 'likeness' : 'looks';
  return {
    grouping,
    model: activeModel(database) !== undefined,
    regions,
    placeOf,
    rows,
    rowOf,
    groups,
    groupOf,
    unlike,
    calibration: calibrated,
  };
}

async function mixedRows(
  database: Database,
  regions: readonly LocatedRegion[],
  spaces: readonly ModelSpace[],
  calibrated: Calibration | null,
  breathe: Breathe,
): Promise<{ rows: Rows | null; rowOf: Int32Array }> {
  const rowOf = new Int32Array(regions.length).fill(-1);
  if (spaces.length === 0) return { rows: null, rowOf };
  const weights = calibrated?.weights ?? Object.fromEntries(spaces.map(({ name }) => [name, 1 / spaces.length]));
  const used = spaces.filter(({ name }) => weights[name] > 0);
  const mixture = new Mixture(
    used.map(({ name, model }) => ({ name, dimensions: model.dimensions })),
    weights,
  );
  const stored = readVectors(database, used);
  const { dimensions } = mixture;
  const vectors = new Float32Array(regions.length * dimensions);
  let count = 0;
  for (const [place, { id }] of regions.entries()) {
    if (place % 64 === 0) await breathe();
    const look = stored.look(id);
    if (look === undefined) continue;
    const mixed = mixture.mix((name) => look[name]);
    // Where a way of seeing had nothing to say (a zero vector), the others speak alone.
    vectors.set(toUnitLength(mixed), count * dimensions);
    rowOf[place] = count++;
  }
  if (count === 0) return { rows: null, rowOf };
  return { rows: { vectors: vectors.subarray(0, count * dimensions), dimensions, count }, rowOf };
}

async function groupProducts(
  regions: readonly LocatedRegion[],
  rows: Rows | null,
  rowOf: Int32Array,
  breathe: Breathe,
): Promise<{ groups: number[][]; unlike: number }> {
  const unseen = [...regions.keys()].filter((place) => rowOf[place] < 0);
  if (rows === null) return { groups: byPhoto(regions, unseen), unlike: 1 };
  const placeOfRow = new Int32Array(rows.count);
  for (const [place, row] of rowOf.entries()) if (row >= 0) placeOfRow[row] = place;
  const { groups, unlike } = await groupByLikeness(rows, null, breathe);
  const seen = groups.map((group) => group.map((row) => placeOfRow[row]));
  return { groups: [...seen, ...byPhoto(regions, unseen)], unlike };
}

/** Products as they come: a shelf's in portions of a page, photos of one product each together. */
function byPhoto(regions: readonly LocatedRegion[], places: readonly number[]): number[][] {
  const groups: number[][] = [];
  let group: number[] = [];
  for (const place of places) {
    const previous = group.at(-1);
    const shelfEnds =
      previous !== undefined &&
      regions[previous].photoId !== regions[place].photoId &&
      (regions[previous].kind === 'box' || regions[place].kind === 'box');
    if (previous === undefined || shelfEnds || group.length === PER_PAGE) {
      group = [];
      groups.push(group);
    }
    group.push(place);
  }
  return groups;
}

/** @throws GondolaError `region-missing` */
export function requirePlace({ placeOf }: Products, regionId: number): number {
  const place = placeOf.get(regionId);
  if (place !== undefined) return place;
  throw new GondolaError(
    'region-missing',
    `Product ${regionId} is not there any more.`,
    'It may have been undone or its photo removed; go on with the next group.',
  );
}
