/** A workspace with photos as phones take them, products and labels of every kind, and exports of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import sharp from 'sharp';
import { unattended } from '../../../src-main/base/progress.ts';
import { addGtin, createSku, describeSku, labelRegions } from '../../../src-main/core/catalogue/actions.ts';
import { exportCatalogue } from '../../../src-main/core/export/service.ts';
import { putLabel } from '../../../src-main/store/labels.ts';
import { photos } from '../../../src-main/store/photos.ts';
import { insertBox, productRegions, wholePhotoRegion } from '../../../src-main/store/regions.ts';
import { skuByName } from '../../../src-main/store/skus.ts';
import { drawn, Scene } from '../library/folder.ts';

export type Format = 'csv' | 'xlsx' | 'json' | 'coco' | 'imagefolder';

export class Shop extends Scene {
  readonly out = join(this.root, 'exports', 'catalogue');

  /** Red above, blue below, as stored; `orientation` says how it is to be turned. */
  async sideways(name: string, orientation: number): Promise<string> {
    const path = this.path(name);
    const blue = await sharp({ create: { width: 60, height: 20, channels: 3, background: '#0000ff' } })
      .png()
      .toBuffer();
    await sharp({ create: { width: 60, height: 40, channels: 3, background: '#ff0000' } })
      .composite([{ input: blue, left: 0, top: 20 }])
      .jpeg({ quality: 95 })
      .withMetadata({ orientation })
      .toFile(path);
    return path;
  }

  /**
   * shelf.jpg with four boxes (named by a person, by the classifier, Unknown, not yet), sideways.jpg whole and named, plain.jpg whole and not.
   */
  async stock(): Promise<void> {
    await drawn(1, { width: 100, height: 80 }).toFile(this.path('shelf.jpg'));
    await this.sideways('sideways.jpg', 6);
    await drawn(3).toFile(this.path('plain.jpg'));
    await this.import();
    const { database } = this.workspace;
    createSku(database, 'Cola 0,5 l', { brand: 'Fizz', variant: 'Zero', size: '0,5 l', category: 'Drinks' });
    createSku(database, 'Chips');
    describeSku(database, 'Chips', { category: 'Snacks' });
    addGtin(database, 'Chips', '4006381333931');
    const shelf = this.photoId('shelf.jpg');
    const [person, guess, unknown] = [5, 30, 55, 80].map((x) =>
      insertBox(database, shelf, { x, y: 10, width: 15.5, height: 60 }, 'person'),
    );
    labelRegions(database, [person], { verdict: 'sku', sku: 'Cola 0,5 l' });
    const knn = { source: 'knn', modelId: null } as const;
    const chips = skuByName(database, 'Chips')?.id ?? 0;
    putLabel(database, { ...knn, regionId: guess, verdict: 'sku', skuId: chips, confidence: 0.75 });
    putLabel(database, { ...knn, regionId: unknown, verdict: 'unknown', skuId: null, confidence: 0.5 });
    const whole = wholePhotoRegion(database, this.photoId('sideways.jpg'));
    labelRegions(database, [whole], { verdict: 'sku', sku: 'Chips' });
  }

  photoId(name: string): number {
    const photo = photos(this.workspace.database).find(({ path }) => path === this.path(name));
    if (!photo) throw new Error(`${name} was not imported`);
    return photo.id;
  }

  boxes() {
    return productRegions(this.workspace.database).filter(({ kind }) => kind === 'box');
  }

  export(format: Format, { copy = false, out = this.out, context = unattended } = {}) {
    return exportCatalogue({ format, out, copy }, { ...context, workspace: this.workspace });
  }

  text(file: string): string {
    return readFileSync(join(this.out, file), 'utf8');
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests look into what was written, whatever it is
  json(file: string): any {
    return JSON.parse(this.text(file));
  }

  rows(file: string): Record<string, string>[] {
    return parse(this.text(file), { bom: true, columns: true });
  }
}
