/**
 * A small alphabet of strokes, so that brands, flavours and prices can be printed on a machine that has no font at all: text in an SVG
 * would be drawn with whatever fontconfig finds, or with nothing. Each sign stands on a grid 6 units high, y down, baseline at 6.
 */

interface Sign {
  /** Width of the strokes without the space to the next sign. */
  readonly width: number;
  /** SVG path data. */
  readonly strokes: string;
}

const sign = (width: number, strokes: string): Sign => ({ width, strokes });

const alphabet: Readonly<Record<string, Sign>> = {
  A: sign(4, 'M0 6L2 0L4 6M.8 4H3.2'),
  B: sign(3.6, 'M0 0V6H2C4.2 6 4.2 2.9 2 2.9H0M0 0H1.8C3.8 0 3.8 2.9 1.8 2.9'),
  C: sign(3.8, 'M3.8 1.2C2.6-.6 0-.3 0 3C0 6.3 2.6 6.6 3.8 4.8'),
  D: sign(3.8, 'M0 0V6H1.4C4.6 6 4.6 0 1.4 0Z'),
  E: sign(3.2, 'M3.2 0H0V6H3.2M0 2.9H2.6'),
  F: sign(3.2, 'M3.2 0H0V6M0 2.9H2.6'),
  G: sign(4, 'M3.8 1.1C2.6-.6 0-.3 0 3C0 6.3 2.8 6.5 3.9 4.8V3.2H2.3'),
  H: sign(3.8, 'M0 0V6M3.8 0V6M0 2.9H3.8'),
  I: sign(0.4, 'M.2 0V6'),
  J: sign(2.6, 'M2.6 0V4.4C2.6 6.5 .2 6.5 0 4.6'),
  K: sign(3.6, 'M0 0V6M3.5 0L0 3.6M1.3 2.5L3.6 6'),
  L: sign(3, 'M0 0V6H3'),
  M: sign(4.8, 'M0 6V0L2.4 4.2L4.8 0V6'),
  N: sign(3.8, 'M0 6V0L3.8 6V0'),
  O: sign(4.2, 'M2.1 0C-.7 0-.7 6 2.1 6C4.9 6 4.9 0 2.1 0Z'),
  P: sign(3.4, 'M0 6V0H1.8C4 0 4 3.3 1.8 3.3H0'),
  Q: sign(4.2, 'M2.1 0C-.7 0-.7 6 2.1 6C4.9 6 4.9 0 2.1 0ZM2.5 4.3L4.2 6.2'),
  R: sign(3.6, 'M0 6V0H1.8C4 0 4 3.1 1.8 3.1H0M1.8 3.1L3.6 6'),
  S: sign(3.4, 'M3.3 .9C2.4-.4 .1-.3 .1 1.5C.1 3.4 3.4 2.6 3.4 4.5C3.4 6.4 .8 6.4 0 5'),
  T: sign(3.8, 'M0 0H3.8M1.9 0V6'),
  U: sign(3.8, 'M0 0V3.8C0 6.7 3.8 6.7 3.8 3.8V0'),
  V: sign(3.8, 'M0 0L1.9 6L3.8 0'),
  W: sign(5.4, 'M0 0L1.3 6L2.7 1.2L4.1 6L5.4 0'),
  X: sign(3.6, 'M0 0L3.6 6M3.6 0L0 6'),
  Y: sign(3.6, 'M0 0L1.8 2.9L3.6 0M1.8 2.9V6'),
  Z: sign(3.4, 'M0 0H3.4L0 6H3.4'),
  '0': sign(3.4, 'M1.7 0C-.6 0-.6 6 1.7 6C4 6 4 0 1.7 0Z'),
  '1': sign(1.8, 'M0 1.3L1.4 0V6'),
  '2': sign(3.2, 'M.1 1.5C.3-.5 3.2-.5 3.1 1.6C3 3 .9 4.2 0 6H3.2'),
  '3': sign(3.2, 'M0 .6C1-.4 3-.1 2.9 1.4C2.9 2.6 1.7 2.8 1 2.8C2 2.8 3.2 3.2 3.2 4.4C3.2 6.4 .9 6.4 0 5.3'),
  '4': sign(3.4, 'M2.5 6V0L0 4.3H3.4'),
  '5': sign(3.2, 'M3 0H.4L.2 2.8C1.4 1.9 3.2 2.4 3.2 4.1C3.2 6.4 .9 6.4 0 5.3'),
  '6': sign(3.2, 'M2.7 .2C.6 .4 0 2.4 0 4.1C0 6.6 3.2 6.6 3.2 4.1C3.2 1.9 .6 1.9 .1 3.8'),
  '7': sign(3.2, 'M0 0H3.2L1.1 6'),
  '8': sign(3.2, 'M1.6 2.8C-.3 2.8-.3 0 1.6 0C3.5 0 3.5 2.8 1.6 2.8C-.5 2.8-.5 6 1.6 6C3.7 6 3.7 2.8 1.6 2.8Z'),
  '9': sign(3.2, 'M.5 5.8C2.6 5.6 3.2 3.6 3.2 1.9C3.2-.6 0-.6 0 1.9C0 4.1 2.6 4.1 3.1 2.2'),
  '.': sign(0.4, 'M.2 5.8V6'),
  ',': sign(0.6, 'M.4 5.7L.1 6.6'),
  '-': sign(2, 'M0 3.2H2'),
  '+': sign(2.4, 'M0 3.2H2.4M1.2 2V4.4'),
  '%': sign(
    4,
    'M3.6 0L.4 6M.9 .3C-.2 .3-.2 2.2 .9 2.2C2 2.2 2 .3 .9 .3ZM3.1 3.8C2 3.8 2 5.7 3.1 5.7C4.2 5.7 4.2 3.8 3.1 3.8Z',
  ),
  '/': sign(2.2, 'M2.2 0L0 6'),
  ':': sign(0.4, 'M.2 2.2V2.4M.2 5.8V6'),
  '?': sign(2.8, 'M0 1.4C.1-.5 2.8-.5 2.8 1.5C2.8 3 1.4 2.8 1.4 4.2M1.4 5.8V6'),
  '(': sign(1.2, 'M1.2-.4C-.3 1.6-.3 4.6 1.2 6.6'),
  ')': sign(1.2, 'M0-.4C1.5 1.6 1.5 4.6 0 6.6'),
  ' ': sign(1.6, ''),
};

