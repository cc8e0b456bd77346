/** Draws a folder of shelf photos with their exact truth: for trying Gondola, and for measuring it where no photo may be shared. */
import { mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import sharp from 'sharp';
import { Cancelled, GondolaError } from '../../base/errors.ts';
import { temporaryName } from '../../base/files.ts';
import { type JobContext, ProgressMeter } from '../../base/progress.ts';
import { Random } from '../../base/random.ts';
import { drawAssortment, type Sku } from './assortment.ts';
import { drawFurniture, type Furniture } from './furniture.ts';
import { drawPack } from './packs.ts';
import { Deck } from './planogram.ts';
import { readme } from './readme.ts';
import { drawScene, packTextures, type Scene } from './scene.ts';
import { svgDocument } from './texture.ts';
import {
  chooseLabelled,
  isListed,
  labelTable,
  productKey,
  type Truth,
  type TruthPhoto,
  type TruthSku,
} from './truth.ts';

export interface SampleOptions {
  readonly photos: number;
  readonly skus: number;
  /** Labelled facings of each SKU. */
  readonly labels: number;
  readonly seed: number;
}

export interface SampleSummary {
  /** Absolute. */
  readonly folder: string;
  readonly photos: number;
  readonly skus: number;
  /** Products that the tables list. */
  readonly products: number;
  readonly labelled: number;
  /** Photos on which nothing is labelled. */
  readonly heldOutPhotos: number;
}

/** The independent streams of a sample; the seed is the first word of each. */
const stream = { assortment: 1, deck: 2, shop: 3, photo: 4, labels: 5, visit: 6 } as const;

const longSide = 1280;
const shortSide = 960;
const shopCount = 4;

interface Shop {
  readonly furniture: Furniture;
  readonly camera: string;
  readonly latitude: number;
  readonly longitude: number;
  /** The first photo of the visit, milliseconds since 1970. */
  readonly visit: number;
}

function drawShop(seed: number, index: number): Shop {
  const random = new Random(seed, stream.shop, index);
  return {
    furniture: drawFurniture(random),
    camera: `Sample camera ${index + 1}`,
    latitude: Math.round(random.uniform(36, 60) * 3600) / 3600,
    longitude: Math.round(random.uniform(-9, 28) * 3600) / 3600,
    visit: Date.UTC(2026, 2, 2 + index, 8, random.integer(60)),
  };
}

/** Degrees as EXIF writes them: three fractions. */
function degrees(value: number): string {
  const seconds = Math.round(Math.abs(value) * 3600);
  return `${Math.floor(seconds / 3600)}/1 ${Math.floor(seconds / 60) % 60}/1 ${seconds % 60}/1`;
}

/** How far clockwise to turn an upright picture so that the orientation tag turns it back. */
const storedTurn: Record<number, number> = { 1: 0, 3: 180, 6: 270, 8: 90 };

async function photoFile(scene: Scene, photo: Omit<TruthPhoto, 'products'>): Promise<Buffer> {
  const { width, height, data } = scene.picture;
  return sharp(data, { raw: { width, height, channels: 3 } })
    .rotate(storedTurn[photo.orientation])
    .jpeg({ quality: scene.quality })
    .withExif({
      IFD0: { Make: 'Gondola', Model: photo.camera },
      IFD2: { DateTimeOriginal: photo.takenAt.replaceAll('-', ':').replace('T', ' ') },
      IFD3: {
        GPSLatitudeRef: photo.latitude < 0 ? 'S' : 'N',
        GPSLatitude: degrees(photo.latitude),
        GPSLongitudeRef: photo.longitude < 0 ? 'W' : 'E',
        GPSLongitude: degrees(photo.longitude),
      },
    })
    .withMetadata({ orientation: photo.orientation })
    .toBuffer();
}

function maskFile(scene: Scene): Promise<Buffer> {
  const { width, height } = scene.picture;
  return sharp(scene.owners, { raw: { width, height, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toBuffer();
}

/** The reference picture of a SKU: its front, alone on white. */
function packshotFile(sku: Sku): Promise<Buffer> {
  const { width, height } = sku.size;
  const margin = 0.06 * height;
  const view = { x: -margin, y: -margin, width: width + 2 * margin, height: height + 2 * margin };
  const pixels = { width: Math.round(2.4 * view.width), height: Math.round(2.4 * view.height) };
  return sharp(svgDocument(drawPack(sku).front, view, pixels))
    .flatten({ background: '#ffffff' })
    .png()
    .toBuffer();
}

const truthSku = (sku: Sku): TruthSku => ({
  id: sku.id,
  name: sku.name,
  brand: sku.line.brand.name,
  product: sku.line.product,
  variant: sku.flavour.name,
  size: sku.size.name,
  category: sku.line.category,
  packshot: `packshots/${sku.id}.png`,
});

/** Everything about photo `index` that is not its picture. */
function describePhoto(seed: number, index: number, count: number, shop: Shop): Omit<TruthPhoto, 'products'> {
  const random = new Random(seed, stream.visit, index);
  const name = `shelf-${String(index + 1).padStart(Math.max(3, String(count).length), '0')}`;
  const isPortrait = random.chance(0.4);
  // Every sixth is stored turned, as phones do; the first of them is the second photo, so that even a small sample has one.
  const orientation = index % 6 === 1 ? [6, 8, 3][Math.floor(index / 6) % 3] : 1;
  const taken = new Date(shop.visit + Math.floor(index / shopCount) * 97_000);
  return {
    path: `photos/${name}.jpg`,
    mask: `masks/${name}.png`,
    width: isPortrait ? shortSide : longSide,
    height: isPortrait ? longSide : shortSide,
    orientation,
    takenAt: taken.toISOString().slice(0, 19),
    camera: shop.camera,
    latitude: shop.latitude,
    longitude: shop.longitude,
  };
}

function stopWithoutTrace({ signal }: JobContext): void {
  if (signal.aborted)
    throw new Cancelled('Stopped. Nothing is left of the sample.', 'Run the same command again to draw it.');
}

/** Draws everything into a folder that exists and is empty. */
async function drawInto(
  folder: string,
  options: SampleOptions,
  context: JobContext,
): Promise<Omit<SampleSummary, 'folder'>> {
  const { seed } = options;
  for (const part of ['photos', 'masks', 'packshots']) await mkdir(join(folder, part));
  const skus = drawAssortment(options.skus, new Random(seed, stream.assortment));
  const textures = await packTextures(skus);
  for (const sku of skus) await writeFile(join(folder, truthSku(sku).packshot), await packshotFile(sku));

  const deck = new Deck(skus, new Random(seed, stream.deck));
  const shops = Array.from({ length: shopCount }, (_, index) => drawShop(seed, index));
  const photos: TruthPhoto[] = [];
  const meter = new ProgressMeter(options.photos, context.progress);
  // Encoding runs in sharp's threads while the next photo is painted; one photo ahead is enough, and bounds the memory.
  let writing: Promise<unknown> = Promise.resolve();
  try {
    for (let index = 0; index < options.photos; index++) {
      stopWithoutTrace(context);
      const shop = shops[index % shopCount];
      const photo = describePhoto(seed, index, options.photos, shop);
      const scene = await drawScene(textures, deck, shop.furniture, photo, new Random(seed, stream.photo, index));
      await writing;
      writing = Promise.all([
        photoFile(scene, photo).then((bytes) => writeFile(join(folder, photo.path), bytes)),
        maskFile(scene).then((bytes) => writeFile(join(folder, photo.mask), bytes)),
      ]);
      // Awaited one turn later; a failure until then is that await's, not an unhandled one.
      writing.catch(() => {});
      const products = scene.instances.map(({ id, sku, box, visibleShare, behind }) => ({
        id,
        sku: sku.id,
        box,
        visibleShare: Math.round(visibleShare * 1000) / 1000,
        behind,
        listed: isListed(box, visibleShare),
      }));
      photos.push({ ...photo, products });
      meter.advance(1, photo.path);
    }
  } finally {
    await writing;
  }

  const truth: Truth = { seed, skus: skus.map(truthSku), photos };
  const labelled = chooseLabelled(photos, options.labels, new Random(seed, stream.labels));
  const isLabelled = (photo: TruthPhoto, product: TruthPhoto['products'][number]) =>
    labelled.has(productKey(photo, product));
  const heldOut = photos.filter((photo) => !photo.products.some((product) => isLabelled(photo, product)));
  await writeFile(join(folder, 'truth.json'), `${JSON.stringify(truth, null, 1)}\n`);
  await writeFile(join(folder, 'labels.csv'), labelTable(truth, photos, isLabelled));
  await writeFile(
    join(folder, 'truth.csv'),
    labelTable(truth, photos, () => true),
  );
  await writeFile(
    join(folder, 'heldout.csv'),
    labelTable(truth, heldOut, () => true),
  );
  await writeFile(join(folder, 'README.md'), readme(options));
  return {
    photos: photos.length,
    skus: skus.length,
    products: photos.reduce((sum, photo) => sum + photo.products.filter((product) => product.listed).length, 0),
    labelled: labelled.size,
    heldOutPhotos: heldOut.length,
  };
}

async function refuseUsedFolder(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR') return [folder];
    throw error;
  });
  if (entries.length > 0) {
    throw new GondolaError(
      'sample-folder-used',
      `${folder} is not an empty folder.`,
      'Name a folder that does not exist yet: a sample never mixes with other files.',
    );
  }
}

/**
 * Draws a sample into `folder`, which must not exist or be empty. The same options give the same bytes (on one version of sharp). The folder
 * appears when all is drawn; a failure or a cancel leaves nothing.
 * @throws GondolaError `sample-folder-used`; Cancelled
 */
export async function drawSample(folder: string, options: SampleOptions, context: JobContext): Promise<SampleSummary> {
  const target = resolve(folder);
  await refuseUsedFolder(target);
  await mkdir(dirname(target), { recursive: true });
  const temporary = temporaryName(target);
  try {
    await mkdir(temporary);
    const summary = await drawInto(temporary, options, context);
    stopWithoutTrace(context);
    await rmdir(target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rename(temporary, target);
    return { folder: target, ...summary };
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}
