// Pickles and archives as nobody's PyTorch writes them.
import { zip } from '../../../src-main/core/export/zip.ts';

export const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([Buffer.from('X'), length, bytes]);
};

/** Up to 2³¹. */
const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(5);
  bytes.write('J');
  bytes.writeInt32LE(value, 1);
  return bytes;
};

/** Any whole number. */
const long = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(9);
  bytes.writeBigInt64LE(value, 1);
  bytes[0] = 8;
  return Buffer.concat([Buffer.from([0x8a]), bytes]);
};

export const global = (module: string, name: string): Buffer => Buffer.from(`c${module}\n${name}\n`);
export const tuple = (...items: Buffer[]): Buffer => Buffer.concat([Buffer.from('('), ...items, Buffer.from('t')]);
export const called = (callee: Buffer, ...given: Buffer[]): Buffer =>
  Buffer.concat([callee, tuple(...given), Buffer.from('R')]);
export const dictionary = (entries: Readonly<Record<string, Buffer>>): Buffer =>
  Buffer.concat([
    Buffer.from('}('),
    ...Object.entries(entries).flatMap(([key, value]) => [text(key), value]),
    Buffer.from('u'),
  ]);

/** A tensor over a storage. */
export const tensor = (
  key: string,
  count: number,
  shape: readonly number[],
  strides: readonly number[],
  offset = 0,
  type = 'FloatStorage',
): Buffer =>
  called(
    global('torch._utils', '_rebuild_tensor_v2'),
    Buffer.concat([
      tuple(text('storage'), global('torch', type), text(key), text('cpu'), number(count)),
      Buffer.from('Q'),
    ]),
    number(offset),
    tuple(...shape.map((extent) => long(BigInt(extent)))),
    tuple(...strides.map((stride) => long(BigInt(stride)))),
    Buffer.from([0x89]),
    called(global('collections', 'OrderedDict')),
  );

/** A whole checkpoint around a pickled value. */
export const checkpoint = (
  value: Buffer,
  storages: Readonly<Record<string, Float32Array | Uint16Array>> = {},
): Buffer =>
  zip(
    new Map([
      ['a/data.pkl', Buffer.concat([Buffer.from([0x80, 2]), value, Buffer.from('.')])],
      ...Object.entries(storages).map(
        ([key, { buffer }]) => [`a/data/${key}`, Buffer.from(buffer as ArrayBuffer)] as [string, Buffer],
      ),
    ]),
  );
