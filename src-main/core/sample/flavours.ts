/** The flavours of the sample's products: a word, a colour, and a picture of 100 × 100 units drawn as shapes. */
import { type Colour, colour, css, lighter } from './colours.ts';

export interface Flavour {
  readonly name: string;
  readonly colour: Colour;
  /** SVG elements on a square of 100 × 100. */
  readonly picture: string;
}

const leaf = (x: number, y: number, turn: number, fill = '#3f8f3a') =>
  `<path transform="translate(${x} ${y}) rotate(${turn})" d="M0 0C8-14 26-14 34 0C26 12 8 12 0 0Z" fill="${fill}"/>`;

const ball = (x: number, y: number, radius: number, tone: Colour) =>
  `<circle cx="${x}" cy="${y}" r="${radius}" fill="${css(tone)}"/>` +
  `<circle cx="${x - radius * 0.32}" cy="${y - radius * 0.34}" r="${radius * 0.24}" fill="${css(lighter(tone, 0.25))}"/>`;

const slice = (tone: Colour) => {
  const wedges = [0, 60, 120, 180, 240, 300]
    .map((turn) => `<path transform="rotate(${turn} 50 50)" d="M50 46L37 23Q50 14 63 23Z" fill="${css(tone)}"/>`)
    .join('');
  return `<circle cx="50" cy="50" r="42" fill="${css(lighter(tone, -0.04))}"/><circle cx="50" cy="50" r="36" fill="#fff6dc"/>${wedges}`;
};

const bunch = (tone: Colour) =>
  `${[
    [34, 38],
    [52, 36],
    [69, 40],
    [42, 54],
    [60, 54],
    [51, 71],
  ]
    .map(([x, y]) => ball(x, y, 12, tone))
    .join('')}<path d="M51 28Q50 14 60 8" stroke="#6b4a26" stroke-width="4" fill="none"/>${leaf(54, 20, -10)}`;

const flavour = (name: string, tone: Colour, picture: string): Flavour => ({ name, colour: tone, picture });

const orange = colour(30, 0.95, 0.52);
const lemon = colour(52, 0.95, 0.54);
const apple = colour(92, 0.6, 0.44);
const cherry = colour(352, 0.8, 0.4);
const grape = colour(278, 0.45, 0.4);
const strawberry = colour(348, 0.85, 0.52);
const tomato = colour(8, 0.85, 0.48);
const chilli = colour(2, 0.9, 0.42);
const mint = colour(158, 0.5, 0.42);
const cocoa = colour(22, 0.5, 0.27);
const honey = colour(40, 0.85, 0.5);
const hazelnut = colour(28, 0.5, 0.42);
const vanilla = colour(46, 0.75, 0.72);
const blueberry = colour(226, 0.5, 0.42);
const peach = colour(18, 0.9, 0.66);
const cheese = colour(44, 0.95, 0.55);
const onion = colour(85, 0.45, 0.5);
const salt = colour(210, 0.6, 0.5);
const natural = colour(200, 0.6, 0.5);
const light = colour(190, 0.55, 0.62);

const chilliPod = (tone: Colour) =>
  `<path d="M24 26C38 22 46 34 52 48C58 64 70 76 86 80C66 92 40 82 30 60C25 48 22 38 24 26Z" fill="${css(tone)}"/>` +
  `<path d="M24 28Q18 20 22 10" stroke="#3f8f3a" stroke-width="6" fill="none"/>`;

const nut = (x: number, y: number, tone: Colour) =>
  `<g transform="translate(${x} ${y})"><path d="M0-24C18-22 22 6 0 26C-22 6-18-22 0-24Z" fill="${css(tone)}"/><path d="M-17-8Q0-20 17-8Q0-2-17-8Z" fill="${css(lighter(tone, -0.14))}"/></g>`;

const drop = (tone: Colour) =>
  `<path d="M50 10C62 34 78 48 78 64A28 28 0 0 1 22 64C22 48 38 34 50 10Z" fill="${css(tone)}"/><path d="M34 62A17 17 0 0 0 46 79" stroke="#fff" stroke-width="5" fill="none"/>`;

const flower = (petals: Colour, heart: string) =>
  `${[0, 72, 144, 216, 288]
    .map((turn) => `<ellipse transform="rotate(${turn} 50 50)" cx="50" cy="27" rx="14" ry="20" fill="${css(petals)}"/>`)
    .join('')}<circle cx="50" cy="50" r="12" fill="${heart}"/>`;

