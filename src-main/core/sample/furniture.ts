/** The shelf itself: wall, boards, rails and the price tags on them. SVG in millimetres. */
import type { Random } from '../../base/random.ts';
import { type Colour, colour, css, inkOn, lighter, white } from './colours.ts';
import { textInBox } from './letters.ts';
import { railHeight, type Tag } from './planogram.ts';

/** One shop's furniture. */
export interface Furniture {
  readonly metal: Colour;
  readonly rail: Colour;
  readonly tag: Colour;
  readonly wall: Colour;
}

export function drawFurniture(random: Random): Furniture {
  const metal = colour(random.uniform(20, 60), random.uniform(0, 0.12), random.uniform(0.62, 0.86));
  return {
    metal,
    rail: random.pick([lighter(metal, 0.06), colour(0, 0, 0.3), colour(352, 0.75, 0.42), colour(215, 0.5, 0.4), white]),
    tag: random.pick([white, colour(50, 0.9, 0.8), colour(0, 0, 0.94)]),
    wall: lighter(metal, -random.uniform(0.05, 0.25)),
  };
}

/** The wall behind the products: panels with holes. */
export function wall({ wall: tone }: Furniture, width: number, height: number): string {
  const holes: string[] = [];
  for (let y = 20; y < height; y += 50) {
    for (let x = 25; x < width; x += 50) holes.push(`M${x} ${y}h6v16h-6z`);
  }
  return `<rect width="${width}" height="${height}" fill="${css(tone)}"/><path d="${holes.join('')}" fill="${css(lighter(tone, -0.25))}"/>`;
}

/** The upper side of a board, from its back (top of the drawing) to its front edge. */
export function board({ metal }: Furniture, width: number, depth: number): string {
  return (
    `<defs><linearGradient id="depth" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${css(lighter(metal, -0.5))}"/>` +
    `<stop offset="0.8" stop-color="${css(lighter(metal, -0.22))}"/><stop offset="1" stop-color="${css(lighter(metal, -0.04))}"/></linearGradient></defs>` +
    `<rect width="${width}" height="${depth}" fill="url(#depth)"/>`
  );
}

export const underside = ({ metal }: Furniture, width: number, depth: number): string =>
  `<rect width="${width}" height="${depth}" fill="${css(lighter(metal, -0.48))}"/>`;

function tagDrawing({ x, sku, promotion }: Tag, paper: Colour): string {
  const ground = promotion ? colour(54, 0.98, 0.56) : paper;
  const ink = promotion ? colour(356, 0.85, 0.42) : inkOn(ground);
  const width = 58;
  const height = railHeight - 6;
  const bars: string[] = [];
  // A barcode's look, made from the price: it need not scan, but two SKUs should not have the same.
  for (let bar = 0, at = x + 3; at < x + 22; bar++) {
    const wide = 0.6 + ((sku.price * (bar + 3) * 7) % 5) * 0.28;
    bars.push(`M${at.toFixed(2)} ${height - 7}h${wide.toFixed(2)}v6h${(-wide).toFixed(2)}z`);
    at += wide + 0.9;
  }
  const price = (sku.price / 100).toFixed(2);
  return (
    `<rect x="${x}" y="3" width="${width}" height="${height}" fill="${css(ground)}"/><path d="${bars.join('')}" fill="${css(ink)}" transform="translate(0 2)"/>` +
    textInBox(price, { x: x + 24, y: 13, width: 32, height: 17 }, { colour: css(ink), weight: 1.1 }) +
    textInBox(
      `${sku.line.brand.name} ${sku.line.product}`,
      { x: x + 3, y: 5, width: 50, height: 5.5 },
      { colour: css(ink), weight: 0.8 },
    )
  );
}

/** The front edge of a board with its price tags; tags' x are millimetres from the drawing's left. */
export function rail(furniture: Furniture, width: number, tags: readonly Tag[]): string {
  const { rail: tone } = furniture;
  return (
    `<rect width="${width}" height="${railHeight}" fill="${css(tone)}"/><rect width="${width}" height="2.4" fill="${css(lighter(tone, 0.12))}"/>` +
    `<rect y="${railHeight - 3}" width="${width}" height="3" fill="${css(lighter(tone, -0.16))}"/>${tags.map((tag) => tagDrawing(tag, furniture.tag)).join('')}`
  );
}
