/**
 * The packs: artwork wrapped on a carton, a bottle, a can, a bag or a jar, as SVG in millimetres with its upper left corner at 0, 0. Only
 * shapes and gradients: librsvg draws them without any font.
 */
import { artwork } from './artwork.ts';
import type { Sku } from './assortment.ts';
import { type Colour, colour, css, lighter } from './colours.ts';

/** The pictures of one pack. */
export interface PackDrawing {
  /** SVG elements for width × height of the SKU's size. */
  readonly front: string;
  /** Of the faces that a camera to the side or above sees; null for round and soft packs. */
  readonly side: Colour | null;
  readonly top: Colour | null;
}

const gradient = (id: string, stops: readonly (readonly [number, string, number])[], vertical = false) =>
  `<linearGradient id="${id}" x1="0" y1="0" x2="${vertical ? 0 : 1}" y2="${vertical ? 1 : 0}">${stops
    .map(([at, fill, opacity]) => `<stop offset="${at}" stop-color="${fill}" stop-opacity="${opacity}"/>`)
    .join('')}</linearGradient>`;

/** Light on something round that stands: dark rims, one bright streak. */
const roundLight = gradient('light', [
  [0, '#000', 0.5],
  [0.14, '#000', 0.16],
  [0.27, '#fff', 0.34],
  [0.36, '#fff', 0.06],
  [0.7, '#000', 0.06],
  [0.9, '#000', 0.26],
  [1, '#000', 0.52],
]);

const flatLight = gradient('light', [
  [0, '#fff', 0.16],
  [0.06, '#fff', 0.02],
  [0.9, '#000', 0.05],
  [1, '#000', 0.2],
]);

const metal = (id: string) =>
  gradient(id, [
    [0, '#6d7176', 1],
    [0.25, '#eef0f2', 1],
    [0.5, '#a9adb2', 1],
    [0.75, '#d8dadd', 1],
    [1, '#64686d', 1],
  ]);

/** Elements inside an outline, with the light of that outline over them. */
function lit(outline: string, inside: string, light: string, more = ''): string {
  return (
    `<defs>${light}<clipPath id="outline"><path d="${outline}"/></clipPath></defs>` +
    `<g clip-path="url(#outline)">${inside}<path d="${outline}" fill="url(#light)"/></g>${more}`
  );
}

const moved = (x: number, y: number, inside: string) => `<g transform="translate(${x} ${y})">${inside}</g>`;

/** A sheet of artwork in a window of its own, so that its ground does not run over the rest of the pack. */
const label = (x: number, y: number, width: number, height: number, inside: string) =>
  `<defs><clipPath id="label"><rect x="${x}" y="${y}" width="${width}" height="${height}"/></clipPath></defs><g clip-path="url(#label)">${inside}</g>`;

function carton(sku: Sku): PackDrawing {
  const { width, height } = sku.size;
  const art = artwork(sku, width, height * 0.95);
  const front = lit(
    `M0 0H${width}V${height}H0Z`,
    `${moved(0, height * 0.05, art.ground + art.print)}<rect width="${width}" height="${height * 0.05}" fill="${css(lighter(art.groundColour, 0.14))}"/>` +
      `<rect y="${height * 0.05}" width="${width}" height="0.8" fill="#000" opacity="0.25"/>`,
    flatLight,
  );
  return { front, side: lighter(art.groundColour, -0.08), top: lighter(art.groundColour, 0.16) };
}

function gable(sku: Sku): PackDrawing {
  const { width, height } = sku.size;
  const roof = height * 0.17;
  const art = artwork(sku, width, height - roof);
  const cap = width * 0.17;
  const front = lit(
    `M0 ${height}V${roof}L${width * 0.02} ${height * 0.055}V0H${width * 0.98}V${height * 0.055}L${width} ${roof}V${height}Z`,
    `${moved(0, roof, art.ground + art.print)}<rect width="${width}" height="${roof}" fill="${css(lighter(art.groundColour, 0.12))}"/>` +
      `<rect width="${width}" height="${height * 0.05}" fill="${css(lighter(art.groundColour, -0.05))}"/>` +
      `<rect y="${roof}" width="${width}" height="0.8" fill="#000" opacity="0.3"/>` +
      `<circle cx="${width / 2}" cy="${roof * 0.64}" r="${cap}" fill="#f4f4f2"/><circle cx="${width / 2}" cy="${roof * 0.62}" r="${cap * 0.7}" fill="#dcdcd8"/>`,
    flatLight,
  );
  return { front, side: lighter(art.groundColour, -0.1), top: null };
}

