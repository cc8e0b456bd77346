/** The number types of weight files. All floating-point ones become float32; whole numbers are no weights. */

/** As safetensors names them. */
export type FloatType = 'F64' | 'F32' | 'F16' | 'BF16';

/** Bytes a value. */
export const FLOAT_WIDTHS: Readonly<Record<FloatType, number>> = { F64: 8, F32: 4, F16: 2, BF16: 2 };

/** @param bytes little-endian values, aligned to their width; the result may share their memory */
export function toFloats(type: FloatType, bytes: Buffer): Float32Array {
  const { buffer, byteOffset, length } = aligned(bytes, FLOAT_WIDTHS[type]);
  switch (type) {
    case 'F32':
      return new Float32Array(buffer, byteOffset, length / 4);
    case 'F64':
      return Float32Array.from(new Float64Array(buffer, byteOffset, length / 8));
    case 'F16': {
      const result = new Float32Array(length / 2);
      const halves = new Uint16Array(buffer, byteOffset, length / 2);
      for (let i = 0; i < result.length; i++) result[i] = HALVES[halves[i]];
      return result;
    }
    case 'BF16': {
      // A bfloat16 is the upper half of a float32.
      const upper = Uint32Array.from(new Uint16Array(buffer, byteOffset, length / 2), (bits) => bits << 16);
      return new Float32Array(upper.buffer);
    }
  }
}

function aligned(bytes: Buffer, width: number): Buffer {
  if (bytes.byteOffset % width === 0) return bytes;
  const moved = Buffer.from(new ArrayBuffer(bytes.length));
  bytes.copy(moved);
  return moved;
}

/** IEEE 754 binary16. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Every one: the arithmetic of `fromHalf` takes seconds for a network. */
const HALVES = Float32Array.from({ length: 2 ** 16 }, (_, bits) => fromHalf(bits));
