/**
 * What the sample shop sells: brands with lines of products, each line in flavours and sizes that look alike on purpose. Telling two
 * SKUs of one line apart is the hard part of shelf recognition, so the lines differ in what they leave to go by: the whole
 * pack's colour, a band of colour, or only a small picture and a word.
 */
import type { Random } from '../../base/random.ts';
import { type Colour, colour } from './colours.ts';
import { type Flavour, type FlavourKey, flavours } from './flavours.ts';

export type PackShape = 'carton' | 'gable' | 'box' | 'bottle' | 'can' | 'bag' | 'jar';

/** What tells the flavours of a line apart. */
export type Coding = 'pack' | 'band' | 'picture';

/** Millimetres. */
export interface PackSize {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly depth: number;
}

export interface Brand {
  readonly name: string;
  readonly colour: Colour;
  readonly second: Colour;
  /** Of the letters; see `Lettering`. */
  readonly weight: number;
  readonly slant: number;
  readonly round: boolean;
  readonly emblem: 'plain' | 'oval' | 'ribbon' | 'shield' | 'sun';
}

/** Products of one brand and kind that share a design. */
export interface Line {
  readonly brand: Brand;
  readonly product: string;
  readonly category: string;
  readonly shape: PackShape;
  readonly coding: Coding;
  /** Where the design puts things, 0 … 1; drawn once a line. */
  readonly layout: number;
}

export interface Sku {
  /** `sku-01`, …: for file names. */
  readonly id: string;
  /** The label: brand, product, flavour, size. */
  readonly name: string;
  readonly line: Line;
  readonly flavour: Flavour;
  readonly size: PackSize;
  /** Cents, printed on the price tag. */
  readonly price: number;
}

interface Template {
  readonly product: string;
  readonly category: string;
  readonly shape: PackShape;
  readonly codings: readonly Coding[];
  readonly sizes: readonly [PackSize, PackSize];
  readonly flavours: readonly FlavourKey[];
}

const size = (name: string, width: number, height: number, depth: number): PackSize => ({ name, width, height, depth });

const templates: readonly Template[] = [
  {
    product: 'Juice',
    category: 'juice',
    shape: 'carton',
    codings: ['band', 'picture'],
    sizes: [size('1 l', 84, 224, 64), size('0.5 l', 76, 164, 54)],
    flavours: ['orange', 'apple', 'cherry', 'grape', 'peach', 'tomato'],
  },
  {
    product: 'Crisps',
    category: 'snacks',
    shape: 'bag',
    codings: ['picture', 'pack'],
    sizes: [size('175 g', 178, 258, 50), size('90 g', 142, 196, 40)],
    flavours: ['salt', 'paprika', 'cheese', 'onion', 'chilli'],
  },
  {
    product: 'Soda',
    category: 'soda',
    shape: 'bottle',
    codings: ['pack', 'band'],
    sizes: [size('0.5 l', 68, 226, 66), size('1 l', 80, 292, 78)],
    flavours: ['lemon', 'orange', 'cherry', 'apple', 'grape'],
  },
  {
    product: 'Jam',
    category: 'spreads',
    shape: 'jar',
    codings: ['pack', 'picture'],
    sizes: [size('340 g', 78, 108, 76), size('450 g', 78, 138, 76)],
    flavours: ['strawberry', 'cherry', 'peach', 'blueberry', 'orange'],
  },
  {
    product: 'Cereal',
    category: 'cereals',
    shape: 'box',
    codings: ['picture', 'band'],
    sizes: [size('375 g', 178, 262, 62), size('500 g', 190, 300, 70)],
    flavours: ['honey', 'cocoa', 'hazelnut', 'blueberry', 'strawberry'],
  },
  {
    product: 'Cola',
    category: 'soda',
    shape: 'can',
    codings: ['picture', 'pack'],
    sizes: [size('0.33 l', 66, 118, 64), size('0.25 l', 56, 134, 54)],
    flavours: ['natural', 'cherry', 'lemon', 'vanilla', 'light'],
  },
  {
    product: 'Milk',
    category: 'milk',
    shape: 'gable',
    codings: ['band', 'picture'],
    sizes: [size('1 l', 74, 236, 72), size('0.5 l', 70, 162, 68)],
    flavours: ['natural', 'light', 'cocoa', 'vanilla', 'strawberry'],
  },
  {
    product: 'Tea',
    category: 'tea',
    shape: 'box',
    codings: ['band', 'picture'],
    sizes: [size('20 bags', 128, 78, 66), size('40 bags', 142, 104, 74)],
    flavours: ['mint', 'lemon', 'chamomile', 'blueberry', 'peach'],
  },
  {
    product: 'Sauce',
    category: 'sauces',
    shape: 'bottle',
    codings: ['picture', 'pack'],
    sizes: [size('300 ml', 62, 186, 56), size('500 ml', 68, 232, 60)],
    flavours: ['tomato', 'chilli', 'paprika', 'onion', 'honey'],
  },
];

