/**
 * What the formats write to: a folder on the disk, or a rehearsal that only notes what would be there. A preview is thus made by
 * the writers themselves and cannot promise what they do not do.
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Staging } from './staging.ts';
import { type Sheet, workbook } from './workbook.ts';

/** Members of the same kind, e.g. the rows of a csv, of which a preview shows the first. */
export interface TextList {
  readonly members: readonly string[];
  readonly between: string;
}

/** A text file from its beginning to its end. */
export type TextParts = readonly (string | TextList)[];

/** A picture made for the export. */
export interface PictureOrder {
  /** Absolute path of the photo that it is made from. */
  readonly source: string;
  /** What it shows, for those who preview it: a product or a whole photo. */
  readonly of: { readonly region: number } | { readonly photo: number };
  /** Its size, from which a rehearsal estimates its bytes. */
  readonly pixels: number;
  render(): Promise<Uint8Array>;
}

/** File names are relative to the export, with forward slashes; folders in them are made as needed. */
export interface Destination {
  /** Where the export will be in the end, absolute: relative paths in its files start here. */
  readonly final: string;
  text(file: string, parts: TextParts): Promise<void>;
  workbook(file: string, sheets: readonly Sheet[]): Promise<void>;
  /** @param bytes of the photo, as the library knows it */
  copy(file: string, source: string, bytes: number): Promise<void>;
  picture(file: string, order: PictureOrder): Promise<void>;
}

/** Characters that are written at once. */
const chunk = 1 << 16;

/** The whole text, in chunks: one string of it could be longer than strings may be. */
export function* textOf(parts: TextParts): Generator<string> {
  let pending = '';
  for (const piece of pieces(parts)) {
    pending += piece;
    if (pending.length < chunk) continue;
    yield pending;
    pending = '';
  }
  yield pending;
}

function* pieces(parts: TextParts): Generator<string> {
  for (const part of parts) {
    if (typeof part === 'string') yield part;
    else for (const [index, member] of part.members.entries()) yield index === 0 ? member : part.between + member;
  }
}

/** Writes into the folder of an export that is being made. */
export function onDisk({ folder, final }: Staging): Destination {
  const made = new Set<string>();
  const place = async (file: string): Promise<string> => {
    const path = join(folder, file);
    const parent = dirname(path);
    if (!made.has(parent)) {
      await mkdir(parent, { recursive: true });
      made.add(parent);
    }
    return path;
  };
  return {
    final,
    text: async (file, parts) => writeFile(await place(file), textOf(parts)),
    workbook: async (file, sheets) => writeFile(await place(file), workbook(sheets)),
    copy: async (file, source) => copyFile(source, await place(file)),
    picture: async (file, { render }) => {
      const bytes = await render();
      await writeFile(await place(file), bytes);
    },
  };
}

/** Errors that end an export, since every further file would meet them too: the others concern one photo. */
export function endsExport(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
}
