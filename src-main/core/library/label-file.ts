/**
 * Reads label files: csv with the columns `path,label[,group][,x,y,width,height]`. Paths are relative to the csv; group is a coarser
 * class; a box, in upright pixels, makes the row speak of that region instead of the whole photo; an empty label makes a region
 * that nobody has named. Written for what spreadsheets save: a byte order mark, quotes, CRLF, semicolons or tabs, and backslashes
 * in paths are all understood. So is a catalogue that `export --format csv` wrote: what it has beyond these columns is passed over.
 */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CsvError, parse } from 'csv-parse/sync';
import { GondolaError } from '../../base/errors.ts';
import type { Box } from '../../store/regions.ts';
import { fileProblem } from './problems.ts';

export interface LabelRow {
  /** In the file, from 1; the heading is line 1. */
  line: number;
  /** As written. */
  writtenPath: string;
  /** Absolute, with this system's separators. */
  path: string;
  /** Null where the cell is empty. */
  label: string | null;
  group: string | null;
  /** Null: the whole photo. */
  box: Box | null;
}

export interface LabelFile {
  rows: LabelRow[];
  /** Rows that make no sense, with the reason; they are not in `rows`. */
  problems: { line: number; message: string }[];
}

const required = ['path', 'label'];
const boxColumns = ['x', 'y', 'width', 'height'] as const;
const allowed = [...required, 'group', ...boxColumns];
/** What an exported catalogue has beside the columns of a label file; it is known by the last two. */
export const exportedColumns = [
  'verdict',
  'source',
  'confidence',
  'model',
  'brand',
  'variant',
  'size',
  'gtins',
  'photo_width',
  'photo_height',
  'taken_at',
  'camera',
  'latitude',
  'longitude',
  'sha256',
  'region',
] as const;
const columnsHint = `The first line names the columns: path,label and, if you like, group and x,y,width,height.`;

/**
 * @throws GondolaError `labels-unreadable`, `labels-malformed`, `labels-columns` where the file as a whole cannot be used
 */
export async function readLabelFile(file: string): Promise<LabelFile> {
  let text: string;
  try {
    text = decode(await readFile(file));
  } catch (error) {
    throw new GondolaError(
      'labels-unreadable',
      `The label file cannot be read: ${fileProblem(file, error).message}`,
      'Check its path.',
    );
  }
  const [heading, ...lines] = parseCells(text, file);
  if (heading === undefined) throw new GondolaError('labels-columns', `${file} is empty.`, columnsHint);
  const names = heading.cells.map((name) => name.trim().toLowerCase());
  checkColumns(names, file);

  const folder = dirname(resolve(file));
  const result: LabelFile = { rows: [], problems: [] };
  for (const { line, cells } of lines) {
    if (cells.every((cell) => cell.trim() === '')) continue;
    const row = readRow(names, cells, line, folder);
    if (typeof row === 'string') result.problems.push({ line, message: row });
    else result.rows.push(row);
  }
  return result;
}

/** UTF-8, or what Excel calls "Unicode text"; other bytes are read as Windows-1252, the other encoding that spreadsheets save. */
function decode(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes); // drops the byte order mark
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

function parseCells(text: string, file: string): { line: number; cells: string[] }[] {
  const firstLine = text.slice(0, text.search(/\r|\n|$/));
  const counts = [',', ';', '\t'].map((delimiter) => ({ delimiter, count: firstLine.split(delimiter).length }));
  const { delimiter } = counts.reduce((best, next) => (next.count > best.count ? next : best));
  try {
    const records = parse(text, { delimiter, info: true, relax_column_count: true, skip_empty_lines: true });
    // `info.lines` is the line that the record ends on; a record whose cells hold line breaks began above it.
    return (records as unknown as { info: { lines: number }; record: string[] }[]).map(({ info, record }) => ({
      line: info.lines - record.reduce((breaks, cell) => breaks + (cell.match(/\r\n|\r|\n/g)?.length ?? 0), 0),
      cells: record,
    }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new GondolaError(
      'labels-malformed',
      `${file} is not a csv that can be read: ${error.message}.`,
      'Look for a quote that is opened and not closed.',
    );
  }
}

function checkColumns(names: readonly string[], file: string): void {
  const isExport = names.includes('sha256') && names.includes('region');
  const known: readonly string[] = isExport ? [...allowed, ...exportedColumns] : allowed;
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    const listed = unknown.map((name) => `"${name}"`).join(', ');
    throw new GondolaError(
      'labels-columns',
      `${file} has ${unknown.length === 1 ? 'a column' : 'columns'} that Gondola does not know: ${listed}.`,
      columnsHint,
    );
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new GondolaError('labels-columns', `${file} has the column "${twice}" twice.`, columnsHint);
  const missing = required.filter((name) => !names.includes(name));
  if (boxColumns.some((name) => names.includes(name)))
    missing.push(...boxColumns.filter((name) => !names.includes(name)));
  if (missing.length > 0) {
    throw new GondolaError(
      'labels-columns',
      `${file} lacks the ${missing.length === 1 ? 'column' : 'columns'} ${missing.map((name) => `"${name}"`).join(', ')}.`,
      columnsHint,
    );
  }
}

/** One row, or what is wrong with it. */
function readRow(names: readonly string[], cells: readonly string[], line: number, folder: string): LabelRow | string {
  if (cells.length > names.length) {
    return `It has ${cells.length} cells where the heading has ${names.length}: a cell that holds the separator needs quotes.`;
  }
  const cell = (name: string) => cells[names.indexOf(name)]?.trim() ?? '';
  // An export puts an apostrophe before what a spreadsheet would run as a formula.
  const text = (name: string) =>
    cell(name)
      .replace(/^'(?=[=+\-@])/, '')
      .replace(/\s+/g, ' ') || null;
  const writtenPath = cell('path');
  if (writtenPath === '') return 'It names no photo.';
  const box = readBox(boxColumns.map(cell));
  if (typeof box === 'string') return box;
  return {
    line,
    writtenPath,
    path: resolve(folder, writtenPath.replaceAll('\\', '/')),
    // What the classifier guessed before an export is nobody's word: it must not come back as a label that is learnt from.
    label: cell('source') === 'knn' ? null : text('label'),
    group: text('group'),
    box,
  };
}

function readBox(cells: readonly string[]): Box | null | string {
  if (cells.every((cell) => cell === '')) return null;
  // A comma inside a quoted cell is the decimal point of half the world's spreadsheets.
  const numbers = cells.map((cell) => (/^-?\d+([.,]\d+)?$/.test(cell) ? Number(cell.replace(',', '.')) : Number.NaN));
  if (numbers.some(Number.isNaN)) return `Its box is not four numbers: x,y,width,height = ${cells.join(',')}.`;
  const [x, y, width, height] = numbers;
  if (width <= 0 || height <= 0) return `Its box is empty: ${width} × ${height} pixels.`;
  return { x, y, width, height };
}
