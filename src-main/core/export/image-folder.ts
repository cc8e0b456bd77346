/**
 * A folder a SKU with its products cut out of the photos, upright: what torchvision's ImageFolder, timm and most trainers read. `_unlabelled`,
 * `_unknown` and `_not-a-product` hold the rest (leave them out of a training), and index.csv says for every picture where it is from.
 */
import { basename, extname } from 'node:path';
import sharp from 'sharp';
import { GondolaError, stopIfAsked } from '../../base/errors.ts';
import { type JobContext, ProgressMeter } from '../../base/progress.ts';
import { decodeUpright } from '../../vision/decode.ts';
import { clipBox, type Picture } from '../../vision/picture.ts';
import { type FileProblem, fileProblem } from '../library/problems.ts';
import { breather } from '../recognise/breathe.ts';
import type { Catalogue, CatalogueLabel, CataloguePhoto, CatalogueRegion } from './catalogue.ts';
import { csvText, safePath } from './csv.ts';
import { type Destination, endsExport } from './destination.ts';
import { DistinctNames } from './names.ts';
import type { Originals } from './originals.ts';

const folders = { unlabelled: '_unlabelled', unknown: '_unknown', 'not-a-product': '_not-a-product' } as const;

const columns = [
  'file',
  'label',
  'group',
  'verdict',
  'source',
  'confidence',
  'photo',
  'x',
  'y',
  'width',
  'height',
  'region',
] as const;

export interface ImagefolderSummary {
  products: number;
  problems: FileProblem[];
}

/** A photo that cannot be read has its products in index.csv without a file, and is a problem in the summary. */
export async function writeImagefolder(
  catalogue: Catalogue,
  destination: Destination,
  originals: Originals,
  job: JobContext,
): Promise<ImagefolderSummary> {
  const meter = new ProgressMeter(catalogue.photos.length, job.progress);
  const places = new Places(catalogue);
  const breathe = breather(job.signal);
  const rows: Record<(typeof columns)[number], string | number | null>[] = [];
  const problems: FileProblem[] = [];
  for (const photo of catalogue.photos) {
    stopIfAsked(job.signal);
    await breathe();
    const path = await originals.place(photo);
    const cutter = new Cutter(photo, destination, problems);
    for (const region of photo.regions) {
      const { label } = region;
      rows.push({
        file: await cutter.cut(region, places.of(photo, region)),
        label: label?.sku?.name ?? null,
        group: label?.sku?.category ?? null,
        verdict: label?.verdict ?? 'unlabelled',
        source: label?.source ?? null,
        confidence: label?.confidence ?? null,
        photo: safePath(path),
        x: region.x,
        y: region.y,
        width: region.width,
        height: region.height,
        region: region.id,
      });
    }
    meter.advance(1, path);
  }
  await destination.text('index.csv', csvText(columns, rows));
  return { products: rows.filter(({ file }) => file !== null).length, problems };
}

/** Cuts the products out of one photo, which is decoded once, when the first of them is drawn. */
class Cutter {
  readonly #photo: CataloguePhoto;
  readonly #destination: Destination;
  readonly #problems: FileProblem[];
  #decoded: Promise<Picture> | null = null;
  #unreadable = false;

  constructor(photo: CataloguePhoto, destination: Destination, problems: FileProblem[]) {
    this.#photo = photo;
    this.#destination = destination;
    this.#problems = problems;
  }

  /** Returns the file, or null where the photo cannot be read: that is one problem, however many products are on it. */
  async cut(region: CatalogueRegion, file: string): Promise<string | null> {
    if (this.#unreadable) return null;
    const { id, path, width, height } = this.#photo;
    try {
      if (path === null) {
        throw new GondolaError(
          'file-missing',
          `The file of photo ${id} is not known any more.`,
          'Import the folder that it lies in now.',
        );
      }
      const box = wholePixels(region, { width, height });
      await this.#destination.picture(file, {
        source: path,
        of: { region: region.id },
        pixels: box.width * box.height,
        render: async () => {
          this.#decoded ??= decodeUpright(path);
          const picture = await this.#decoded;
          return jpegOf(picture, wholePixels(region, picture));
        },
      });
      return file;
    } catch (error) {
      if (endsExport(error)) throw error;
      this.#unreadable = true;
      this.#problems.push(fileProblem(path ?? `photo ${id}`, error));
      return null;
    }
  }
}

/** The region as whole pixels that hold all of it. */
function wholePixels(region: CatalogueRegion, { width, height }: Pick<Picture, 'width' | 'height'>) {
  const box = clipBox(region, { width, height });
  const left = Math.floor(box.x);
  const top = Math.floor(box.y);
  return {
    left,
    top,
    width: Math.min(width, Math.ceil(box.x + box.width)) - left,
    height: Math.min(height, Math.ceil(box.y + box.height)) - top,
  };
}

async function jpegOf({ width, height, data }: Picture, box: ReturnType<typeof wholePixels>): Promise<Uint8Array> {
  return sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false })
    .extract(box)
    .jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
    .toBuffer();
}

/** Which file each product gets. */
class Places {
  readonly #folderOfSku: Map<number, string>;

  constructor({ skus }: Catalogue) {
    const names = new DistinctNames([...Object.values(folders), 'index.csv']);
    this.#folderOfSku = new Map(skus.map((sku) => [sku.id, names.claim(sku.name)]));
  }

  /** Relative to the export. The region's id makes the name distinct, and leads back to the product. */
  of(photo: CataloguePhoto, { id, label }: CatalogueRegion): string {
    const stem = new DistinctNames().claim(photo.path === null ? 'photo' : basename(photo.path, extname(photo.path)));
    return `${this.#folder(label)}/${stem}-${id}.jpg`;
  }

  #folder(label: CatalogueLabel | null): string {
    if (label === null) return folders.unlabelled;
    if (label.verdict !== 'sku' || label.sku === null)
      return folders[label.verdict === 'sku' ? 'unknown' : label.verdict];
    return this.#folderOfSku.get(label.sku.id) ?? folders.unknown;
  }
}