function box(sku: Sku): PackDrawing {
  const { width, height } = sku.size;
  const art = artwork(sku, width, height);
  return {
    front: lit(`M0 0H${width}V${height}H0Z`, art.ground + art.print, flatLight),
    side: lighter(art.groundColour, -0.07),
    top: lighter(art.groundColour, 0.08),
  };
}

function can(sku: Sku, turn: number): PackDrawing {
  const { width, height } = sku.size;
  const rim = height * 0.055;
  const art = artwork(sku, width, height - 2 * rim);
  const neck = width * 0.07;
  const outline = `M${neck} 0H${width - neck}L${width} ${rim * 1.4}V${height - rim * 1.1}L${width - neck} ${height}H${neck}L0 ${height - rim * 1.1}V${rim * 1.4}Z`;
  const inside =
    `<defs>${metal('metal')}</defs>${moved(0, rim, art.ground + moved(turn * width, 0, art.print))}` +
    `<rect width="${width}" height="${rim}" fill="url(#metal)"/><rect y="${height - rim * 0.8}" width="${width}" height="${rim * 0.8}" fill="url(#metal)"/>`;
  return { front: lit(outline, inside, roundLight), side: null, top: null };
}

function bottle(sku: Sku, turn: number): PackDrawing {
  const { width, height } = sku.size;
  const { line, flavour } = sku;
  const neck = width * (0.19 + 0.05 * line.layout);
  const shoulder = height * (0.26 + 0.1 * line.layout);
  const middle = width / 2;
  const capHeight = height * 0.085;
  const outline =
    `M${middle - neck} 0H${middle + neck}V${shoulder * 0.45}C${middle + neck} ${shoulder * 0.75} ${width} ${shoulder * 0.75} ${width} ${shoulder * 1.15}` +
    `V${height * 0.965}Q${width} ${height} ${width * 0.93} ${height}H${width * 0.07}Q0 ${height} 0 ${height * 0.965}V${shoulder * 1.15}` +
    `C0 ${shoulder * 0.75} ${middle - neck} ${shoulder * 0.75} ${middle - neck} ${shoulder * 0.45}Z`;
  const labelTop = shoulder * 1.2;
  const labelHeight = height * 0.93 - labelTop;
  const art = artwork(sku, width, labelHeight);
  // What is inside shows only where the flavours are coded by the whole pack; else the bottle is the brand's.
  const body = line.coding === 'pack' ? lighter(flavour.colour, 0.05) : colour(line.brand.colour.hue, 0.25, 0.3);
  const cap =
    line.coding === 'picture' ? line.brand.colour : line.coding === 'pack' ? line.brand.second : flavour.colour;
  const inside =
    `<rect width="${width}" height="${height}" fill="${css(body)}"/>` +
    `<rect y="${capHeight}" width="${width}" height="${shoulder * 0.32}" fill="#fff" opacity="0.28"/>` +
    label(0, labelTop, width, labelHeight, moved(0, labelTop, art.ground + moved(turn * width, 0, art.print))) +
    `<rect width="${width}" height="${capHeight}" fill="${css(cap)}"/><rect y="${capHeight * 0.9}" width="${width}" height="${capHeight * 0.14}" fill="#000" opacity="0.3"/>`;
  return { front: lit(outline, inside, roundLight), side: null, top: null };
}