/** Every flavour by a short key. */
export const flavours = {
  orange: flavour('Orange', orange, slice(orange) + leaf(60, 12, -20)),
  lemon: flavour('Lemon', lemon, slice(lemon) + leaf(60, 12, -20)),
  apple: flavour(
    'Apple',
    apple,
    `<path d="M50 30C30 14 10 32 16 58C22 84 38 92 50 84C62 92 78 84 84 58C90 32 70 14 50 30Z" fill="${css(apple)}"/><path d="M50 30Q50 16 58 8" stroke="#6b4a26" stroke-width="5" fill="none"/>${leaf(54, 20, -12)}`,
  ),
  cherry: flavour(
    'Cherry',
    cherry,
    `<path d="M32 62Q36 30 62 10Q66 36 68 64" stroke="#5d7a2c" stroke-width="5" fill="none"/>${leaf(60, 14, 8)}${ball(30, 68, 20, cherry)}${ball(69, 72, 20, cherry)}`,
  ),
  grape: flavour('Grape', grape, bunch(grape)),
  blueberry: flavour(
    'Blueberry',
    blueberry,
    ball(34, 60, 23, blueberry) + ball(66, 62, 22, blueberry) + ball(51, 36, 22, blueberry) + leaf(58, 18, -20),
  ),
  peach: flavour(
    'Peach',
    peach,
    `${ball(50, 56, 36, peach)}<path d="M52 22Q34 54 54 90" stroke="#d9763f" stroke-width="4" fill="none"/>${leaf(52, 20, -24)}`,
  ),
  strawberry: flavour(
    'Strawberry',
    strawberry,
    `<path d="M50 92C28 80 14 52 22 34C32 24 68 24 78 34C86 52 72 80 50 92Z" fill="${css(strawberry)}"/>${[
      [36, 46],
      [52, 42],
      [66, 48],
      [42, 62],
      [58, 60],
      [50, 76],
    ]
      .map(([x, y]) => `<circle cx="${x}" cy="${y}" r="2.6" fill="#ffe9a6"/>`)
      .join('')}<path d="M24 30L40 34L50 18L60 34L76 30L62 40H38Z" fill="#3f8f3a"/>`,
  ),
  tomato: flavour(
    'Tomato',
    tomato,
    `${ball(50, 56, 36, tomato)}<path d="M28 26L44 30L50 14L56 30L72 26L58 38H42Z" fill="#3f8f3a"/>`,
  ),
  chilli: flavour('Chilli', chilli, chilliPod(chilli)),
  paprika: flavour('Paprika', colour(14, 0.85, 0.5), chilliPod(colour(14, 0.85, 0.5))),
  mint: flavour(
    'Mint',
    mint,
    leaf(48, 46, -60, css(mint)) +
      leaf(52, 60, 30, css(mint)) +
      leaf(48, 60, 150, css(lighter(mint, -0.1))) +
      leaf(50, 88, -92, css(lighter(mint, 0.08))),
  ),
  cocoa: flavour('Cocoa', cocoa, nut(36, 44, cocoa) + nut(64, 60, lighter(cocoa, 0.06))),
  hazelnut: flavour('Hazelnut', hazelnut, nut(34, 46, hazelnut) + nut(66, 58, hazelnut)),
  honey: flavour(
    'Honey',
    honey,
    [
      [50, 30],
      [29, 42],
      [71, 42],
      [50, 54],
      [29, 66],
      [71, 66],
      [50, 78],
    ]
      .map(
        ([x, y]) =>
          `<path transform="translate(${x} ${y})" d="M-11 0L-5.5-10H5.5L11 0L5.5 10H-5.5Z" fill="${css(honey)}" stroke="#b5741a" stroke-width="3"/>`,
      )
      .join(''),
  ),
  vanilla: flavour('Vanilla', vanilla, flower(vanilla, '#b58a2a')),
  chamomile: flavour('Chamomile', colour(48, 0.8, 0.6), flower(colour(0, 0, 0.97), '#f0c030')),
  cheese: flavour(
    'Cheese',
    cheese,
    `<path d="M12 62L74 26Q88 34 88 62Z" fill="${css(lighter(cheese, 0.12))}"/><path d="M12 62H88V82H12Z" fill="${css(cheese)}"/><circle cx="34" cy="72" r="6" fill="#c98d12"/><circle cx="62" cy="70" r="8" fill="#c98d12"/><circle cx="66" cy="48" r="6" fill="#dca52a"/>`,
  ),
  onion: flavour(
    'Onion',
    onion,
    `<path d="M50 12C54 34 84 40 82 64C80 84 64 90 50 90C36 90 20 84 18 64C16 40 46 34 50 12Z" fill="#e7d9a8"/><path d="M50 20Q30 56 50 90Q70 56 50 20" fill="none" stroke="${css(onion)}" stroke-width="4"/>`,
  ),
  salt: flavour(
    'Sea salt',
    salt,
    `<path d="M8 60Q22 44 36 60T64 60T92 60V78H8Z" fill="${css(salt)}"/><path d="M38 18L50 12L62 18V32L50 38L38 32Z" fill="#fff" stroke="${css(salt)}" stroke-width="3"/>`,
  ),
  natural: flavour('Natural', natural, drop(natural)),
  light: flavour('Light', light, drop(light)),
} as const satisfies Record<string, Flavour>;

export type FlavourKey = keyof typeof flavours;
