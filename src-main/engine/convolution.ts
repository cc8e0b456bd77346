import { concat, type Node, pad, reshape, slice, transpose } from './graph.ts';
import { linear } from './operators.ts';

/**
 * A convolution with a square kernel of 3 and padding 1 over pictures that lie channels last: [n, height, width, in] → [n, height ÷ stride, width ÷ stride, out], as
 * torch.nn.functional.conv2d on the same values. Written as the nine neighbours of every position side by side and one matrix
 * product, so that gradients and every runtime come from the operators that there are.
 * @param weight [out, in, 3, 3], PyTorch's layout
 * @param bias [out]
 * @param stride 1, or 2 where both sides are even
 */
export function convolution3(x: Node, weight: Node, bias: Node | undefined, stride: 1 | 2): Node {
  const [n, height, width, channels] = x.shape;
  const out = weight.shape[0];
  const kernel = reshape(transpose(weight, [0, 2, 3, 1]), [out, 9 * channels]);
  const columns = reshape(neighbours(x, stride), [-1, 9 * channels]);
  return reshape(linear(columns, kernel, bias), [n, height / stride, width / stride, out]);
}

/** [n, height, width, channels] → [n, height ÷ stride, width ÷ stride, 9 · channels], the neighbours row by row. */
function neighbours(x: Node, stride: 1 | 2): Node {
  const [n, height, width, channels] = x.shape;
  const padded = pad(pad(x, 1, 1, 1), 2, 1, 1);
  const taps: Node[] = [];
  if (stride === 1) {
    for (let row = 0; row < 3; row++) {
      const rows = slice(padded, 1, row, row + height);
      for (let column = 0; column < 3; column++) taps.push(slice(rows, 2, column, column + width));
    }
    return concat(taps, 3);
  }
  // Pairs of rows and columns: a tap is one of a pair, from the first or the second pair on.
  const [down, across] = [height / 2, width / 2];
  const pairs = reshape(padded, [n, down + 1, 2, across + 1, 2 * channels]);
  for (let row = 0; row < 3; row++) {
    const rows = slice(slice(pairs, 2, row & 1, (row & 1) + 1), 1, row >> 1, (row >> 1) + down);
    // Columns 0 and 1 lie side by side.
    const both = slice(rows, 3, 0, across);
    const third = slice(slice(rows, 3, 1, across + 1), 4, 0, channels);
    taps.push(reshape(both, [n, down, across, 2 * channels]), reshape(third, [n, down, across, channels]));
  }
  return concat(taps, 3);
}
