/** What is printed on a pack: brand, product, flavour and size, laid out on a rectangle in millimetres. */
import type { Line, Sku } from './assortment.ts';
import { type Colour, css, inkOn, lighter, white } from './colours.ts';
import { textInBox } from './letters.ts';

export interface Artwork {
  /** What covers the whole sheet and may be stretched past its edges. */
  readonly ground: string;
  /** Everything that has a place on it. */
  readonly print: string;
  readonly groundColour: Colour;
}

const rectangle = (x: number, y: number, width: number, height: number, fill: string, more = '') =>
  `<rect x="${x.toFixed(2)}" y="${y.toFixed(2)}" width="${width.toFixed(2)}" height="${height.toFixed(2)}" fill="${fill}" ${more}/>`;

/** The brand's name on its emblem, in a box. */
function logo(line: Line, ground: Colour, box: { x: number; y: number; width: number; height: number }): string {
  const { brand } = line;
  const { x, y, width, height } = box;
  const middleX = x + width / 2;
  const middleY = y + height / 2;
  const onPlate = brand.emblem === 'oval' || brand.emblem === 'ribbon' || brand.emblem === 'shield';
  const plate = brand.emblem === 'ribbon' ? brand.second : white;
  const shapes: Record<typeof brand.emblem, string> = {
    plain: '',
    oval: `<ellipse cx="${middleX}" cy="${middleY}" rx="${width / 2}" ry="${height * 0.62}" fill="${css(plate)}" stroke="${css(brand.second)}" stroke-width="${height * 0.07}"/>`,
    ribbon: `<path d="M${x} ${y - height * 0.08}H${x + width}L${x + width * 0.95} ${middleY}L${x + width} ${y + height * 1.08}H${x}L${x + width * 0.05} ${middleY}Z" fill="${css(plate)}"/>`,
    shield: `<path d="M${x} ${y - height * 0.2}H${x + width}V${y + height * 0.8}Q${middleX} ${y + height * 1.7} ${x} ${y + height * 0.8}Z" fill="${css(plate)}"/>`,
    sun: `<circle cx="${middleX}" cy="${y + height}" r="${width * 0.42}" fill="${css({ ...brand.second, lightness: 0.75 })}" opacity="0.85"/>`,
  };
  const ink = onPlate ? (brand.emblem === 'ribbon' ? inkOn(plate) : brand.colour) : inkOn(ground);
  const outline = brand.emblem === 'sun' ? { colour: css(brand.colour), width: 0.55 } : undefined;
  const inset = onPlate ? 0.1 : 0.02;
  const letters = textInBox(
    brand.name,
    { x: x + width * inset, y: y + height * 0.08, width: width * (1 - 2 * inset), height: height * 0.84 },
    { colour: css(outline ? white : ink), weight: brand.weight, slant: brand.slant, round: brand.round, outline },
  );
  return shapes[brand.emblem] + letters;
}

/** Lines too small to read, as every pack has them. */
function smallPrint(x: number, y: number, width: number, height: number, ink: string, seed: number): string {
  const lines: string[] = [];
  const step = Math.max(2.2, height / 4);
  for (let row = 0; row * step < height; row++) {
    const share = 0.62 + 0.36 * Math.abs(Math.sin(seed * 37 + row * 2.3));
    lines.push(rectangle(x, y + row * step, width * share, step * 0.38, ink, 'opacity="0.55"'));
  }
  return lines.join('');
}

const picture = (sku: Sku, x: number, y: number, side: number) =>
  `<g transform="translate(${x.toFixed(2)} ${y.toFixed(2)}) scale(${(side / 100).toFixed(4)})">${sku.flavour.picture}</g>`;

/** A swung field in the brand's second colour, the line's own mark. */
function swing(line: Line, width: number, height: number): string {
  const { layout } = line;
  const from = height * (0.5 + 0.14 * layout);
  const to = height * (0.66 - 0.14 * layout);
  return `<path d="M0 ${from}Q${width * 0.5} ${(from + to) / 2 - height * 0.14} ${width} ${to}V${height}H0Z" fill="${css(line.brand.second)}"/>`;
}

/** The words of a pack in the ink that its ground asks for. */
const words = (
  text: string,
  box: { x: number; y: number; width: number; height: number },
  ink: Colour,
  weight: number,
) => textInBox(text, box, { colour: css(ink), weight });

