/**
 * The demo's picture: a shelf photo with each product's box and name, and under it what was measured and some cut-outs. All lettering is
 * strokes, for machines without fonts.
 */
import sharp, { type OverlayOptions } from 'sharp';
import { type Lettering, textAt, textInBox, textWidth } from '../../core/sample/letters.ts';
import type { Picture } from '../../vision/picture.ts';
import type { Judged, Outcome } from './score.ts';

export interface Bar {
  readonly name: string;
  /** 0 … 1 */
  readonly value: number;
  /** The product's own results; the others are what they are measured against. */
  readonly own: boolean;
}

export interface SheetContent {
  readonly photo: Picture;
  readonly products: readonly Judged[];
  readonly heading: string;
  readonly bars: readonly Bar[];
  /** PNG files with transparency. */
  readonly cutouts: readonly string[];
}

const width = 1200;
const margin = 20;
const panelHeight = 300;
const tones: Record<Outcome, string> = { given: '#4f8df5', right: '#2fb457', wrong: '#ef4136', unknown: '#f2b01e' };
const meanings: Record<Outcome, string> = { given: 'labelled', right: 'right', wrong: 'wrong', unknown: 'unknown' };
const ink = '#e8ecef';
const faint = '#8d979f';

const line = (text: string, x: number, y: number, size: number, colour: string, weight = 0.75): string =>
  textAt(text, { x, y, across: size / 6, down: size / 6 }, { colour, weight });

/** A box with the name that its product was given, on a plate at its foot. */
function marked({ product, said, outcome }: Judged, scale: number): string {
  const x = product.box.x * scale;
  const y = product.box.y * scale;
  const w = product.box.width * scale;
  const h = product.box.height * scale;
  const tone = tones[outcome];
  const plate = Math.min(38, h * 0.3);
  const lettering: Lettering = { colour: '#ffffff', weight: 0.8 };
  const top = said ? `${said.brand} ${said.product}` : 'unknown';
  const below = said ? `${said.variant} ${said.size}` : '';
  const rowHeight = (plate - 6) / 2;
  const words = below
    ? textInBox(top, { x: x + 4, y: y + h - plate + 2, width: w - 8, height: rowHeight }, lettering) +
      textInBox(below, { x: x + 4, y: y + h - plate + rowHeight + 4, width: w - 8, height: rowHeight }, lettering)
    : textInBox(top, { x: x + 4, y: y + h - plate * 0.75, width: w - 8, height: plate / 2 }, lettering);
  return (
    `<rect x="${x + 1.5}" y="${y + 1.5}" width="${w - 3}" height="${h - 3}" fill="none" stroke="${tone}" stroke-width="3"/>` +
    `<rect x="${x + 1.5}" y="${y + h - plate}" width="${w - 3}" height="${plate - 1.5}" fill="${tone}" fill-opacity="0.88"/>${words}`
  );
}

function legend(products: readonly Judged[], y: number): string {
  let x = margin;
  const parts: string[] = [];
  for (const outcome of ['right', 'wrong', 'unknown', 'given'] as const) {
    const count = products.filter((product) => product.outcome === outcome).length;
    if (count === 0) continue;
    const text = `${count} ${meanings[outcome]}`;
    parts.push(
      `<rect x="${x}" y="${y}" width="14" height="14" rx="2" fill="${tones[outcome]}"/>`,
      line(text, x + 22, y + 1, 12, ink),
    );
    x += 22 + (textWidth(text, 0.75) * 12) / 6 + 26;
  }
  return parts.join('');
}

function chart(bars: readonly Bar[], y: number, height: number): string {
  const nameWidth = 250;
  const barWidth = 230;
  const step = Math.min(30, height / bars.length);
  return bars
    .map(({ name, value, own }, index) => {
      const top = y + index * step;
      const length = Math.max(1, value * barWidth);
      return (
        line(name, margin, top + 4, 12, own ? ink : faint) +
        `<rect x="${margin + nameWidth}" y="${top}" width="${barWidth}" height="${step - 10}" rx="2" fill="#2a3238"/>` +
        `<rect x="${margin + nameWidth}" y="${top}" width="${length.toFixed(1)}" height="${step - 10}" rx="2" fill="${own ? tones.right : '#6b7680'}"/>` +
        line(`${(value * 100).toFixed(0)} %`, margin + nameWidth + barWidth + 12, top + 4, 12, own ? ink : faint)
      );
    })
    .join('');
}

/** The cut-outs side by side on the right of the panel. */
async function placeCutouts(files: readonly string[], top: number, height: number): Promise<OverlayOptions[]> {
  const overlays: OverlayOptions[] = [];
  let left = 620;
  for (const file of files) {
    const image = sharp(file).trim({ background: { r: 0, g: 0, b: 0, alpha: 0 } });
    const { data, info } = await image
      .resize({ width: 130, height, fit: 'inside' })
      .png()
      .toBuffer({ resolveWithObject: true });
    if (left + info.width > width - margin) break;
    overlays.push({ input: data, left, top: top + height - info.height });
    left += info.width + 18;
  }
  return overlays;
}

/** Draws the sheet, 1200 pixels wide. @returns a PNG */
export async function drawSheet({ photo, products, heading, bars, cutouts }: SheetContent): Promise<Buffer> {
  const scale = width / photo.width;
  const photoHeight = Math.round(photo.height * scale);
  const height = photoHeight + panelHeight;
  const shelf = await sharp(photo.data, { raw: { width: photo.width, height: photo.height, channels: 3 } })
    .resize(width, photoHeight)
    .png()
    .toBuffer();
  const chartTop = photoHeight + 92;
  const drawing =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
    `<rect y="${photoHeight}" width="${width}" height="${panelHeight}" fill="#171c20"/>` +
    products.map((product) => marked(product, scale)).join('') +
    line(heading, margin, photoHeight + 20, 17, ink, 0.95) +
    legend(products, photoHeight + 52) +
    chart(bars, chartTop, panelHeight - 92 - margin) +
    '</svg>';
  const overlays = await placeCutouts(cutouts, photoHeight + 56, panelHeight - 56 - margin);
  return sharp({ create: { width, height, channels: 3, background: '#171c20' } })
    .composite([{ input: shelf, left: 0, top: 0 }, { input: Buffer.from(drawing), left: 0, top: 0 }, ...overlays])
    .png({ palette: false, compressionLevel: 9 })
    .toBuffer();
}
