/**
 * A folder a SKU with its products cut out of the photos, upright: what torchvision's ImageFolder, timm and most trainers read. `_unlabelled`,
 * `_unknown` and `_not-a-product` hold the rest (leave them out of a training), and index.csv says for every picture where it is from.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import sharp from 'sharp';
import { GondolaError, stopIfAsked } from '../../base/errors.ts';
import { type JobContext, ProgressMeter } from '../../base/progress.ts';
import { decodeUpright } from '../../vision/decode.ts';
import { clipBox, type Picture } from '../../vision/picture.ts';
import { type FileProblem, fileProblem } from '../library/problems.ts';
import type { Catalogue, CatalogueLabel, CataloguePhoto, CatalogueRegion } from './catalogue.ts';
import { csvText, safePath } from './csv.ts';
import { DistinctNames } from './names.ts';
import type { Originals } from './originals.ts';
import type { Staging } from './staging.ts';

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
  staging: Staging,
  originals: Originals,
  job: JobContext,
): Promise<ImagefolderSummary> {
  const meter = new ProgressMeter(catalogue.photos.length, job.progress);
  const places = new Places(catalogue, staging.folder);
  const rows: Record<(typeof columns)[number], string | number | null>[] = [];
  const problems: FileProblem[] = [];
  for (const photo of catalogue.photos) {
    stopIfAsked(job.signal);
    const path = await originals.place(photo);
    const picture = await pictureOf(photo, problems);
    for (const region of photo.regions) {
      const { label } = region;
      rows.push({
        file: picture ? await places.write(picture, photo, region) : null,
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
  await writeFile(join(staging.folder, 'index.csv'), csvText(columns, rows));
  return { products: rows.filter(({ file }) => file !== null).length, problems };
}

async function pictureOf(photo: CataloguePhoto, problems: FileProblem[]): Promise<Picture | null> {
  try {
    if (photo.path !== null) return await decodeUpright(photo.path);
    throw new GondolaError(
      'file-missing',
      `The file of photo ${photo.id} is not known any more.`,
      'Import the folder that it lies in now.',
    );
  } catch (error) {
    problems.push(fileProblem(photo.path ?? `photo ${photo.id}`, error));
    return null;
  }
}

/** Which file each product gets. */
class Places {
  readonly #root: string;
  readonly #folderOfSku: Map<number, string>;
  readonly #made = new Set<string>();

  constructor({ skus }: Catalogue, root: string) {
    this.#root = root;
    const names = new DistinctNames([...Object.values(folders), 'index.csv']);
    this.#folderOfSku = new Map(skus.map((sku) => [sku.id, names.claim(sku.name)]));
  }

  /** Cuts the region out and returns its file, relative to the export. */
  async write(picture: Picture, photo: CataloguePhoto, region: CatalogueRegion): Promise<string> {
    const folder = this.#folder(region.label);
    if (!this.#made.has(folder)) {
      await mkdir(join(this.#root, folder), { recursive: true });
      this.#made.add(folder);
    }
    // The region's id makes the name distinct, and leads back to the product.
    const stem = new DistinctNames().claim(photo.path === null ? 'photo' : basename(photo.path, extname(photo.path)));
    const file = `${folder}/${stem}-${region.id}.jpg`;
    const box = clipBox(region, picture);
    const left = Math.floor(box.x);
    const top = Math.floor(box.y);
    const { width, height, data } = picture;
    await sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false })
      .extract({
        left,
        top,
        width: Math.min(width, Math.ceil(box.x + box.width)) - left,
        height: Math.min(height, Math.ceil(box.y + box.height)) - top,
      })
      .jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
      .toFile(join(this.#root, file));
    return file;
  }

  #folder(label: CatalogueLabel | null): string {
    if (label === null) return folders.unlabelled;
    if (label.verdict !== 'sku' || label.sku === null)
      return folders[label.verdict === 'sku' ? 'unknown' : label.verdict];
    return this.#folderOfSku.get(label.sku.id) ?? folders.unknown;
  }
}