function upright(sku: Sku, width: number, height: number, ground: Colour, lower: Colour): string {
  const { line, flavour } = sku;
  const margin = width * 0.07;
  const inner = width - 2 * margin;
  const side = Math.min(inner * 0.74, height * 0.34);
  const parts = [
    logo(line, ground, { x: margin, y: height * 0.09, width: inner, height: Math.min(height * 0.14, inner * 0.34) }),
  ];
  parts.push(
    words(
      line.product,
      { x: margin * 2, y: height * 0.285, width: inner - 2 * margin, height: height * 0.055 },
      inkOn(ground),
      0.7,
    ),
  );
  if (line.coding === 'band') {
    const bandY = line.layout < 0.5 ? height * 0.41 : height * 0.74;
    const bandHeight = height * 0.13;
    parts.push(rectangle(-width, bandY, width * 3, bandHeight, css(flavour.colour)));
    parts.push(
      words(
        flavour.name,
        { x: margin, y: bandY + bandHeight * 0.22, width: inner, height: bandHeight * 0.56 },
        inkOn(flavour.colour),
        0.85,
      ),
    );
    // The same glass on every flavour: the band alone tells them apart.
    const glassY = line.layout < 0.5 ? height * 0.6 : height * 0.42;
    const glass = Math.min(inner * 0.5, height * 0.25);
    parts.push(
      `<path transform="translate(${width / 2 - glass / 2} ${glassY}) scale(${glass / 100})" d="M18 0H82L70 100H30Z" fill="${css(white)}" opacity="0.9"/>` +
        `<path transform="translate(${width / 2 - glass / 2} ${glassY}) scale(${glass / 100})" d="M23 30H77L69 95H31Z" fill="${css(line.brand.colour)}" opacity="0.8"/>`,
    );
  } else {
    const pictureY = height * (line.layout < 0.5 ? 0.5 : 0.42);
    parts.push(
      `<circle cx="${width / 2}" cy="${pictureY + side / 2}" r="${side * 0.6}" fill="${css(white)}" opacity="0.82"/>`,
    );
    parts.push(picture(sku, width / 2 - side / 2, pictureY, side));
    const wordY = line.layout < 0.5 ? height * 0.385 : height * 0.8;
    parts.push(
      words(
        flavour.name,
        { x: margin, y: wordY, width: inner, height: height * 0.065 },
        inkOn(line.layout < 0.5 ? ground : lower),
        0.9,
      ),
    );
  }
  const foot = height * 0.9;
  parts.push(smallPrint(margin, foot, inner * 0.5, height * 0.06, css(inkOn(lower)), line.layout));
  parts.push(
    words(sku.size.name, { x: width * 0.62, y: foot, width: width * 0.31, height: height * 0.055 }, inkOn(lower), 0.8),
  );
  return parts.join('');
}

function lying(sku: Sku, width: number, height: number, ground: Colour, lower: Colour): string {
  const { line, flavour } = sku;
  const side = Math.min(height * 0.62, width * 0.4);
  const left = width * 0.05;
  const half = width * 0.5;
  const parts = [logo(line, ground, { x: left, y: height * 0.12, width: half, height: height * 0.24 })];
  parts.push(
    words(line.product, { x: left, y: height * 0.45, width: half * 0.6, height: height * 0.11 }, inkOn(ground), 0.7),
  );
  if (line.coding === 'band') {
    parts.push(rectangle(-width, height * 0.66, width * 3, height * 0.2, css(flavour.colour)));
    parts.push(
      words(
        flavour.name,
        { x: left, y: height * 0.7, width: width * 0.5, height: height * 0.12 },
        inkOn(flavour.colour),
        0.85,
      ),
    );
  } else {
    parts.push(
      words(flavour.name, { x: left, y: height * 0.68, width: half, height: height * 0.14 }, inkOn(lower), 0.9),
    );
  }
  parts.push(
    `<circle cx="${width * 0.78}" cy="${height * 0.42}" r="${side * 0.58}" fill="${css(white)}" opacity="0.85"/>`,
  );
  // In a line coded by its band, the picture is the same on every flavour.
  parts.push(
    line.coding === 'band'
      ? `<path transform="translate(${width * 0.78 - side / 2} ${height * 0.42 - side / 2}) scale(${side / 100})" d="M16 34H76V60Q74 80 46 80Q18 80 16 60ZM76 40Q94 40 92 52Q90 64 74 62M34 26Q30 18 36 10M54 26Q50 18 56 10" fill="none" stroke="${css(line.brand.colour)}" stroke-width="7"/>`
      : picture(sku, width * 0.78 - side / 2, height * 0.42 - side / 2, side),
  );
  parts.push(
    words(
      sku.size.name,
      { x: width * 0.68, y: height * 0.88, width: width * 0.28, height: height * 0.09 },
      inkOn(lower),
      0.8,
    ),
  );
  return parts.join('');
}

/** The front of a pack, `width` × `height` millimetres from 0, 0. */
export function artwork(sku: Sku, width: number, height: number): Artwork {
  const { line, flavour } = sku;
  const ground = line.coding === 'pack' ? lighter(flavour.colour, -0.04) : line.brand.colour;
  const swung = line.layout > 0.3;
  const lower = swung ? line.brand.second : ground;
  const body =
    width > height * 1.15 ? lying(sku, width, height, ground, lower) : upright(sku, width, height, ground, lower);
  return {
    ground: rectangle(-width, -1, 3 * width, height + 2, css(ground)),
    print: (swung ? swing(line, width, height) : '') + body,
    groundColour: ground,
  };
}
