/**
 * PyTorch's checkpoints (`torch.save`, torch/serialization.py): a pickle that describes the tensors, and their values beside it, in a zip archive or,
 * before PyTorch 1.6, one after another in the file. Dictionaries within dictionaries become dotted names.
 */
import { size } from '../../engine/graph.ts';
import { BoundedFile } from './bounded-file.ts';
import { FLOAT_WIDTHS, type FloatType, toFloats } from './numbers.ts';
import { type Pickled, type StorageReference, unpickle } from './pickle.ts';
import { Name, STORAGES, View } from './pickled.ts';
import type { StoredTensor, WeightFile } from './stored.ts';
import { readZip, type ZipEntry } from './zip.ts';

/** A network's description; values lie outside of it. */
const LARGEST_PICKLE = 16e6;
const DEEPEST = 16;
const LONGEST_NAME = 500;
const MOST_TENSORS = 100_000;
/** torch/serialization.py, MAGIC_NUMBER and PROTOCOL_VERSION. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

/** Where storages lie. */
interface Storages {
  /** The bytes of the values from `first` up to `end`; the same memory may be handed out again. */
  read(storage: StorageReference, first: number, end: number): Promise<Buffer>;
}

/** @throws GondolaError `weights-unreadable`, `weights-unsafe` */
export async function openPytorch(path: string): Promise<WeightFile> {
  const file = await BoundedFile.open(path, 'PyTorch checkpoint');
  try {
    const zipped = file.size >= 4 && (await file.read(0, 4)).readUInt32LE() === 0x04034b50;
    const { value, storages } = zipped ? await openArchive(file) : await openLegacy(file);
    const tensors = new Map<string, StoredTensor>();
    for (const [name, view] of named(value, file)) {
      const stored = storedView(name, view, storages, file);
      if (stored) tensors.set(name, stored);
    }
    return { path, format: 'PyTorch checkpoint', tensors, metadata: {}, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openArchive(file: BoundedFile): Promise<{ value: Pickled; storages: Storages }> {
  const entries = await readZip(file);
  const [pickle, another] = [...entries.values()].filter(({ name }) => /^([^/]+\/)?data\.pkl$/.test(name));
  if (!pickle || another) throw file.fail('it holds no data.pkl, as archives of PyTorch do');
  if (pickle.size > LARGEST_PICKLE) throw file.fail('its pickle is longer than that of any network');
  const folder = pickle.name.slice(0, -'data.pkl'.length);
  const order = await entries.get(`${folder}byteorder`)?.read();
  if (order && order.toString('utf8').trim() !== 'little') throw file.fail('its values are big-endian');
  const { value } = unpickle(await pickle.read(), file, { storage: (id) => reference(id, file) });
  return { value, storages: archived(folder, entries, file) };
}

function archived(folder: string, entries: ReadonlyMap<string, ZipEntry>, file: BoundedFile): Storages {
  return {
    async read({ storage, type, count }, first, end) {
      const entry = entries.get(`${folder}data/${storage}`);
      if (!entry) throw file.fail(`its values "${storage}" are missing`);
      const width = widthOf(type);
      if (entry.size !== count * width)
        throw file.fail(`its values "${storage}" take ${entry.size} bytes and are said to be ${count} of ${type}`);
      return entry.part(first * width, end * width);
    },
  };
}

/** Five pickles (a magic number, a protocol, the system, the content, the storages' names), then each storage with its count before it. */
async function openLegacy(file: BoundedFile): Promise<{ value: Pickled; storages: Storages }> {
  const bytes = await file.read(0, Math.min(file.size, LARGEST_PICKLE));
  if (bytes.toString('latin1', 257, 262) === 'ustar')
    throw file.fail('it is a tar archive, as PyTorch wrote them before 2017: load it there and save it again');
  const references = new Map<string, StorageReference>();
  const storage = (id: Pickled) => {
    const found = reference(id, file);
    references.set(found.storage, found);
    return found;
  };
  const magic = unpickle(bytes, file, { storage });
  const protocol = unpickle(bytes, file, { storage, start: magic.end });
  if (magic.value !== MAGIC || protocol.value !== PROTOCOL) throw file.fail('it is a pickle, but none of PyTorch');
  const system = unpickle(bytes, file, { storage, start: protocol.end });
  if (system.value instanceof Map && system.value.get('little_endian') === false)
    throw file.fail('its values are big-endian');
  const content = unpickle(bytes, file, { storage, start: system.end });
  const keys = unpickle(bytes, file, { storage, start: content.end });
  const places = new Map<string, number>();
  let position = keys.end;
  for (const key of Array.isArray(keys.value) ? keys.value : []) {
    const found = references.get(String(key));
    if (!found || places.has(found.storage)) throw file.fail(`it lists values "${String(key)}" that nothing refers to`);
    const count = (await file.read(position, 8)).readBigInt64LE();
    if (count !== BigInt(found.count))
      throw file.fail(`its values "${found.storage}" are said to be ${found.count} and are ${count}`);
    places.set(found.storage, position + 8);
    position += 8 + found.count * widthOf(found.type);
    if (position > file.size) throw file.fail('it is cut short');
  }
  const read = async ({ storage: key, type }: StorageReference, first: number, end: number) => {
    const place = places.get(key);
    if (place === undefined) throw file.fail(`its values "${key}" are missing`);
    return file.read(place + first * widthOf(type), (end - first) * widthOf(type));
  };
  return { value: content.value, storages: { read } };
}

const WIDTHS = new Map(Object.values(STORAGES).map(({ type, width }) => [type, width]));
const widthOf = (type: string): number => WIDTHS.get(type)!;

/** ('storage', class, key, device, count) and, in old files, a part of a storage. */
function reference(id: Pickled, file: BoundedFile): StorageReference {
  if (Array.isArray(id)) {
    const [kind, type, storage, , count, part] = id;
    const known = type instanceof Name && Object.hasOwn(STORAGES, type.full) ? STORAGES[type.full] : null;
    const isWhole = part === undefined || part === null;
    if (kind === 'storage' && known && typeof storage === 'string' && Number.isSafeInteger(count) && isWhole)
      return { storage, type: known.type, count: count as number };
  }
  throw file.fail('it refers to values in a way that PyTorch does not');
}

/** The tensors under string keys, however deep, each dictionary once. */
function named(value: Pickled, file: BoundedFile): Map<string, View> {
  const found = new Map<string, View>();
  const seen = new Set<Map<Pickled, Pickled>>();
  const visit = (part: Pickled, name: string, depth: number): void => {
    if (part instanceof View) {
      if (found.size >= MOST_TENSORS) throw file.fail(`it holds more than ${MOST_TENSORS} tensors`);
      found.set(name, part);
    }
    if (!(part instanceof Map) || seen.has(part) || depth > DEEPEST) return;
    seen.add(part);
    for (const [key, inner] of part) {
      if (typeof key !== 'string') continue;
      const path = name === '' ? key : `${name}.${key}`;
      if (path.length > LONGEST_NAME) throw file.fail(`it holds a name of more than ${LONGEST_NAME} characters`);
      visit(inner, path, depth + 1);
    }
  };
  visit(value, '', 0);
  return found;
}

/** Null for whole numbers, which are no weights. */
function storedView(name: string, view: View, storages: Storages, file: BoundedFile): StoredTensor | null {
  const { storage, offset, shape, strides } = view;
  const { type, count } = storage;
  if (!Object.hasOwn(FLOAT_WIDTHS, type)) return null;
  const length = size(shape);
  const last = shape.reduce((sum, extent, axis) => sum + (extent - 1) * strides[axis], offset);
  if (length > 0 && last >= count)
    throw file.fail(`"${name}" of shape [${shape.join(', ')}] reaches beyond its ${count} values`);
  return {
    source: name,
    shape,
    async values() {
      if (length === 0) return new Float32Array();
      // Of a storage that holds a whole network, only the tensor's own piece: anything else would be read as often as there are tensors.
      const bytes = await storages.read(storage, offset, last + 1);
      return gathered(toFloats(type as FloatType, bytes), view, length);
    },
  };
}

/** In row-major order, in memory of their own. @param values from the first one of the view on */
function gathered(values: Float32Array, { shape, strides }: View, length: number): Float32Array {
  if (isContiguous(shape, strides)) return values.slice(0, length);
  const result = new Float32Array(length);
  const index = new Array<number>(shape.length).fill(0);
  let place = 0;
  for (let i = 0; i < length; i++) {
    result[i] = values[place];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place += strides[axis];
      if (++index[axis] < shape[axis]) break;
      place -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return result;
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== step) return false;
    step *= shape[axis];
  }
  return true;
}
