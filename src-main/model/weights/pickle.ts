/**
 * Python's pickles (protocols 2 to 5, https://docs.python.org/3/library/pickletools.html) as plain data. A pickle is a program that may call
 * anything; this reader calls nothing: it knows by name what checkpoints are made of, and refuses every other name.
 */
import { GondolaError } from '../../base/errors.ts';
import { PickleBytes } from './pickle-bytes.ts';
import { OP } from './pickle-instructions.ts';
import { called, Inert, isKnown, Name, View } from './pickled.ts';
import { plain } from './plain.ts';

/** What a pickle can hold here. Lists and tuples are arrays, dictionaries are Maps. */
export type Pickled =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Pickled[]
  | Map<Pickled, Pickled>
  | Name
  | Inert
  | View
  | StorageReference;

/** Values that lie elsewhere in the file. */
export interface StorageReference {
  readonly storage: string;
  /** As safetensors name it; null for whole numbers. */
  readonly type: string;
  /** Values in it. */
  readonly count: number;
}

/** A checkpoint of a large network takes some ten thousand. */
const MOST_STEPS = 1_000_000;

/** The file in question, for errors. */
export interface PickleSource {
  readonly path: string;
  fail(what: string): GondolaError;
}

export interface PickleOptions {
  /** What a persistent id stands for. */
  storage(id: Pickled): StorageReference;
  /** Where the pickle begins. */
  start?: number;
}

/** @returns the value, and where the next pickle would begin. @throws GondolaError `weights-unsafe` for names that could run code, and what `source.fail` makes */
export function unpickle(
  bytes: Buffer,
  source: PickleSource,
  { storage, start = 0 }: PickleOptions,
): { value: Pickled; end: number } {
  const machine = new Machine(bytes, start, source, storage);
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    if (machine.step()) return { value: machine.pop(), end: machine.bytes.position };
  }
  throw source.fail('its pickle is longer than that of any network');
}

class Machine {
  readonly bytes: PickleBytes;
  readonly #source: PickleSource;
  readonly #storage: (id: Pickled) => StorageReference;
  #stack: Pickled[] = [];
  /** Stacks that a mark put aside. */
  readonly #outer: Pickled[][] = [];
  readonly #memo = new Map<number, Pickled>();

