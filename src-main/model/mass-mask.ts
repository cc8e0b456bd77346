/**
 * The smallest set of patches that holds a share of the attention, as the official code finds it (facebookresearch/dino,
 * visualize_attention.py): sorted ascending, a patch is in once the running sum, itself included, exceeds 1 − share. Of
 * equals the later patch counts as the larger.
 * @param attention [patches], not negative
 * @param share 0 … 1; the paper shows 0.6
 * @returns [patches], 0 or 1
 */
export function massMask(attention: Float32Array, share = 0.6): Uint8Array {
  const total = attention.reduce((sum, value) => sum + value, 0);
  const order = Uint32Array.from(attention.keys()).sort((a, b) => attention[a] - attention[b] || a - b);
  const kept = new Uint8Array(attention.length);
  let running = 0;
  for (const patch of order) {
    running += attention[patch] / total;
    kept[patch] = running > 1 - share ? 1 : 0;
  }
  return kept;
}
