/**
 * The inner loop of the vector search: dot products of one query with many rows of 8-bit codes, as a WebAssembly SIMD module that is
 * assembled here, byte by byte, for the given width. Plain typed-array code reads 100,000 × 384 float32 in some 40 ms; a row of bytes is
 * a quarter of that memory, and SIMD multiplies it as fast as memory delivers it. The module has no inner loop: at a known width every
 * load has a constant offset.
 */

/** Bytes that one SIMD step reads; rows are padded with zeros to a multiple of it. */
const STEP = 16;
const PAGE = 65_536;
/** Rows whose sums fit the output area between two reads by the caller. */
export const BLOCK_ROWS = 4096;

// Opcodes: WebAssembly core specification 2.0, section 5.4 (numeric and vector instructions).
const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const LOCAL_TEE = 0x22;
const I32_CONST = 0x41;
const I32_ADD = 0x6a;
const I32_SUB = 0x6b;
const I32_STORE = [0x36, 0x02, 0x00];
const VECTOR_LOAD = [0xfd, 0x00, 0x04];
const EXTRACT_LANE = [0xfd, 0x1b];
const EXTEND_LOW_INT8 = [0xfd, 0x87, 0x01];
const EXTEND_HIGH_INT8 = [0xfd, 0x88, 0x01];
const DOT_INT16 = [0xfd, 0xba, 0x01];
const VECTOR_ADD_INT32 = [0xfd, 0xae, 0x01];
const INT32 = 0x7f;
const VECTOR = 0x7b;

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return bytes;
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    const low = rest & 0x7f;
    const last = (rest >> 7 === 0 && (low & 0x40) === 0) || (rest >> 7 === -1 && (low & 0x40) !== 0);
    bytes.push(last ? low : low | 0x80);
    if (last) return bytes;
  }
}

const section = (id: number, content: number[]) => [id, ...unsigned(content.length), ...content];
const named = (text: string) => [text.length, ...new TextEncoder().encode(text)];

/** `products(query, codes, rows, out)`: out[row] = Σ query[i] · codes[row][i], as int32. All arguments but `rows` are addresses. */
function assemble(width: number) {
  const [query, codes, rows, out, sum, data] = [0, 1, 2, 3, 4, 5];
  const code: number[] = [0x03, 0x40]; // loop
  for (let offset = 0; offset < width; offset += STEP) {
    code.push(LOCAL_GET, codes, ...VECTOR_LOAD, ...unsigned(offset), LOCAL_SET, data);
    code.push(LOCAL_GET, data, ...EXTEND_LOW_INT8);
    code.push(LOCAL_GET, query, ...VECTOR_LOAD, ...unsigned(2 * offset), ...DOT_INT16);
    code.push(LOCAL_GET, data, ...EXTEND_HIGH_INT8);
    code.push(LOCAL_GET, query, ...VECTOR_LOAD, ...unsigned(2 * offset + STEP), ...DOT_INT16, ...VECTOR_ADD_INT32);
    if (offset > 0) code.push(LOCAL_GET, sum, ...VECTOR_ADD_INT32);
    code.push(LOCAL_SET, sum);
  }
  code.push(LOCAL_GET, out);
  for (let lane = 0; lane < 4; lane++) {
    code.push(LOCAL_GET, sum, ...EXTRACT_LANE, lane);
    if (lane > 0) code.push(I32_ADD);
  }
  code.push(...I32_STORE);
  code.push(LOCAL_GET, codes, I32_CONST, ...signed(width), I32_ADD, LOCAL_SET, codes);
  code.push(LOCAL_GET, out, I32_CONST, 4, I32_ADD, LOCAL_SET, out);
  code.push(LOCAL_GET, rows, I32_CONST, 1, I32_SUB, LOCAL_TEE, rows, 0x0d, 0x00); // br_if, next row
  code.push(0x0b, 0x0b); // end of loop, end of function

  const locals = [1, 2, VECTOR];
  const body = [...locals, ...code];
  const module = new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, 4, INT32, INT32, INT32, INT32, 0]),
    ...section(2, [1, ...named('scan'), ...named('memory'), 0x02, 0x00, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...named('products'), 0x00, 0]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ]);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module), { scan: { memory } });
  return { memory, products: instance.exports.products as (...addresses: number[]) => void };
}

/** Rows of int8 codes in WebAssembly memory, and their products with an int16 query. */
export class ByteScan {
  /** Entries in a row, padding included. */
  readonly width: number;
  /** The largest absolute value of a query's entry for which no sum can overflow int32. */
  readonly queryRange: number;
  readonly #memory: WebAssembly.Memory;
  readonly #products: (...addresses: number[]) => void;
  readonly #sumsAt: number;
  readonly #codesAt: number;

  constructor(dimensions: number) {
    this.width = Math.ceil(dimensions / STEP) * STEP;
    this.queryRange = Math.min(32_767, Math.floor((2 ** 31 - 1) / (127 * this.width)));
    const { memory, products } = assemble(this.width);
    this.#memory = memory;
    this.#products = products;
    this.#sumsAt = 2 * this.width;
    this.#codesAt = this.#sumsAt + 4 * BLOCK_ROWS;
    this.reserve(1);
  }

  /** Makes room for so many rows. Views taken before (`row`, `query`, `sums`) are stale afterwards. */
  reserve(rows: number): void {
    const missing = this.#codesAt + rows * this.width - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE));
  }

  /** Where the codes of a row are written; entries past the dimensions stay 0. */
  row(index: number): Int8Array {
    return new Int8Array(this.#memory.buffer, this.#codesAt + index * this.width, this.width);
  }

  /** Where the query is written, each entry within ±`queryRange`. */
  query(): Int16Array {
    return new Int16Array(this.#memory.buffer, 0, this.width);
  }

  /** Products of the query with rows `first` … `first + count − 1`, count ≤ BLOCK_ROWS; overwritten by the next call. */
  sums(first: number, count: number): Int32Array {
    this.#products(0, this.#codesAt + first * this.width, count, this.#sumsAt);
    return new Int32Array(this.#memory.buffer, this.#sumsAt, count);
  }
}
