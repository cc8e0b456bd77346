/** Names that every file system takes, and that stay distinct where A and a are the same. */

/** Windows gives these to devices, with any ending. */
const devices = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i;
/** What Windows refuses in names, which includes what the others do; control characters too. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must go
const refused = /[<>:"/\\|?*\u0000-\u001f\u007f]/g;
/** File systems allow 255 bytes; this leaves room for a number and an ending. */
const longest = 120;

/** A name for a file or folder that looks as much like `wanted` as may be. */
export function safeName(wanted: string): string {
  let name = wanted.normalize('NFC').replace(refused, '_');
  name = shortened(name);
  // Windows drops trailing dots and spaces in silence; a leading dot hides a file elsewhere.
  name = name
    .trim()
    .replace(/[. ]+$/, '')
    .replace(/^\./, '_');
  if (name === '') return '_';
  return devices.test(name) ? `_${name}` : name;
}

/** As many whole characters as fit. */
function shortened(name: string): string {
  let bytes = 0;
  let end = 0;
  for (const sign of name) {
    bytes += Buffer.byteLength(sign);
    if (bytes > longest) break;
    end += sign.length;
  }
  return name.slice(0, end);
}

/** Gives each asker a name of its own within one folder. */
export class DistinctNames {
  readonly #taken: Set<string>;

  constructor(taken: Iterable<string> = []) {
    this.#taken = new Set([...taken].map(folded));
  }

  /**
   * @param ending with its dot; it stays last
   */
  claim(wanted: string, ending = ''): string {
    const stem = safeName(wanted);
    for (let turn = 1; ; turn++) {
      const name = `${turn === 1 ? stem : `${stem} (${turn})`}${ending}`;
      if (this.#taken.has(folded(name))) continue;
      this.#taken.add(folded(name));
      return name;
    }
  }
}

const folded = (name: string): string => name.normalize('NFKC').toLowerCase();
