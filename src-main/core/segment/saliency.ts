/**
 * What stands out from the border, without any network: geodesic saliency (Wei et al., ECCV 2012). Photographers leave background at the
 * border, and background is connected: a place is salient when every way from it to the border crosses colour edges.
 */

/** Colour steps under this (Lab units) are texture and light, not a border between things. */
const insignificant = 3;

/**
 * @param lab [height × width, 3]; a small picture, since only large things matter: about 64 pixels a side
 * @returns [height × width], 0 (as the border) … 1 (the farthest); all 0 where nothing stands out
 */
export function geodesicSaliency(lab: Float32Array, width: number, height: number): Float32Array {
  const size = width * height;
  const distance = new Float64Array(size).fill(Infinity);
  const queue = new Frontier(size);
  // The border itself is suspect by how much it differs from the rest of the border: an object cut off by the frame.
  const border = borderSurprise(lab, width, height);
  for (const [cell, surprise] of border) {
    distance[cell] = surprise;
    queue.push(cell, surprise);
  }
  for (let cell = queue.pop(distance); cell >= 0; cell = queue.pop(distance)) {
    const x = cell % width;
    const y = (cell - x) / width;
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        const u = x + dx;
        const v = y + dy;
        if ((dx === 0 && dy === 0) || u < 0 || v < 0 || u >= width || v >= height) continue;
        const other = v * width + u;
        const through = distance[cell] + Math.max(0, difference(lab, cell, other) - insignificant);
        if (through < distance[other]) {
          distance[other] = through;
          queue.push(other, through);
        }
      }
    }
  }
  let farthest = 0;
  for (const value of distance) farthest = Math.max(farthest, value);
  return Float32Array.from(distance, (value) => (farthest > 0 ? value / farthest : 0));
}

function difference(lab: Float32Array, one: number, other: number): number {
  return Math.hypot(
    lab[3 * one] - lab[3 * other],
    lab[3 * one + 1] - lab[3 * other + 1],
    lab[3 * one + 2] - lab[3 * other + 2],
  );
}

/** For each border cell its mean distance to the third of the border that it is most alike: small where much border looks so. */
function borderSurprise(lab: Float32Array, width: number, height: number): Map<number, number> {
  const cells: number[] = [];
  for (let x = 0; x < width; x++) cells.push(x, (height - 1) * width + x);
  for (let y = 1; y + 1 < height; y++) cells.push(y * width, y * width + width - 1);
  const surprise = new Map<number, number>();
  for (const cell of cells) {
    const alike = cells.map((other) => difference(lab, cell, other)).sort((a, b) => a - b);
    const third = Math.max(1, Math.ceil(alike.length / 3));
    let sum = 0;
    for (let i = 0; i < third; i++) sum += alike[i];
    surprise.set(cell, Math.max(0, sum / third - 2 * insignificant));
  }
  return surprise;
}

/** A binary heap of cells by distance; outdated entries are skipped when they come up. */
class Frontier {
  readonly #cells: number[] = [];
  readonly #keys: number[] = [];
  readonly #done: Uint8Array;

  constructor(size: number) {
    this.#done = new Uint8Array(size);
  }

  push(cell: number, key: number): void {
    const cells = this.#cells;
    const keys = this.#keys;
    let at = cells.length;
    cells.push(cell);
    keys.push(key);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (keys[above] <= key) break;
      cells[at] = cells[above];
      keys[at] = keys[above];
      at = above;
    }
    cells[at] = cell;
    keys[at] = key;
  }

  /** The nearest cell not yet taken, or −1. */
  pop(distance: Float64Array): number {
    while (this.#cells.length > 0) {
      const cell = this.#cells[0];
      const key = this.#keys[0];
      this.#removeTop();
      if (this.#done[cell] || key > distance[cell]) continue;
      this.#done[cell] = 1;
      return cell;
    }
    return -1;
  }

  #removeTop(): void {
    const cells = this.#cells;
    const keys = this.#keys;
    const cell = cells.pop()!;
    const key = keys.pop()!;
    if (cells.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= cells.length) break;
      if (below + 1 < cells.length && keys[below + 1] < keys[below]) below++;
      if (keys[below] >= key) break;
      cells[at] = cells[below];
      keys[at] = keys[below];
      at = below;
    }
    cells[at] = cell;
    keys[at] = key;
  }
}
