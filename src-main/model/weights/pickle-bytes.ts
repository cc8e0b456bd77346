/** A pickle's bytes from front to back; what reaches beyond their end is an error and no memory. */

/** Bytes of one integer. */
const LONGEST_INTEGER = 64;

export class PickleBytes {
  position: number;
  readonly #bytes: Buffer;
  readonly #damaged: () => Error;

  constructor(bytes: Buffer, position: number, damaged: () => Error) {
    this.#bytes = bytes;
    this.position = position;
    this.#damaged = damaged;
  }

  take(length: number): Buffer {
    const end = this.position + length;
    if (end > this.#bytes.length) throw this.#damaged();
    const taken = this.#bytes.subarray(this.position, end);
    this.position = end;
    return taken;
  }

  byte(): number {
    return this.take(1)[0];
  }

  /** Of four bytes. */
  count(): number {
    return this.take(4).readUInt32LE();
  }

  /** Of eight. */
  longCount(): number {
    const length = this.take(8).readBigUInt64LE();
    if (length > BigInt(this.#bytes.length)) throw this.#damaged();
    return Number(length);
  }

  /** UTF-8. */
  text(length: number): string {
    return this.take(length).toString('utf8');
  }

  /** Up to the next newline, without it. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.position);
    if (end < 0) throw this.#damaged();
    const text = this.text(end - this.position);
    this.position++;
    return text;
  }

  /** Little-endian, two's complement. */
  integer(length: number): number | bigint {
    if (length > LONGEST_INTEGER) throw this.#damaged();
    let value = 0n;
    const bytes = this.take(length);
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
    const signed = length > 0 && bytes[length - 1] & 0x80 ? value - (1n << BigInt(8 * length)) : value;
    return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
  }
}