  constructor(bytes: Buffer, start: number, source: PickleSource, storage: (id: Pickled) => StorageReference) {
    this.bytes = new PickleBytes(bytes, start, () => this.#damaged());
    this.#source = source;
    this.#storage = storage;
  }

  pop(): Pickled {
    const value = this.#stack.pop();
    if (value === undefined) throw this.#damaged();
    return value;
  }

  /** One instruction; true at the end. */
  step(): boolean {
    const op = this.bytes.byte();
    switch (op) {
      case OP.protocol:
        this.bytes.take(1);
        return false;
      case OP.frame:
        this.bytes.take(8);
        return false;
      case OP.stop:
        return true;
      case OP.mark:
        this.#outer.push(this.#stack);
        this.#stack = [];
        return false;
      case OP.pop:
        this.pop();
        return false;
      case OP.popMark:
        this.#marked();
        return false;
      case OP.binPut:
      case OP.longBinPut:
        this.#memo.set(op === OP.binPut ? this.bytes.byte() : this.bytes.count(), this.#top());
        return false;
      case OP.memoize:
        this.#memo.set(this.#memo.size, this.#top());
        return false;
      case OP.append:
      case OP.appends:
      case OP.addItems: {
        const items = op === OP.append ? [this.pop()] : this.#marked();
        const target = this.#top();
        if (!Array.isArray(target)) throw this.#damaged();
        for (const item of items) target.push(item);
        return false;
      }
      case OP.setItem:
      case OP.setItems: {
        const items = op === OP.setItem ? [this.pop(), this.pop()].reverse() : this.#marked();
        this.#fill(this.#top(), items);
        return false;
      }
      case OP.build: {
        const state = this.pop();
        const target = this.#top();
        if (target instanceof Inert) target.state = state;
        else if (!(target instanceof Map || target instanceof View)) throw this.#damaged();
        return false;
      }
      default: {
        // Made first: it may put the outer stack back.
        const made = this.#made(op);
        this.#stack.push(made);
        return false;
      }
    }
  }

  /** The value that an instruction pushes. */
  #made(op: number): Pickled {
    switch (op) {
      case OP.none:
        return null;
      case OP.true:
        return true;
      case OP.false:
        return false;
      case OP.binInt:
        return this.bytes.take(4).readInt32LE();
      case OP.binInt1:
        return this.bytes.byte();
      case OP.binInt2:
        return this.bytes.take(2).readUInt16LE();
      case OP.long1:
        return this.bytes.integer(this.bytes.byte());
      case OP.long4:
        return this.bytes.integer(this.bytes.count());
      case OP.binFloat:
        return this.bytes.take(8).readDoubleBE();
      case OP.shortUnicode:
        return this.bytes.text(this.bytes.byte());
      case OP.binUnicode:
        return this.bytes.text(this.bytes.count());
      case OP.binUnicode8:
        return this.bytes.text(this.bytes.longCount());
      case OP.shortBinString:
        return this.bytes.take(this.bytes.byte()).toString('latin1');
      case OP.binString:
        return this.bytes.take(this.bytes.count()).toString('latin1');
      case OP.shortBinBytes:
        return this.bytes.take(this.bytes.byte());
      case OP.binBytes:
        return this.bytes.take(this.bytes.count());
      case OP.binBytes8:
        return this.bytes.take(this.bytes.longCount());
      case OP.emptyDict:
        return new Map();
      case OP.dict:
        return this.#fill(new Map(), this.#marked());
      case OP.emptyList:
      case OP.emptyTuple:
      case OP.emptySet:
        return [];
      case OP.list:
      case OP.tuple:
        return this.#marked();
      case OP.tuple1:
      case OP.tuple2:
      case OP.tuple3: {
        const items = Array.from({ length: op - OP.tuple1 + 1 }, () => this.pop());
        return items.reverse();
      }
      case OP.dup:
        return this.#top();
      case OP.binGet:
        return this.#remembered(this.bytes.byte());
      case OP.longBinGet:
        return this.#remembered(this.bytes.count());
      case OP.global:
        return this.#name(this.bytes.line(), this.bytes.line());
      case OP.stackGlobal: {
        const [name, module] = [this.pop(), this.pop()];
        if (typeof name !== 'string' || typeof module !== 'string') throw this.#damaged();
        return this.#name(module, name);
      }
      case OP.reduce:
      case OP.newObject: {
        const [given, callee] = [this.pop(), this.pop()];
        if (!(callee instanceof Name) || !Array.isArray(given)) throw this.#damaged();
        return called(callee, given, (what) => this.#source.fail(what));
      }
      case OP.binPersistent:
        return this.#storage(this.pop());
    }
    throw this.#source.fail(`its pickle holds an instruction (0x${op.toString(16)}) that checkpoints have no use for`);
  }

  #name(module: string, name: string): Name {
    const full = `${module}.${name}`;
    if (isKnown(full)) return new Name(full);
    throw new GondolaError(
      'weights-unsafe',
      `${this.#source.path} asks for ${plain(`"${full}"`)} to be called, which is no part of a network's weights. Nothing of it was run.`,
      'Other programs would run what it names: ask whoever made the file for its weights alone (a state_dict, or safetensors).',
    );
  }

  #fill(target: Pickled, items: readonly Pickled[]): Map<Pickled, Pickled> {
    if (!(target instanceof Map) || items.length % 2 === 1) throw this.#damaged();
    for (let i = 0; i < items.length; i += 2) target.set(items[i], items[i + 1]);
    return target;
  }

  #marked(): Pickled[] {
    const items = this.#stack;
    const outer = this.#outer.pop();
    if (!outer) throw this.#damaged();
    this.#stack = outer;
    return items;
  }

  #top(): Pickled {
    const value = this.#stack.at(-1);
    if (value === undefined) throw this.#damaged();
    return value;
  }

  #remembered(index: number): Pickled {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#damaged();
    return value;
  }

  #damaged(): GondolaError {
    return this.#source.fail('its pickle is damaged or cut short');
  }
}
