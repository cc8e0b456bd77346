/** What gets between the camera and the products: a hand, a cart, a hanging sign, a wobbler on the rail, and glare. SVG in millimetres. */
import type { Random } from '../../base/random.ts';
import { colour, css, inkOn, lighter, white } from './colours.ts';
import { textInBox } from './letters.ts';

export interface Occluder {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
  /** Millimetres of blur: near things are out of focus. */
  readonly blur: number;
}

/** A hand that reaches up into the picture, forearm from below. */
function hand(random: Random): Occluder {
  const skin = colour(random.uniform(16, 30), random.uniform(0.3, 0.55), random.uniform(0.3, 0.76));
  const shade = css(lighter(skin, -0.1));
  const sleeve = colour(random.uniform(0, 360), random.uniform(0.1, 0.6), random.uniform(0.15, 0.6));
  const finger = (path: string, width: number) =>
    `<path d="${path}" stroke="${shade}" stroke-width="${width + 2.5}"/><path d="${path}" stroke="${css(skin)}" stroke-width="${width}"/>`;
  const svg =
    `<g fill="none" stroke-linecap="round" stroke-linejoin="round">` +
    `<path d="M62 420L66 150" stroke="${css(skin)}" stroke-width="58"/><path d="M60 460L63 275" stroke="${css(sleeve)}" stroke-width="84" stroke-linecap="butt"/>` +
    `<path d="M30 282H96" stroke="${css(lighter(sleeve, -0.08))}" stroke-width="9"/>` +
    finger('M92 128L104 74L108 44', 17) +
    finger('M76 118L80 58L82 22', 18) +
    finger('M58 118L56 54L56 16', 18) +
    finger('M42 124L32 68L30 34', 17) +
    `<path d="M50 150L84 150L86 128L46 128Z" stroke="${css(skin)}" stroke-width="34" fill="${css(skin)}"/>` +
    `${finger('M44 156L20 128L10 96', 19)}<path d="M40 142Q66 152 96 138" stroke="${shade}" stroke-width="2"/></g>`;
  return { svg, width: 126, height: 430, blur: 1.2 };
}

/** The upper edge of a shopping cart: a handle and wires. */
function cart(random: Random): Occluder {
  const width = 900;
  const height = 320;
  const wires: string[] = [];
  for (let x = 10; x < width; x += 34) wires.push(`M${x} 40L${x * 0.94 + 27} ${height}`);
  for (let y = 62; y < height; y += 52) wires.push(`M0 ${y}H${width}`);
  const grip = colour(random.pick([0, 120, 215]), 0.7, 0.4);
  const svg =
    `<g fill="none" stroke-linecap="round"><path d="${wires.join('')}" stroke="#70757a" stroke-width="7"/><path d="${wires.join('')}" stroke="#c3c8cc" stroke-width="3"/>` +
    `<path d="M0 40H${width}" stroke="#858b90" stroke-width="14"/><path d="M120 18H${width - 120}" stroke="${css(grip)}" stroke-width="30"/></g>`;
  return { svg, width, height, blur: 2 };
}

/** A cardboard sign that hangs into the picture. */
function sign(random: Random): Occluder {
  const ground = random.pick([colour(356, 0.85, 0.46), colour(54, 0.98, 0.56), colour(130, 0.6, 0.34)]);
  const width = 190;
  const height = 120;
  const text = random.pick(['-20%', 'NEW', '2 FOR 1', 'SAVE 1.00', 'FRESH']);
  const svg =
    `<path d="M30-200V6M160-200V6" stroke="#ddd" stroke-width="1.6"/><rect width="${width}" height="${height}" rx="4" fill="${css(ground)}"/>` +
    `<rect x="6" y="6" width="${width - 12}" height="${height - 12}" rx="3" fill="none" stroke="${css(white)}" stroke-width="2.5"/>` +
    textInBox(text, { x: 18, y: 28, width: width - 36, height: 62 }, { colour: css(inkOn(ground)), weight: 1.3 });
  return { svg, width, height, blur: 0.6 };
}

/** A round card on a strip that stands off the rail. */
export function wobbler(random: Random): Occluder {
  const ground = random.pick([colour(356, 0.85, 0.46), colour(54, 0.98, 0.56), colour(205, 0.8, 0.45)]);
  const text = random.pick(['NEW', '-10%', 'TOP', '1.99', 'BIO']);
  const svg =
    `<path d="M38 70L40 112" stroke="#e8e8e8" stroke-width="5"/><circle cx="38" cy="38" r="37" fill="${css(ground)}"/>` +
    textInBox(text, { x: 12, y: 24, width: 52, height: 28 }, { colour: css(inkOn(ground)), weight: 1.2 });
  return { svg, width: 76, height: 112, blur: 0 };
}

/** The reflection of a ceiling lamp. */
export function glare(random: Random): Occluder {
  const width = random.uniform(120, 320);
  const height = random.uniform(40, 110);
  const svg =
    `<defs><radialGradient id="glare"><stop offset="0" stop-color="#fff" stop-opacity="${random.uniform(0.35, 0.75).toFixed(2)}"/><stop offset="1" stop-color="#fff" stop-opacity="0"/></radialGradient></defs>` +
    `<rect width="${width}" height="${height}" fill="url(#glare)"/>`;
  return { svg, width, height, blur: 0 };
}

/** Something before the shelf, and where: `x`, `y` of its upper left corner as shares of the shown span, `z` in millimetres before the shelf. */
export function drawOccluder(random: Random): { occluder: Occluder; x: number; y: number; z: number; tilt: number } {
  const kind = random.integer(3);
  if (kind === 0)
    return {
      occluder: hand(random),
      x: random.uniform(0.1, 0.8),
      y: random.uniform(0.4, 0.7),
      z: -90,
      tilt: random.uniform(-28, 28),
    };
  if (kind === 1)
    return { occluder: cart(random), x: random.uniform(-0.3, 0.4), y: random.uniform(0.55, 0.75), z: -260, tilt: 0 };
  return { occluder: sign(random), x: random.uniform(0.1, 0.7), y: random.uniform(-0.06, 0.1), z: -140, tilt: 0 };
}
