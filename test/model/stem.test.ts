import { expect, test } from 'vitest';
import { Random } from '../../src-main/base/random.ts';
import { convolution3 } from '../../src-main/engine/convolution.ts';
import { input } from '../../src-main/engine/graph.ts';
import { OnnxRuntime } from '../../src-main/engine/onnx/runtime.ts';
import { initialWeights, inputLookup, type Weights } from '../../src-main/model/parameters.ts';
import { patchTokens, type StemConfig, stemFlops, stemParameters } from '../../src-main/model/stem.ts';

/** A convolution by its definition, in float64: channels first, zeros around. */
function convolve(
  x: { channels: number; side: number; at: (c: number, y: number, x: number) => number },
  weight: Float32Array,
  bias: Float32Array,
  { kernel, stride, padding }: { kernel: number; stride: number; padding: number },
) {
  const out = bias.length;
  const side = (x.side + 2 * padding - kernel) / stride + 1;
  const values = new Float64Array(out * Math.floor(side) ** 2);
  const extent = Math.floor(side);
  for (let o = 0; o < out; o++)
    for (let row = 0; row < extent; row++)
      for (let column = 0; column < extent; column++) {
        let sum = bias[o];
        for (let c = 0; c < x.channels; c++)
          for (let y = 0; y < kernel; y++)
            for (let dx = 0; dx < kernel; dx++) {
              const [sourceRow, sourceColumn] = [row * stride + y - padding, column * stride + dx - padding];
              if (sourceRow < 0 || sourceColumn < 0 || sourceRow >= x.side || sourceColumn >= x.side) continue;
              sum += weight[((o * x.channels + c) * kernel + y) * kernel + dx] * x.at(c, sourceRow, sourceColumn);
            }
        values[(o * extent + row) * extent + column] = sum;
      }
  return {
    channels: out,
    side: extent,
    at: (c: number, y: number, xx: number) => values[(c * extent + y) * extent + xx],
  };
}

type Map2d = ReturnType<typeof convolve>;

/** Norm over the channels of every place, then GELU by an erf series that is exact to 1e-12. */
function activate(x: Map2d, scale: Float32Array, bias: Float32Array): Map2d {
  const at = (c: number, y: number, xx: number) => {
    let mean = 0;
    for (let i = 0; i < x.channels; i++) mean += x.at(i, y, xx) / x.channels;
    let variance = 0;
    for (let i = 0; i < x.channels; i++) variance += (x.at(i, y, xx) - mean) ** 2 / x.channels;
    const value = ((x.at(c, y, xx) - mean) / Math.sqrt(variance + 1e-6)) * scale[c] + bias[c];
    return 0.5 * value * (1 + erf(value / Math.SQRT2));
  };
  return { ...x, at };
}

function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 200; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

function drawn(config: StemConfig): Weights {
  const random = new Random(7);
  const weights = initialWeights(stemParameters(config), random);
  for (const { values } of weights.values()) for (let i = 0; i < values.length; i++) values[i] += 0.1 * random.normal();
  return weights;
}

async function tokensOf(config: StemConfig, weights: Weights, images: Float32Array, side: number) {
  const lookup = inputLookup(stemParameters(config), '');
  const grid = { rows: side / config.patch, columns: side / config.patch };
  const nodes = patchTokens(config, lookup, input('images', [1, 3, side, side]), grid);
  const program = await new OnnxRuntime('cpu', { threads: 1 }).compile({ tokens: nodes });
  const feeds = Object.fromEntries([...weights].map(([name, { values }]) => [name, values]));
  const { tokens } = await program.run({ ...feeds, images });
  await program.dispose();
  return tokens;
}

const SIDE = 32;

function picture(): { values: Float32Array; map: Map2d } {
  const random = new Random(3);
  const values = Float32Array.from({ length: 3 * SIDE * SIDE }, () => random.normal());
  return { values, map: { channels: 3, side: SIDE, at: (c, y, x) => values[(c * SIDE + y) * SIDE + x] } };
}

