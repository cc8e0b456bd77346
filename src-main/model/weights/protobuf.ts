/** Protocol buffers on the wire (https://protobuf.dev/programming-guides/encoding), field by field and without copies. */
import type { GondolaError } from '../../base/errors.ts';

export interface WireField {
  readonly number: number;
  /** Of a varint (as the 64 bits are, unsigned), else 0. */
  readonly value: bigint;
  /** Of everything else: a view of the message. */
  readonly bytes: Buffer;
}

const NOTHING = Buffer.alloc(0);

/** The fields of a message in their order. @throws what `fail` makes, where the bytes are no message */
export function* wireFields(message: Buffer, fail: (what: string) => GondolaError): Generator<WireField> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (at >= message.length) break;
      const byte = message[at++];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value & 0xffffffffffffffffn;
    }
    throw fail('it is damaged or cut short');
  };
  while (at < message.length) {
    const tag = Number(varint());
    const [number, wire] = [Math.floor(tag / 8), tag % 8];
    if (wire === 0) {
      yield { number, value: varint(), bytes: NOTHING };
      continue;
    }
    const length = wire === 2 ? varint() : wire === 1 ? 8n : wire === 5 ? 4n : -1n;
    if (length < 0n || length > BigInt(message.length - at)) throw fail('it is damaged or cut short');
    const bytes = message.subarray(at, at + Number(length));
    at += Number(length);
    yield { number, value: 0n, bytes };
  }
}

/** A repeated whole number, packed or not, in this field. */
export function* wireNumbers({ value, bytes }: WireField, fail: (what: string) => GondolaError): Generator<number> {
  if (bytes.length === 0) {
    yield Number(BigInt.asIntN(64, value));
    return;
  }
  let [sum, shift] = [0n, 0n];
  for (const byte of bytes) {
    sum |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
    if (shift > 70n) throw fail('it is damaged or cut short');
    if (byte >= 0x80) continue;
    yield Number(BigInt.asIntN(64, sum));
    [sum, shift] = [0n, 0n];
  }
}
