/**
 * The cheapest cut of a pixel grid into object and background: the max-flow algorithm of Boykov and Kolmogorov, "An Experimental
 * Comparison of Min-Cut/Max-Flow Algorithms for Energy Minimization in Vision" (PAMI 2004), with their distance heuristic for
 * orphans, specialised to an eight-connected grid so that neighbours are index arithmetic and nothing but typed arrays is held.
 */

/** Steps to the eight neighbours; each pair (2k, 2k + 1) is a direction and its opposite, so that `d ^ 1` turns round. */
export const gridDirections = [
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
  [1, 1],
  [-1, -1],
  [-1, 1],
  [1, -1],
] as const;

const directions = 8;
const free = 0;
const sourceTree = 1;
const sinkTree = 2;
const noParent = -1;
const terminalParent = 8;
const notQueued = -1;

/** Capacities of one grid. They are integers: residuals then reach zero exactly and the algorithm ends. */
export interface GridGraph {
  width: number;
  height: number;
  /** Length width × height. Positive: how much the pixel wants to be object; negative: to be background. */
  terminals: Int32Array;
  /** Length 4 × width × height, at least 0: the price of cutting between a pixel and its neighbour in direction 2k. */
  links: readonly [Int32Array, Int32Array, Int32Array, Int32Array];
}

/**
 * Labels every pixel so that the sum of refused terminals and cut links is the least possible.
 * @returns width × height bytes, 1 for object. Pixels that no terminal reaches are background.
 */
export function minCut(graph: GridGraph): Uint8Array {
  const { width, height } = graph;
  // One pixel of padding all round: its capacities are zero, so that no search ever has to ask where the border is.
  const stride = width + 2;
  const size = stride * (height + 2);
  const offset = Int32Array.from(gridDirections, ([dx, dy]) => dy * stride + dx);
  const residual = new Int32Array(size * directions);
  const terminal = new Int32Array(size);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const pixel = y * width + x;
      const node = (y + 1) * stride + x + 1;
      terminal[node] = graph.terminals[pixel];
      for (let k = 0; k < 4; k++) {
        const [dx, dy] = gridDirections[2 * k];
        if (x + dx < 0 || x + dx >= width || y + dy >= height) continue;
        const price = graph.links[k][pixel];
        residual[node * directions + 2 * k] = price;
        residual[(node + offset[2 * k]) * directions + 2 * k + 1] = price;
      }
    }
  }
  const tree = grow(size, offset, residual, terminal);
  const object = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) object[y * width + x] = tree[(y + 1) * stride + x + 1] === sourceTree ? 1 : 0;
  }
  return object;
}

