/** Reading whole files one after the other without asking the system for new memory each time: that costs a tenth of decoding a photo. */
import { open } from 'node:fs/promises';

/** Above this, memory is not kept: a panorama should not be held on to for the rest of a long import. */
const keptBytes = 16 * 1024 * 1024;

/** Each of an import's workers has its own. */
export class FileReader {
  #kept = new Uint8Array(0);

  /**
   * The bytes of a file, valid until the next call.
   *
   * @param expected its size; a file that has grown or shrunk meanwhile is read as it is now
   */
  async read(path: string, expected: number): Promise<Uint8Array> {
    const file = await open(path);
    try {
      let buffer = this.#roomFor(expected + 1); // one more tells whether it has grown
      let length = 0;
      for (;;) {
        if (length === buffer.length) {
          const larger = new Uint8Array(length * 2);
          larger.set(buffer);
          buffer = larger;
        }
        const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
        if (bytesRead === 0) return buffer.subarray(0, length);
        length += bytesRead;
      }
    } finally {
      await file.close();
    }
  }

  #roomFor(bytes: number): Uint8Array {
    if (bytes > keptBytes) return new Uint8Array(bytes);
    if (this.#kept.length < bytes) this.#kept = new Uint8Array(Math.min(keptBytes, bytes * 2));
    return this.#kept;
  }
}
