/** A file from anywhere, read piece by piece: a piece that does not lie within the file is refused before memory is asked for. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { GondolaError, sentence } from '../../base/errors.ts';
import { plain } from './plain.ts';

/** Bytes that a network, or one piece of a file, may take: beyond any published encoder, and what a machine can hold beside everything else. */
export const MOST_BYTES = Math.min(8e9, totalmem() / 2);

const inGigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

export function tooLarge(path: string, what: string, bytes: number): GondolaError {
  return new GondolaError(
    'weights-too-large',
    `${path}: ${plain(what)} takes ${inGigabytes(bytes)} of memory, and at most ${inGigabytes(MOST_BYTES)} are taken for one.`,
    'Use a smaller network, or a machine with more memory.',
  );
}

/** To open without waiting: a pipe, of which nobody writes the other end, would never open. Windows has no such flag and no such pipes. */
export const AT_ONCE = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

export class BoundedFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly #file: FileHandle;
  readonly #kind: string;

  private constructor(path: string, kind: string, file: FileHandle, size: number) {
    this.path = path;
    this.#kind = kind;
    this.#file = file;
    this.size = size;
  }

  /**
   * @param kind what it ought to be, for errors: "safetensors file"
   * @throws GondolaError `weights-unreadable`
   */
  static async open(path: string, kind: string): Promise<BoundedFile> {
    let file: FileHandle;
    try {
      file = await open(path, AT_ONCE);
    } catch (error) {
      throw unreadable(path, kind, sentence(error), error);
    }
    const stat = await file.stat();
    if (!stat.isFile()) {
      await file.close();
      throw unreadable(path, kind, stat.isDirectory() ? 'it is a folder' : 'it is no ordinary file');
    }
    return new BoundedFile(path, kind, file, stat.size);
  }

  /** The error that says what is wrong with this file. */
  fail(what: string, cause?: unknown): GondolaError {
    return unreadable(this.path, this.#kind, what, cause);
  }

  /** Bytes that nobody else holds, aligned to 8. @throws GondolaError `weights-unreadable` where they are not all there, `weights-too-large` */
  async read(position: number, length: number): Promise<Buffer> {
    if (!(position >= 0 && length >= 0 && position + length <= this.size))
      throw this.fail(`${length} bytes from byte ${position} on are claimed and it has ${this.size} in all`);
    if (length > MOST_BYTES) throw tooLarge(this.path, 'a part of it', length);
    const bytes = Buffer.from(new ArrayBuffer(length));
    for (let done = 0; done < length; ) {
      const { bytesRead } = await this.#file.read(bytes, done, length - done, position + done);
      if (bytesRead === 0) throw this.fail('it became shorter while it was read');
      done += bytesRead;
    }
    return bytes;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

function unreadable(path: string, kind: string, what: string, cause?: unknown): GondolaError {
  return new GondolaError(
    'weights-unreadable',
    `${path} is no readable ${kind}: ${plain(what)}.`,
    'Fetch or write the file again.',
    { cause },
  );
}
