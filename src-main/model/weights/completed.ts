/** Differences between codes that are no differences of the network: turned into the official form without changing what it computes. */
import { mismatch, type NamedPart } from './naming.ts';
import { derived, type StoredTensor } from './stored.ts';

/**
 * A bias that no block has is zero. timm adds positions to the registers too, or to neither them nor the class token: what is added there becomes part of
 * the tokens, and what is not becomes zeros.
 */
export function completed(path: string, { tensors }: NamedPart): Map<string, StoredTensor> {
  const result = new Map(tensors);
  const [dimensions] = tensors.get('patch_embed.proj.weight')?.shape ?? [];
  const names = [...tensors.keys()];
  if (dimensions && !tensors.has('patch_embed.proj.bias')) result.set('patch_embed.proj.bias', zeros([dimensions]));
  if (!names.some((name) => name.endsWith('.attn.qkv.bias')))
    for (const name of names)
      if (name.endsWith('.attn.qkv.weight'))
        result.set(name.replace(/weight$/, 'bias'), zeros([tensors.get(name)!.shape[0]]));
  foldPositions(path, result);
  keepMaskToken(result);
  return result;
}

/** As DINOv2 has it, [1, dimensions]; other networks' are of no use for anything but their own training. */
function keepMaskToken(tensors: Map<string, StoredTensor>): void {
  const token = tensors.get('mask_token');
  const isOfDinov2 = tensors.has('register_tokens') || tensors.has('blocks.0.ls1.gamma');
  if (token && !(isOfDinov2 && token.shape.length === 2)) tensors.delete('mask_token');
}

function zeros(shape: readonly number[]): StoredTensor {
  return derived('nothing', shape, [], () => new Float32Array(shape[0]));
}

function foldPositions(path: string, tensors: Map<string, StoredTensor>): void {
  const positions = tensors.get('pos_embed');
  const registers = tensors.get('register_tokens');
  const isTable = (tensor: StoredTensor | undefined) => tensor?.shape.length === 3 && tensor.shape[0] === 1;
  // What has another form is left as it is, and named when it does not fit.
  if (!positions || !isTable(positions) || (registers && !isTable(registers))) return;
  const [, tokens, d] = positions.shape;
  const count = registers?.shape[1] ?? 0;
  const isSquare = (patches: number) => patches > 0 && Number.isInteger(Math.sqrt(patches));
  // All of timm's published networks with registers leave these without a position, so that goes first.
  if (isSquare(tokens)) tensors.set('pos_embed', withoutClass(positions));
  else if (isSquare(tokens - 1)) return;
  else if (registers && isSquare(tokens - 1 - count) && registers.shape[2] === d) {
    tensors.set('pos_embed', ofClassAndPatches(positions, count));
    const moved = derived(registers.source, registers.shape, [registers, positions], ([own, values]) =>
      own.map((value, index) => value + values[d + index]),
    );
    tensors.set('register_tokens', moved);
  } else {
    const besides = count > 0 ? ` with ${count} registers` : '';
    throw mismatch(path, `"${positions.source}" has ${tokens} positions, which${besides} are of no square image`);
  }
}

/** Positions of the patches alone: zeros for the class token. */
function withoutClass(positions: StoredTensor): StoredTensor {
  const [, tokens, d] = positions.shape;
  return derived(positions.source, [1, 1 + tokens, d], [positions], ([values]) => {
    const padded = new Float32Array(d + values.length);
    padded.set(values, d);
    return padded;
  });
}

/** Positions without those of the registers, which lie between. */
function ofClassAndPatches(positions: StoredTensor, registers: number): StoredTensor {
  const [, tokens, d] = positions.shape;
  return derived(positions.source, [1, tokens - registers, d], [positions], ([values]) => {
    const kept = new Float32Array(values.length - registers * d);
    kept.set(values.subarray(0, d));
    kept.set(values.subarray((1 + registers) * d), d);
    return kept;
  });
}