/** How a line of text looks. Colours are CSS colours. */
export interface Lettering {
  readonly colour: string;
  /** Stroke width in units of the grid: 0.4 is thin, 1.3 heavy. */
  readonly weight: number;
  /** Degrees to the right; 0 is upright. */
  readonly slant?: number;
  readonly round?: boolean;
  /** Drawn behind the letters, this much wider on either side, in grid units. */
  readonly outline?: { readonly colour: string; readonly width: number };
}

function gap(weight: number): number {
  return 0.9 + weight;
}

/** Width of a text in grid units (6 high). Signs that the alphabet lacks are drawn as `?`. */
export function textWidth(text: string, weight: number): number {
  let width = 0;
  for (const letter of text.toUpperCase()) width += (alphabet[letter] ?? alphabet['?']).width + gap(weight);
  return Math.max(0, width - gap(weight));
}

/**
 * A line of text as SVG, fitted into a box and centred in it: as high as the box allows, narrowed to at most 70 % where the text is long,
 * then made smaller.
 * @returns a `<g>` element
 */
export function textInBox(
  text: string,
  box: { x: number; y: number; width: number; height: number },
  lettering: Lettering,
): string {
  const { weight, slant = 0, round = true } = lettering;
  const lean = Math.tan((slant * Math.PI) / 180);
  const width = textWidth(text, weight) + weight + 6 * Math.abs(lean);
  const full = box.height / (6 + weight);
  const across = Math.min(full, box.width / width);
  const down = Math.min(full, across / 0.7);
  const left = box.x + (box.width - width * across) / 2 + (weight / 2 + Math.max(0, 6 * lean)) * across;
  const top = box.y + (box.height - (6 + weight) * down) / 2 + (weight / 2) * down;
  return textAt(text, { x: left, y: top, across, down }, { ...lettering, round });
}

/** A line of text as SVG with its upper left corner at x, y; `across` and `down` are the size of a grid unit. */
export function textAt(
  text: string,
  place: { x: number; y: number; across: number; down: number },
  { colour, weight, slant = 0, round = true, outline }: Lettering,
): string {
  let at = 0;
  const paths: string[] = [];
  for (const letter of text.toUpperCase()) {
    const { width, strokes } = alphabet[letter] ?? alphabet['?'];
    if (strokes) paths.push(`<path transform="translate(${at.toFixed(2)} 0)" d="${strokes}"/>`);
    at += width + gap(weight);
  }
  const shape = paths.join('');
  const ends = round ? 'round' : 'square';
  const joins = round ? 'round' : 'miter';
  const halo = outline
    ? `<g stroke="${outline.colour}" stroke-width="${(weight + 2 * outline.width).toFixed(2)}">${shape}</g>`
    : '';
  return (
    `<g fill="none" stroke-linecap="${ends}" stroke-linejoin="${joins}" transform="translate(${place.x.toFixed(2)} ${place.y.toFixed(2)}) ` +
    `scale(${place.across.toFixed(4)} ${place.down.toFixed(4)}) skewX(${-slant})">` +
    `${halo}<g stroke="${colour}" stroke-width="${weight}">${shape}</g></g>`
  );
}
