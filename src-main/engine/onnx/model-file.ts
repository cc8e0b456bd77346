/** An `.onnx` file in pieces: the weights go from where they are into the file, without a copy of the whole model in memory. */
import { GondolaError } from '../../base/errors.ts';
import { encodeModel, type ModelProto, type TensorProto } from './schema.ts';

/** Protocol buffers end here: no reader takes more. */
const LARGEST = 2 ** 31 - 1;

/** A field of bytes: number, length, then the content. */
function field(number: number, length: number): Uint8Array {
  const bytes = [...varint(number * 8 + 2), ...varint(length)];
  return Uint8Array.from(bytes);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return [...bytes, left];
    bytes.push((left % 128) + 128);
  }
}

const total = (pieces: readonly Uint8Array[]): number => pieces.reduce((sum, { length }) => sum + length, 0);

/** What a message holds of the one field that was encoded: the bytes after its number and its length. */
function content(message: Uint8Array): Uint8Array {
  let at = 1;
  while (message[at] >= 128) at++;
  return message.subarray(at + 1);
}

/** GraphProto.initializer = 5 of TensorProto with raw_data = 9. */
function initializer({ rawData, ...tensor }: TensorProto): Uint8Array[] {
  const values = rawData ?? new Uint8Array();
  const described = content(content(encodeModel({ graph: { initializer: [tensor] } })));
  const inner = [described, field(9, values.length), values];
  return [field(5, total(inner)), ...inner];
}

/**
 * The file's bytes, in order.
 * @param weights further initialisers of the model, with their values as `rawData`
 * @throws GondolaError `onnx-size`
 */
export function modelPieces({ graph, ...model }: ModelProto, weights: readonly TensorProto[]): Uint8Array[] {
  const inner = [content(encodeModel({ graph })), ...weights.flatMap(initializer)];
  const length = total(inner);
  if (length > LARGEST)
    throw new GondolaError(
      'onnx-size',
      `An ONNX model of ${(length / 1e9).toFixed(1)} GB is beyond the format's 2 GB.`,
      'Use safetensors for this one.',
    );
  return [encodeModel(model), field(7, length), ...inner];
}
