/** The page that a sample carries along: what each of its files is. */
import type { SampleOptions } from './sample.ts';

export function readme({ photos, skus, labels, seed }: SampleOptions): string {
  return `# Shelf photos drawn by Gondola

Drawn by \`gondola sample DIR --photos ${photos} --skus ${skus} --labels ${labels} --seed ${seed}\`; the same command draws the same photos.
Brands, products and shops are invented.

| | |
| --- | --- |
| \`photos/\` | the shelf photos, with camera, time and place in EXIF; some are stored turned, with an EXIF orientation |
| \`masks/\` | one 16-bit grey PNG a photo, upright: the \`id\` of the product that each pixel shows, 0 for none |
| \`packshots/\` | one reference picture a SKU |
| \`labels.csv\` | every product's box, but a label for up to ${labels} of each SKU only: for \`gondola import --labels\` |
| \`truth.csv\` | the same boxes, all labelled |
| \`heldout.csv\` | those rows of \`truth.csv\` whose photo has no label in \`labels.csv\`: for \`gondola evaluate --queries\` |
| \`truth.json\` | all of it: SKUs with brand, variant and size; photos; products with box, visible share and mask id |

Boxes are around the visible pixels of a product, in upright pixels. The tables list products of which at least 50 % is seen; the
others are in \`truth.json\` with \`"listed": false\`.
`;
}