/** Grows the two search trees, augments along the paths where they meet, and adopts orphans, until nothing is active. */
function grow(size: number, offset: Int32Array, residual: Int32Array, terminal: Int32Array): Uint8Array {
  const tree = new Uint8Array(size);
  const parent = new Int8Array(size).fill(noParent);
  const distance = new Int32Array(size);
  const stamp = new Int32Array(size);
  let time = 0;

  // Active nodes are a linked queue through this array; the last one points to itself.
  const next = new Int32Array(size).fill(notQueued);
  let first = -1;
  let last = -1;
  const activate = (node: number): void => {
    if (next[node] !== notQueued) return;
    if (last >= 0) next[last] = node;
    else first = node;
    last = node;
    next[node] = node;
  };
  const orphans: number[] = [];

  for (let node = 0; node < size; node++) {
    if (terminal[node] === 0) continue;
    tree[node] = terminal[node] > 0 ? sourceTree : sinkTree;
    parent[node] = terminalParent;
    distance[node] = 1;
    activate(node);
  }

  /** The number of steps to a terminal, or 0 where the chain of parents ends at an orphan. Marks what it has walked. */
  const rooted = (start: number): number => {
    let steps = 0;
    let node = start;
    for (;;) {
      if (stamp[node] === time) {
        steps += distance[node];
        break;
      }
      const way = parent[node];
      if (way === noParent) return 0;
      steps++;
      if (way === terminalParent) {
        stamp[node] = time;
        distance[node] = 1;
        break;
      }
      node += offset[way];
    }
    let left = steps;
    for (let walked = start; stamp[walked] !== time; walked += offset[parent[walked]]) {
      stamp[walked] = time;
      distance[walked] = left--;
    }
    return steps;
  };

  const adopt = (node: number): void => {
    const side = tree[node];
    let best: number = noParent;
    let bestSteps = Number.MAX_SAFE_INTEGER;
    for (let way = 0; way < directions; way++) {
      const other = node + offset[way];
      if (tree[other] !== side) continue;
      const capacity =
        side === sourceTree ? residual[other * directions + (way ^ 1)] : residual[node * directions + way];
      if (capacity === 0 || parent[other] === noParent) continue;
      const steps = rooted(other);
      if (steps > 0 && steps < bestSteps) {
        best = way;
        bestSteps = steps;
      }
    }
    if (best !== noParent) {
      parent[node] = best;
      stamp[node] = time;
      distance[node] = bestSteps + 1;
      return;
    }
    for (let way = 0; way < directions; way++) {
      const other = node + offset[way];
      if (tree[other] !== side) continue;
      const capacity =
        side === sourceTree ? residual[other * directions + (way ^ 1)] : residual[node * directions + way];
      if (capacity > 0) activate(other);
      if (parent[other] === (way ^ 1)) {
        parent[other] = noParent;
        orphans.push(other);
      }
    }
    tree[node] = free;
  };

  /** Pushes as much as the path source … `from` → `from + offset[way]` … sink can carry. */
  const augment = (from: number, way: number): void => {
    const to = from + offset[way];
    let flow = residual[from * directions + way];
    let node = from;
    for (; parent[node] !== terminalParent; node += offset[parent[node]]) {
      const up = parent[node];
      flow = Math.min(flow, residual[(node + offset[up]) * directions + (up ^ 1)]);
    }
    flow = Math.min(flow, terminal[node]);
    for (node = to; parent[node] !== terminalParent; node += offset[parent[node]]) {
      flow = Math.min(flow, residual[node * directions + parent[node]]);
    }
    flow = Math.min(flow, -terminal[node]);

    residual[from * directions + way] -= flow;
    residual[to * directions + (way ^ 1)] += flow;
    for (node = from; parent[node] !== terminalParent; ) {
      const up = parent[node];
      const above = node + offset[up];
      residual[node * directions + up] += flow;
      residual[above * directions + (up ^ 1)] -= flow;
      if (residual[above * directions + (up ^ 1)] === 0) {
        parent[node] = noParent;
        orphans.push(node);
      }
      node = above;
    }
    terminal[node] -= flow;
    if (terminal[node] === 0) {
      parent[node] = noParent;
      orphans.push(node);
    }
    for (node = to; parent[node] !== terminalParent; ) {
      const up = parent[node];
      const above = node + offset[up];
      residual[above * directions + (up ^ 1)] += flow;
      residual[node * directions + up] -= flow;
      if (residual[node * directions + up] === 0) {
        parent[node] = noParent;
        orphans.push(node);
      }
      node = above;
    }
    terminal[node] += flow;
    if (terminal[node] === 0) {
      parent[node] = noParent;
      orphans.push(node);
    }
  };

  /** The direction from `node` along which the trees meet (source side first, as a step), or -1 after a fruitless search. */
  const search = (node: number): { from: number; way: number } | null => {
    const side = tree[node];
    for (let way = 0; way < directions; way++) {
      const other = node + offset[way];
      const capacity =
        side === sourceTree ? residual[node * directions + way] : residual[other * directions + (way ^ 1)];
      if (capacity === 0) continue;
      if (tree[other] === free) {
        tree[other] = side;
        parent[other] = way ^ 1;
        stamp[other] = stamp[node];
        distance[other] = distance[node] + 1;
        activate(other);
      } else if (tree[other] !== side) {
        return side === sourceTree ? { from: node, way } : { from: other, way: way ^ 1 };
      } else if (stamp[other] <= stamp[node] && distance[other] > distance[node] + 1) {
        // A shorter way to the same terminal keeps later paths short.
        parent[other] = way ^ 1;
        stamp[other] = stamp[node];
        distance[other] = distance[node] + 1;
      }
    }
    return null;
  };

  let current = -1;
  for (;;) {
    if (current < 0 || tree[current] === free) {
      do {
        current = first;
        if (current < 0) return tree;
        if (next[current] === current) {
          first = -1;
          last = -1;
        } else first = next[current];
        next[current] = notQueued;
      } while (tree[current] === free);
    }
    const meeting = search(current);
    time++;
    if (!meeting) {
      current = -1;
      continue;
    }
    augment(meeting.from, meeting.way);
    while (orphans.length > 0) adopt(orphans.pop()!);
  }
}