/** Flavours and sizes of a line: its first flavour comes in both sizes, so that each line has a pair which differs in proportions alone. */
const perLine = 5;

const syllables = {
  first: ['mor', 'ka', 'vel', 'tri', 'lu', 'ban', 'ori', 'sol', 'fen', 'pa', 'nor', 'zel', 'hu', 'gra', 'bri', 'ta'],
  last: [
    'va',
    'nto',
    'ria',
    'lux',
    'ssi',
    'mo',
    'dane',
    'ko',
    'rell',
    'vita',
    'nda',
    'bo',
    'quin',
    'fresh',
    'ly',
    'zo',
  ],
} as const;

function drawBrands(count: number, random: Random): Brand[] {
  const names = new Set<string>();
  while (names.size < count) {
    const middle = names.size >= 150 || random.chance(0.15) ? random.pick(syllables.first) : '';
    const name = random.pick(syllables.first) + middle + random.pick(syllables.last);
    names.add(name[0].toUpperCase() + name.slice(1));
  }
  const turn = random.uniform(0, 360);
  return [...names].map((name, index) => {
    // The golden angle keeps the brands' hues apart, however many there are.
    const hue = (turn + index * 137.5) % 360;
    return {
      name,
      colour: colour(hue, random.uniform(0.45, 0.8), random.uniform(0.26, 0.44)),
      second: colour(hue + random.pick([32, 165, 180, 205]), random.uniform(0.45, 0.85), random.uniform(0.55, 0.86)),
      weight: random.uniform(0.75, 1.5),
      slant: random.pick([0, 0, 8, 14]),
      round: random.chance(0.6),
      emblem: random.pick(['plain', 'oval', 'ribbon', 'shield', 'sun'] as const),
    };
  });
}

function variantsOf(template: Template, count: number): { flavour: Flavour; size: PackSize }[] {
  const [normal, other] = template.sizes;
  const flavour = (index: number) => flavours[template.flavours[index % template.flavours.length]];
  if (count === 1) return [{ flavour: flavour(0), size: normal }];
  const variants = Array.from({ length: count - 1 }, (_, index) => ({ flavour: flavour(index), size: normal }));
  variants.push({ flavour: flavour(0), size: other });
  return variants;
}

/**
 * Draws an assortment of exactly `count` SKUs (1 … 500). The same random stream gives the same assortment. Brands make two kinds of product
 * where there are enough lines, and from the second round of kinds on they compete with each other.
 */
export function drawAssortment(count: number, random: Random): Sku[] {
  const lines = Math.ceil(count / perLine);
  const brands = drawBrands(Math.max(Math.min(2, lines), Math.ceil(lines * 0.8)), random);
  const skus: Sku[] = [];
  const taken = new Set<string>();
  for (let index = 0; index < lines; index++) {
    const template = templates[index % templates.length];
    const round = Math.floor(index / templates.length);
    // There are more brands than rounds, so one that does not make this product yet is always found.
    let brand = brands[(index + round) % brands.length];
    for (let next = 1; taken.has(`${brand.name} ${template.product}`); next++)
      brand = brands[(index + round + next) % brands.length];
    taken.add(`${brand.name} ${template.product}`);
    const line: Line = {
      brand,
      product: template.product,
      category: template.category,
      shape: template.shape,
      coding: template.codings[round % template.codings.length],
      layout: random.uniform(),
    };
    const base = 99 + 10 * random.integer(30);
    const size = Math.min(perLine, count - index * perLine);
    for (const variant of variantsOf(template, size)) {
      const id = `sku-${String(skus.length + 1).padStart(2, '0')}`;
      const name = `${line.brand.name} ${line.product} ${variant.flavour.name} ${variant.size.name}`;
      skus.push({ id, name, line, ...variant, price: base + 20 * random.integer(3) });
    }
  }
  return skus;
}
