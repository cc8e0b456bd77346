/**
 * From a prior belief about each pixel to a mask whose border follows the picture: GrabCut (Rother, Kolmogorov, Blake, SIGGRAPH 2004),
 * begun from a probability map in place of a hand-drawn box. Colours of object and background are mixtures of Gaussians; edges
 * are contrast-weighted links; minCut finds the best labelling; colours are fitted again to what it found.
 */
import { fitMixture, logLikelihoods } from './colour-mixture.ts';
import type { Mask } from './mask.ts';
import { gridDirections, minCut } from './min-cut.ts';

export interface GrabCutSettings {
  /** Rounds of fitting and cutting. */
  rounds: number;
  /** Gaussians a side. */
  components: number;
  /** The price of a cut between two pixels of the same colour, in nats; edges are cheaper. GrabCut's 50 is for hand-drawn boxes. */
  smoothness: number;
  /** The weight of colours against the prior, 0 … 1. */
  colour: number;
}

/** Capacities are nats times this: integers fine enough to tell the beliefs apart. */
const unit = 256;
const mostNats = 1e5;

/**
 * Contrast-weighted links after Boykov and Jolly: exp(−‖Δ‖² / 2⟨‖Δ‖²⟩) / distance, for the four directions of `GridGraph`.
 * @param lab [height × width, 3]
 */
export function contrastLinks(
  lab: Float32Array,
  width: number,
  height: number,
  smoothness: number,
): [Int32Array, Int32Array, Int32Array, Int32Array] {
  const squares = gridDirections
    .filter((_, index) => index % 2 === 0)
    .map(([dx, dy]) => {
      const square = new Float32Array(width * height).fill(-1);
      for (let y = 0; y + dy < height; y++) {
        for (let x = Math.max(0, -dx); x < width && x + dx < width; x++) {
          const from = (y * width + x) * 3;
          const to = ((y + dy) * width + x + dx) * 3;
          square[y * width + x] =
            (lab[from] - lab[to]) ** 2 + (lab[from + 1] - lab[to + 1]) ** 2 + (lab[from + 2] - lab[to + 2]) ** 2;
        }
      }
      return square;
    });
  let sum = 0;
  let count = 0;
  for (const square of squares) {
    for (const value of square) {
      if (value < 0) continue;
      sum += value;
      count++;
    }
  }
  const sharpness = sum > 0 ? count / (2 * sum) : 0;
  const links = squares.map((square, k) => {
    const [dx, dy] = gridDirections[2 * k];
    const price = (smoothness * unit) / Math.hypot(dx, dy);
    return Int32Array.from(square, (value) => (value < 0 ? 0 : Math.round(price * Math.exp(-sharpness * value))));
  });
  return links as [Int32Array, Int32Array, Int32Array, Int32Array];
}

/**
 * @param lab [height × width, 3]
 * @param prior [height × width], the probability that a pixel is object before its colour is looked at; exactly 0 or 1 is a certainty
 */
export function grabCut(
  lab: Float32Array,
  prior: Float32Array,
  width: number,
  height: number,
  settings: GrabCutSettings,
): Mask {
  const size = width * height;
  const links = contrastLinks(lab, width, height, settings.smoothness);
  const belief = Float32Array.from(prior, (p) => Math.max(-mostNats, Math.min(mostNats, Math.log(p / (1 - p)))));
  let inside = Float32Array.from(prior);
  let outside = Float32Array.from(prior, (p) => 1 - p);
  let data: Uint8Array = new Uint8Array(size);
  const asObject = new Float32Array(size);
  const asBackground = new Float32Array(size);
  for (let round = 0; round < settings.rounds; round++) {
    const object = fitMixture(lab, inside, settings.components);
    const background = fitMixture(lab, outside, settings.components);
    const terminals = new Int32Array(size);
    if (object && background) {
      logLikelihoods(object, lab, asObject);
      logLikelihoods(background, lab, asBackground);
    }
    for (let i = 0; i < size; i++) {
      const nats = belief[i] + settings.colour * (asObject[i] - asBackground[i]);
      terminals[i] = Math.round(unit * Math.max(-mostNats, Math.min(mostNats, nats)));
    }
    const before = data;
    data = minCut({ width, height, terminals, links });
    let changed = 0;
    for (let i = 0; i < size; i++) changed += data[i] ^ before[i];
    if (changed < size / 2000) break;
    inside = Float32Array.from(data);
    outside = Float32Array.from(data, (value) => 1 - value);
  }
  return { width, height, data };
}