test('the hierarchical stem is convolutions of 4, 2 and 2 pixels whose kernels do not overlap', async () => {
  const config: StemConfig = { dimensions: 16, patch: 16, stem: 'hierarchical' };
  const weights = drawn(config);
  const { values, map } = picture();
  const of = (name: string) => weights.get(`patch_embed.${name}`)!.values;
  let x = convolve(map, of('levels.0.weight'), of('levels.0.bias'), { kernel: 4, stride: 4, padding: 0 });
  x = activate(x, of('norms.0.weight'), of('norms.0.bias'));
  x = convolve(x, of('levels.1.weight'), of('levels.1.bias'), { kernel: 2, stride: 2, padding: 0 });
  x = activate(x, of('norms.1.weight'), of('norms.1.bias'));
  x = convolve(x, of('proj.weight'), of('proj.bias'), { kernel: 2, stride: 2, padding: 0 });
  expectSame(await tokensOf(config, weights, values, SIDE), x);
});

test('the convolutional stem is overlapping convolutions of stride 2, then one of a single pixel', async () => {
  const config: StemConfig = { dimensions: 16, patch: 8, stem: 'convolution' };
  const weights = drawn(config);
  const { values, map } = picture();
  const of = (name: string) => weights.get(`patch_embed.${name}`)!.values;
  let x: Map2d = map;
  for (let level = 0; level < 3; level++) {
    x = convolve(x, of(`levels.${level}.weight`), of(`levels.${level}.bias`), { kernel: 3, stride: 2, padding: 1 });
    x = activate(x, of(`norms.${level}.weight`), of(`norms.${level}.bias`));
  }
  x = convolve(x, of('proj.weight'), of('proj.bias'), { kernel: 1, stride: 1, padding: 0 });
  expectSame(await tokensOf(config, weights, values, SIDE), x);
});

test('a convolution of stride 1 sees the neighbours of every place', async () => {
  const random = new Random(5);
  const [side, from, to] = [6, 3, 4];
  const x = Float32Array.from({ length: side * side * from }, () => random.normal());
  const weight = Float32Array.from({ length: to * from * 9 }, () => random.normal());
  const bias = Float32Array.from({ length: to }, () => random.normal());
  const node = convolution3(input('x', [1, side, side, from]), input('w', [to, from, 3, 3]), input('b', [to]), 1);
  const program = await new OnnxRuntime('cpu', { threads: 1 }).compile({ y: node });
  const { y } = await program.run({ x, w: weight, b: bias });
  await program.dispose();
  const map = {
    channels: from,
    side,
    at: (c: number, row: number, column: number) => x[(row * side + column) * from + c],
  };
  expectSame(y, convolve(map, weight, bias, { kernel: 3, stride: 1, padding: 1 }));
});

test('no pixel crosses the border of a patch in the hierarchical stem, and some do in the convolutional one', async () => {
  const changedTokens = async (config: StemConfig) => {
    const weights = drawn(config);
    const { values } = picture();
    const before = await tokensOf(config, weights, values, SIDE);
    const other = values.slice();
    // The last pixel of the first row of the first patch.
    other[config.patch - 1] += 1;
    const after = await tokensOf(config, weights, other, SIDE);
    const changed = new Set<number>();
    for (const [i, value] of after.entries()) if (value !== before[i]) changed.add(Math.floor(i / config.dimensions));
    return [...changed];
  };
  expect(await changedTokens({ dimensions: 16, patch: 16, stem: 'hierarchical' })).toEqual([0]);
  expect((await changedTokens({ dimensions: 128, patch: 16, stem: 'convolution' })).length).toBeGreaterThan(1);
});

test('what a stem costs is counted from its layers', () => {
  expect(stemFlops({ dimensions: 192, patch: 16 })).toBe(2 * 192 * 3 * 256);
  expect(stemFlops({ dimensions: 192, patch: 16, stem: 'hierarchical' })).toBe(
    2 * (16 * 48 * 3 * 16 + 4 * 96 * 48 * 4 + 192 * 96 * 4),
  );
  expect(stemFlops({ dimensions: 192, patch: 8, stem: 'convolution' })).toBe(
    2 * (16 * 48 * 3 * 9 + 4 * 96 * 48 * 9 + 192 * 96 * 9 + 192 * 192),
  );
});

/** Tokens lie place by place, the reference channel by channel. */
function expectSame(tokens: Float32Array, { channels, side, at }: Map2d): void {
  expect(tokens.length).toBe(channels * side * side);
  for (let place = 0; place < side * side; place++)
    for (let c = 0; c < channels; c++)
      expect(tokens[place * channels + c]).toBeCloseTo(at(c, Math.floor(place / side), place % side), 4);
}