function jar(sku: Sku, turn: number): PackDrawing {
  const { width, height } = sku.size;
  const { line, flavour } = sku;
  const lid = height * 0.17;
  const corner = width * 0.12;
  const outline =
    `M${width * 0.05} 0H${width * 0.95}V${lid}Q${width} ${lid} ${width} ${lid + corner}V${height - corner}Q${width} ${height} ${width - corner} ${height}` +
    `H${corner}Q0 ${height} 0 ${height - corner}V${lid + corner}Q0 ${lid} ${width * 0.05} ${lid}Z`;
  const labelTop = height * 0.33;
  const labelHeight = height * 0.55;
  const art = artwork(sku, width, labelHeight);
  const content = line.coding === 'pack' ? lighter(flavour.colour, -0.1) : colour(24, 0.45, 0.2);
  const inside =
    `<rect width="${width}" height="${height}" fill="${css(content)}"/><rect y="${lid}" width="${width}" height="${height * 0.06}" fill="#fff" opacity="0.4"/>` +
    label(0, labelTop, width, labelHeight, moved(0, labelTop, art.ground + moved(turn * width, 0, art.print))) +
    `<rect width="${width}" height="${lid}" fill="${css(line.brand.second)}"/><rect y="${lid * 0.88}" width="${width}" height="${lid * 0.12}" fill="#000" opacity="0.35"/>`;
  return { front: lit(outline, inside, roundLight), side: null, top: null };
}

function bag(sku: Sku): PackDrawing {
  const { width, height } = sku.size;
  const art = artwork(sku, width * 0.9, height * 0.9);
  const seal = height * 0.05;
  const teeth = (y: number, sign: number) => {
    const count = 18;
    const step = width / count;
    return Array.from({ length: count }, () => `l${(sign * step) / 2} ${y}l${(sign * step) / 2} ${-y}`).join('');
  };
  const outline =
    `M0 2${teeth(-2, 1)}L${width} ${seal}Q${width * 0.965} ${height * 0.3} ${width * 0.985} ${height * 0.5}Q${width * 0.965} ${height * 0.75} ${width} ${height - seal}` +
    `V${height - 2}${teeth(2, -1)}V${height - seal}Q${width * 0.035} ${height * 0.75} ${width * 0.015} ${height * 0.5}Q${width * 0.035} ${height * 0.3} 0 ${seal}Z`;
  const creases = [0.12, 0.3, 0.52, 0.71, 0.88]
    .map((at, index) => {
      const x = at * width;
      const bend = (index % 2 ? 1 : -1) * width * 0.05;
      return `<path d="M${x} ${seal}Q${x + bend} ${height * 0.1} ${x + bend * 0.4} ${height * 0.2}M${x} ${height - seal}Q${x - bend} ${height * 0.9} ${x - bend * 0.3} ${height * 0.82}" stroke="#fff" stroke-opacity="0.35" stroke-width="2.4" fill="none"/>`;
    })
    .join('');
  const puff =
    '<radialGradient id="light" cx="0.42" cy="0.42" r="0.72"><stop offset="0" stop-color="#fff" stop-opacity="0.26"/><stop offset="0.45" stop-color="#fff" stop-opacity="0"/>' +
    '<stop offset="0.8" stop-color="#000" stop-opacity="0.18"/><stop offset="1" stop-color="#000" stop-opacity="0.42"/></radialGradient>';
  const strips = [0, height - seal]
    .map(
      (y) =>
        `<rect y="${y}" width="${width}" height="${seal}" fill="${css(lighter(art.groundColour, 0.1))}"/><rect y="${y + seal * 0.4}" width="${width}" height="1" fill="#000" opacity="0.25"/>`,
    )
    .join('');
  const inside = `<rect width="${width}" height="${height}" fill="${css(art.groundColour)}"/>${moved(width * 0.05, height * 0.05, art.ground + art.print)}${strips}${creases}`;
  return { front: lit(outline, inside, puff), side: null, top: null };
}

const shapes: Record<Sku['line']['shape'], (sku: Sku, turn: number) => PackDrawing> = {
  carton,
  gable,
  box,
  can,
  bottle,
  jar,
  bag,
};

/** Round packs stand turned by a little, so their artwork is off the middle by this share of their width. */
export const turns: readonly number[] = [-0.11, 0, 0.11];

export const isRound = (sku: Sku): boolean =>
  sku.line.shape === 'can' || sku.line.shape === 'bottle' || sku.line.shape === 'jar';

/** Draws a pack; `turn` (a share of its width) moves the artwork of round ones. */
export function drawPack(sku: Sku, turn = 0): PackDrawing {
  return shapes[sku.line.shape](sku, turn);
}
