/**
 * instances.json: COCO's instance annotations (cocodataset.org, "Data format"), as pycocotools and the detectors read them. Those readers
 * apply no EXIF orientation, so a photo that needs turning is written upright beside it, and all sizes and boxes are upright.
 */
import { stopIfAsked } from '../../base/errors.ts';
import { type JobContext, ProgressMeter } from '../../base/progress.ts';
import type { Workspace } from '../../store/workspace.ts';
import { breather } from '../recognise/breathe.ts';
import { outlines } from '../segment/contour.ts';
import { maskArea } from '../segment/mask.ts';
import { keptMask } from '../segment/mask-cache.ts';
import type { Catalogue, CataloguePhoto, CatalogueRegion } from './catalogue.ts';
import type { Destination } from './destination.ts';
import { jsonText } from './json-text.ts';
import type { Originals } from './originals.ts';

interface Image {
  id: number;
  file_name: string;
  width: number;
  height: number;
  date_captured?: string;
}

interface Annotation {
  id: number;
  image_id: number;
  category_id: number;
  /** x, y, width, height in upright pixels */
  bbox: [number, number, number, number];
  /** Polygons x, y, x, y … */
  segmentation: number[][];
  /** Pixels of the mask, or of the box where there is none. */
  area: number;
  iscrowd: 0;
}

interface Category {
  id: number;
  name: string;
  supercategory: string;
}

export interface CocoSummary {
  products: number;
  /** Of them with an outline of their own; the others have their box. */
  outlined: number;
}

/** Writes the file. Whole photos that nobody has named have an image and no annotation; what is no product has none either. */
export async function writeCoco(
  workspace: Workspace,
  catalogue: Catalogue,
  destination: Destination,
  originals: Originals,
  job: JobContext,
): Promise<CocoSummary> {
  const meter = new ProgressMeter(catalogue.photos.length, job.progress);
  const categories = new Categories(catalogue);
  const breathe = breather(job.signal);
  const images: Image[] = [];
  const annotations: Annotation[] = [];
  let outlined = 0;
  for (const photo of catalogue.photos) {
    stopIfAsked(job.signal);
    await breathe();
    images.push(await imageOf(photo, originals));
    for (const region of photo.regions) {
      if (region.label?.verdict === 'not-a-product' || (region.kind === 'photo' && region.label === null)) continue;
      const shape = await shapeOf(workspace, region);
      if (shape.outlined) outlined++;
      annotations.push({
        id: region.id,
        image_id: photo.id,
        category_id: categories.of(region),
        bbox: [region.x, region.y, region.width, region.height],
        segmentation: shape.segmentation,
        area: shape.area,
        iscrowd: 0,
      });
    }
    meter.advance(1, photo.path ?? '');
  }
  const file = {
    info: { description: 'Exported by Gondola', version: '1', date_created: new Date().toISOString() },
    licenses: [],
    images,
    annotations,
    categories: categories.used(),
  };
  await destination.text('instances.json', jsonText(file, 'lines'));
  return { products: annotations.length, outlined };
}

async function imageOf(photo: CataloguePhoto, originals: Originals): Promise<Image> {
  const { id, width, height, takenAt } = photo;
  // A photo whose file was lost stays in the list, under a name that says so: its annotations were somebody's work.
  const path = (await originals.place(photo)) || `missing/${photo.sha256}.${photo.format}`;
  return { id, file_name: path, width, height, ...(takenAt === null ? {} : { date_captured: takenAt }) };
}

async function shapeOf(
  workspace: Workspace,
  region: CatalogueRegion,
): Promise<{ segmentation: number[][]; area: number; outlined: boolean }> {
  const kept = await keptMask(workspace, region);
  const area = kept ? maskArea(kept.mask) : 0;
  if (kept && area > 0) {
    const polygons = outlines(kept.mask).map((polygon) =>
      polygon.map((value, index) => value + (index % 2 === 0 ? kept.x : kept.y)),
    );
    return { segmentation: polygons, area, outlined: true };
  }
  const { x, y, width, height } = region;
  const box = [x, y, x + width, y, x + width, y + height, x, y + height];
  return { segmentation: [box], area: width * height, outlined: false };
}

/** A category for each SKU, under the SKU's own id, which stays the same from export to export; and two for what has no SKU. */
class Categories {
  readonly #all: Category[];
  readonly #unknown: Category;
  readonly #unlabelled: Category;
  readonly #met = new Set<Category>();

  constructor({ skus }: Catalogue) {
    this.#all = skus.map(({ id, name, category }) => ({ id, name, supercategory: category ?? 'product' }));
    const last = Math.max(0, ...skus.map(({ id }) => id));
    // SKU names are unique, but one may be called as these two are.
    const free = (name: string) => (skus.some((sku) => sku.name === name) ? `${name} (no SKU)` : name);
    this.#unknown = { id: last + 1, name: free('Unknown'), supercategory: 'no SKU' };
    this.#unlabelled = { id: last + 2, name: free('Unlabelled'), supercategory: 'no SKU' };
  }

  of({ label }: CatalogueRegion): number {
    if (label?.sku) return label.sku.id;
    const category = label === null ? this.#unlabelled : this.#unknown;
    this.#met.add(category);
    return category.id;
  }

  /** All SKUs, products on no photo included, and of the other two those that were needed. */
  used(): Category[] {
    return [...this.#all, ...this.#met];
  }
}
