/** The names that a checkpoint's pickle may use, and what stands for the things that they would make in Python. */
import type { GondolaError } from '../../base/errors.ts';
import type { Pickled, StorageReference } from './pickle.ts';

/** A class or function, by name alone. */
export class Name {
  readonly full: string;

  constructor(full: string) {
    this.full = full;
  }
}

/** Something that checkpoints carry along and nobody needs here, such as the arguments of a training. */
export class Inert {
  readonly name: string;
  readonly given: readonly Pickled[];
  state: Pickled = null;

  constructor(name: string, given: readonly Pickled[]) {
    this.name = name;
    this.given = given;
  }
}

/** More axes than any weight has. */
const MOST_AXES = 16;

/** A tensor: a part of a storage. */
export class View {
  readonly storage: StorageReference;
  readonly offset: number;
  readonly shape: readonly number[];
  /** In values, an axis each. */
  readonly strides: readonly number[];

  constructor(storage: StorageReference, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/** Storage classes → the type of their values. */
export const STORAGES: Readonly<Record<string, { readonly type: string; readonly width: number }>> = {
  'torch.DoubleStorage': { type: 'F64', width: 8 },
  'torch.FloatStorage': { type: 'F32', width: 4 },
  'torch.HalfStorage': { type: 'F16', width: 2 },
  'torch.BFloat16Storage': { type: 'BF16', width: 2 },
  'torch.LongStorage': { type: 'I64', width: 8 },
  'torch.IntStorage': { type: 'I32', width: 4 },
  'torch.ShortStorage': { type: 'I16', width: 2 },
  'torch.CharStorage': { type: 'I8', width: 1 },
  'torch.ByteStorage': { type: 'U8', width: 1 },
  'torch.BoolStorage': { type: 'BOOL', width: 1 },
};

type Call = (given: readonly Pickled[], fail: (what: string) => GondolaError) => Pickled;

/** What these would do in Python, done with data alone. */
const CALLS: Readonly<Record<string, Call>> = {
  'torch._utils._rebuild_tensor': view,
  'torch._utils._rebuild_tensor_v2': view,
  'torch._utils._rebuild_parameter': ([data]) => data,
  'torch._utils._rebuild_parameter_with_state': ([data]) => data,
  'torch._tensor._rebuild_from_type_v2': ([rebuild, , given], fail) => {
    // Of itself it would have no end.
    const isTensor = rebuild instanceof Name && rebuild.full.startsWith('torch._utils._rebuild_');
    if (!isTensor || !Array.isArray(given)) throw fail('it describes a tensor wrongly');
    return called(rebuild, given, fail);
  },
  'collections.OrderedDict': ([pairs], fail) => dictionary(pairs, fail),
  'collections.defaultdict': () => new Map(),
};

/** What may be made and is not looked at. */
const INERT: ReadonlySet<string> = new Set([
  'argparse.Namespace',
  ...['PosixPath', 'WindowsPath', 'PurePosixPath', 'PureWindowsPath'].map((name) => `pathlib.${name}`),
  ...['numpy', 'numpy.core.multiarray', 'numpy._core.multiarray'].flatMap((module) =>
    ['dtype', 'ndarray', 'scalar', '_reconstruct'].map((name) => `${module}.${name}`),
  ),
  '_codecs.encode',
  ...['builtins', '__builtin__'].flatMap((module) =>
    ['set', 'frozenset', 'list', 'dict', 'tuple', 'int', 'float', 'bool', 'str', 'bytes', 'bytearray', 'complex'].map(
      (name) => `${module}.${name}`,
    ),
  ),
  ...['Size', 'device', 'Tensor', 'float16', 'float32', 'float64', 'bfloat16', 'int64', 'int32', 'uint8', 'bool'].map(
    (name) => `torch.${name}`,
  ),
  'torch.nn.parameter.Parameter',
]);

export function isKnown(name: string): boolean {
  return Object.hasOwn(CALLS, name) || Object.hasOwn(STORAGES, name) || INERT.has(name);
}

/** What calling a known name with these arguments gives. */
export function called({ full }: Name, given: readonly Pickled[], fail: (what: string) => GondolaError): Pickled {
  if (Object.hasOwn(CALLS, full)) return CALLS[full](given, fail);
  return new Inert(full, given);
}

/** Lists that were made into a dictionary: a pickle that does so again and again would fill the memory with copies. */
const spent = new WeakSet<object>();

function dictionary(pairs: Pickled | undefined, fail: (what: string) => GondolaError): Map<Pickled, Pickled> {
  if (pairs === undefined) return new Map();
  if (!Array.isArray(pairs) || !pairs.every((pair) => Array.isArray(pair) && pair.length === 2))
    throw fail('it describes a dictionary wrongly');
  if (pairs.length > 0 && spent.has(pairs)) throw fail('it makes two dictionaries of one list');
  spent.add(pairs);
  return new Map(pairs as [Pickled, Pickled][]);
}

const isCount = (value: Pickled | undefined): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isCounts = (value: Pickled | undefined): value is number[] =>
  Array.isArray(value) && value.length <= MOST_AXES && value.every(isCount);

function view([storage, offset, shape, strides]: readonly Pickled[], fail: (what: string) => GondolaError): View {
  const isStorage = typeof storage === 'object' && storage !== null && 'storage' in storage && 'count' in storage;
  if (!isStorage || !isCount(offset) || !isCounts(shape) || !isCounts(strides) || shape.length !== strides.length)
    throw fail('it describes a tensor wrongly');
  return new View(storage as StorageReference, offset, [...shape], [...strides]);
}
