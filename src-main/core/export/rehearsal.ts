/** A destination that writes nothing and notes what would be there, how large it would be, and how its texts begin. */
import { existsSync } from 'node:fs';
import type { Destination, PictureOrder, TextParts } from './destination.ts';
import { type Cell, type Column, type Sheet, workbook } from './workbook.ts';

export type ExcerptPiece = { text: string } | { omitted: number; what: 'entries' | 'lines' };

export interface RehearsedText {
  readonly file: string;
  readonly bytes: number;
  readonly excerpt: ExcerptPiece[];
}

/** A sheet of a workbook, as it begins. */
export interface RehearsedTable {
  readonly file: string;
  readonly title: string;
  readonly columns: string[];
  readonly rows: (string | number)[][];
  /** Rows that are in it and not shown. */
  readonly omitted: number;
}

export interface Entry {
  readonly name: string;
  readonly kind: 'file' | 'folder';
  readonly files: number;
  readonly bytes: number;
}

/** Lines of a list that are enough to see what it holds. */
const enoughLines = 12;
/** Lines after which a text without lists, or one long entry, is cut. */
const mostLines = 40;
/** Pictures that are made after all, to learn how many bytes a pixel takes: a camera's noise decides. */
const measured = 3;
/** Pictures that are named. */
const named = 12;

export class Rehearsal implements Destination {
  readonly final: string;
  readonly texts: RehearsedText[] = [];
  readonly tables: RehearsedTable[] = [];
  readonly #files: { file: string; bytes: number }[] = [];
  readonly pictures: { file: string; of: PictureOrder['of'] }[] = [];
  readonly #copies: { file: string; bytes: number }[] = [];
  readonly #orders: { file: string; pixels: number }[] = [];
  readonly #measuredSources = new Set<string>();
  readonly #presentSources = new Set<string>();
  #measuredBytes = 0;
  #measuredPixels = 0;

  constructor(final: string) {
    this.final = final;
  }

  async text(file: string, parts: TextParts): Promise<void> {
    let bytes = 0;
    for (const part of parts) {
      if (typeof part === 'string') bytes += Buffer.byteLength(part);
      else {
        for (const member of part.members) bytes += Buffer.byteLength(member);
        bytes += Math.max(0, part.members.length - 1) * Buffer.byteLength(part.between);
      }
    }
    this.texts.push({ file, bytes, excerpt: excerptOf(parts) });
  }

  /** Its true size shows only when it is packed, so that is done. */
  async workbook(file: string, sheets: readonly Sheet[]): Promise<void> {
    this.#files.push({ file, bytes: workbook(sheets).length });
    for (const { title, columns, rows } of sheets) {
      const shown = rows.slice(0, enoughLines).map((row) => columns.map((column, at) => shownCell(row[at], column)));
      const omitted = rows.length - shown.length;
      this.tables.push({ file, title, columns: columns.map((column) => column.title), rows: shown, omitted });
    }
  }

  async copy(file: string, _source: string, bytes: number): Promise<void> {
    this.#copies.push({ file, bytes });
  }

  /** Fails as the real one does where the photo's file is gone; whether its bytes can be decoded shows only in the export. */
  async picture(file: string, { source, of, pixels, render }: PictureOrder): Promise<void> {
    if (!this.#presentSources.has(source)) {
      if (!existsSync(source)) throw Object.assign(new Error(`no such file: ${source}`), { code: 'ENOENT' });
      this.#presentSources.add(source);
    }
    if (this.#measuredSources.size < measured && !this.#measuredSources.has(source)) {
      this.#measuredSources.add(source);
      this.#measuredBytes += (await render()).byteLength;
      this.#measuredPixels += pixels;
    }
    this.#orders.push({ file, pixels });
    if (this.pictures.length < named) this.pictures.push({ file, of });
  }

  /** Whether pictures are made anew, so that sizes are estimated. */
  get makesPictures(): boolean {
    return this.#orders.length > 0;
  }

  /** The uppermost level, folders after files, each by name. */
  entries(): Entry[] {
    const bytesPerPixel = this.#measuredPixels === 0 ? 0 : this.#measuredBytes / this.#measuredPixels;
    const folders = new Map<string, { files: number; bytes: number }>();
    const entries: Entry[] = [...this.texts, ...this.#files].map(({ file, bytes }) => ({
      name: file,
      kind: 'file',
      files: 1,
      bytes,
    }));
    const pictures = this.#orders.map(({ file, pixels }) => ({ file, bytes: Math.round(pixels * bytesPerPixel) }));
    for (const { file, bytes } of [...this.#copies, ...pictures]) {
      const name = file.slice(0, file.indexOf('/'));
      const folder = folders.get(name) ?? { files: 0, bytes: 0 };
      folders.set(name, { files: folder.files + 1, bytes: folder.bytes + bytes });
    }
    for (const name of [...folders.keys()].toSorted((a, b) => a.localeCompare(b))) {
      entries.push({ name, kind: 'folder', ...(folders.get(name) as { files: number; bytes: number }) });
    }
    return entries;
  }
}

/** As the spreadsheet program shows it. */
function shownCell(cell: Cell | undefined, { percent }: Column): string | number {
  if (typeof cell === 'number' && percent) return `${(100 * cell).toFixed(2)}%`;
  return cell ?? '';
}

function excerptOf(parts: TextParts): ExcerptPiece[] {
  const pieces: ExcerptPiece[] = [];
  const add = (text: string) => {
    const last = pieces.at(-1);
    if (last && 'text' in last) last.text += text;
    else pieces.push({ text });
  };
  const addCut = (text: string) => {
    const lines = text.split('\n');
    if (lines.length <= mostLines) return add(text);
    add(`${lines.slice(0, mostLines).join('\n')}\n`);
    pieces.push({ omitted: lines.length - mostLines, what: 'lines' });
  };
  for (const part of parts) {
    if (typeof part === 'string') {
      addCut(part);
      continue;
    }
    let lines = 0;
    let shown = 0;
    for (const member of part.members) {
      if (lines >= enoughLines) break;
      if (shown > 0) add(part.between);
      addCut(member);
      lines += Math.max(1, member.trimEnd().split('\n').length);
      shown++;
    }
    const omitted = part.members.length - shown;
    if (omitted === 0) continue;
    add(part.between);
    pieces.push({ omitted, what: 'entries' });
  }
  return pieces;
}
