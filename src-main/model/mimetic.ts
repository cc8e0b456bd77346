/**
 * Mimetic initialisation (Trockman and Kolter 2023, "Mimetic initialization of self-attention layers"): attention starts with the structure
 * that trained transformers are found to have. Per head W_q W_kᵀ ≈ 0.7 Z + 0.7 I, so that tokens attend to their like, and W_v W_proj ≈
 * 0.4 Z − 0.4 I, with Z of normal numbers of variance 1 ÷ d; positions start as sines and cosines. The paper factors by singular value
 * decomposition; here by a random projection with power iterations (Halko et al. 2011), which takes a hundredth of the time.
 */
import type { Random } from '../base/random.ts';
import { orthonormalRows, product, randomMatrix, transposed } from './factors.ts';
import type { Tensor } from './parameters.ts';
import { gridOf, type VitConfig } from './vit.ts';

const QUERY_KEY = { noise: 0.7, identity: 0.7 };
const VALUE_PROJECTION = { noise: 0.4, identity: -0.4 };
/** Times that the projection is sharpened towards the strongest directions. */
const POWER_ITERATIONS = 2;
/** Of the sines and cosines, as large as patch tokens are at the start. */
const POSITION_AMPLITUDE = 0.5;
/** The longest wavelength, as in Vaswani et al. 2017. */
const WAVELENGTHS = 10_000;

/** New values for `pos_embed` and for every block's `attn.qkv.weight` and `attn.proj.weight`. */
export function mimeticAttention(config: VitConfig, random: Random): Map<string, Tensor> {
  const { dimensions: d, depth, heads } = config;
  const weights = new Map<string, Tensor>([['pos_embed', sinusoidalPositions(config)]]);
  const width = d / heads;
  for (let block = 0; block < depth; block++) {
    const qkv = new Float32Array(3 * d * d);
    for (let head = 0; head < heads; head++) {
      const { left, right } = factors(noisyIdentity(d, QUERY_KEY, random), d, width, random);
      qkv.set(left, head * width * d);
      qkv.set(right, d * d + head * width * d);
    }
    const { left, right } = factors(noisyIdentity(d, VALUE_PROJECTION, random), d, d, random);
    qkv.set(left, 2 * d * d);
    weights.set(`blocks.${block}.attn.qkv.weight`, { shape: [3 * d, d], values: qkv });
    // x W_vᵀ W_projᵀ: what is kept is [out, in].
    weights.set(`blocks.${block}.attn.proj.weight`, { shape: [d, d], values: transposed(right, d, d) });
  }
  return weights;
}

function noisyIdentity(d: number, { noise, identity }: typeof QUERY_KEY, random: Random): Float32Array {
  const matrix = randomMatrix(d, d, noise / Math.sqrt(d), random);
  for (let i = 0; i < d; i++) matrix[i * d + i] += identity;
  return matrix;
}

/** `left` and `right`, both [rank, d] and about equally long, with leftᵀ · right ≈ matrix [d, d]; exact at full rank. */
function factors(matrix: Float32Array, d: number, rank: number, random: Random) {
  const turned = transposed(matrix, d, d);
  let basis = orthonormalRows(randomMatrix(rank, d, 1, random), rank, d);
  // Rows of basis · matrix · matrixᵀ lean to the strongest left directions.
  for (let i = 0; i < (rank < d ? POWER_ITERATIONS : 0); i++) {
    basis = orthonormalRows(product(product(basis, matrix, rank, d, d), turned, rank, d, d), rank, d);
  }
  const right = product(basis, matrix, rank, d, d);
  const scale = Math.sqrt(Math.sqrt(right.reduce((sum, value) => sum + value * value, 0) / rank));
  return { left: basis.map((value) => value * scale), right: right.map((value) => value / scale) };
}

/** A quarter of the dimensions each: sine and cosine of the row, sine and cosine of the column. The class token has none. */
function sinusoidalPositions(config: VitConfig): Tensor {
  const { dimensions: d, image } = config;
  const { rows, columns } = gridOf(config, image, image);
  const quarter = d >> 2;
  const values = new Float32Array((1 + rows * columns) * d);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = (1 + row * columns + column) * d;
      for (let i = 0; i < quarter; i++) {
        const frequency = WAVELENGTHS ** (-i / quarter);
        values[at + i] = POSITION_AMPLITUDE * Math.sin(row * frequency);
        values[at + quarter + i] = POSITION_AMPLITUDE * Math.cos(row * frequency);
        values[at + 2 * quarter + i] = POSITION_AMPLITUDE * Math.sin(column * frequency);
        values[at + 3 * quarter + i] = POSITION_AMPLITUDE * Math.cos(column * frequency);
      }
    }
  }
  return { shape: [1, 1 + rows * columns, d], values };
}
