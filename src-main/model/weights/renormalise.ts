/** Networks see pixels minus a mean, divided by a deviation; not all were trained with the same ones. */
import type { Tensor, Weights } from '../parameters.ts';
import type { Pixels } from './import.ts';

const WEIGHT = 'patch_embed.proj.weight';
const BIAS = 'patch_embed.proj.bias';

/**
 * The network for pixels that are normalised with `to`: the first layer makes up for the difference, exactly. Only of a plain patch embedding, whose
 * kernels never reach beyond the picture.
 * @param from what `weights` were trained with
 */
export function renormalised(weights: Weights, from: Pixels, to: Pixels): Weights {
  const weight = weights.get(WEIGHT);
  const bias = weights.get(BIAS);
  const isSame = [0, 1, 2].every((c) => from.mean[c] === to.mean[c] && from.std[c] === to.std[c]);
  if (isSame || !weight || !bias) return weights;
  const [filters, colours, height, width] = weight.shape;
  const area = height * width;
  const scaled = new Float32Array(weight.values.length);
  const moved = bias.values.slice();
  for (let filter = 0; filter < filters; filter++) {
    let shift = 0;
    for (let colour = 0; colour < colours; colour++) {
      const factor = to.std[colour] / from.std[colour];
      const offset = (to.mean[colour] - from.mean[colour]) / from.std[colour];
      const start = (filter * colours + colour) * area;
      for (let i = start; i < start + area; i++) {
        scaled[i] = weight.values[i] * factor;
        shift += weight.values[i] * offset;
      }
    }
    moved[filter] += shift;
  }
  return new Map<string, Tensor>([
    ...weights,
    [WEIGHT, { shape: weight.shape, values: scaled }],
    [BIAS, { shape: bias.shape, values: moved }],
  ]);
}
