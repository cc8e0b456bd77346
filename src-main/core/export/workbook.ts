/**
 * Workbooks in Office Open XML (ECMA-376, SpreadsheetML), the smallest form that Excel, LibreOffice and pandas read: texts inline, a bold
 * heading that stays while the rest scrolls, filters on every column. Texts are texts: no GTIN loses its zeros and nothing runs as a formula.
 */
import { zip } from './zip.ts';

export type Cell = string | number | null;

export interface Column {
  readonly title: string;
  /** Characters; 14 where left out. */
  readonly width?: number;
  /** Shown as a percentage; its numbers are 0 … 1. */
  readonly percent?: boolean;
}

export interface Sheet {
  /** At most 31 characters, none of \ / ? * [ ] : */
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Rows a sheet may have, the heading among them. */
const mostRows = 1_048_576;
/** Characters a cell may have. */
const mostCharacters = 32_767;

const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const packaged = 'http://schemas.openxmlformats.org/package/2006';

/** Styles by their place in styles.xml. */
const style = { plain: 0, heading: 1, percent: 2 } as const;

/** The file. A sheet with more rows than the format allows goes on in another one. */
export function workbook(wanted: readonly Sheet[]): Buffer {
  const sheets = wanted.flatMap(parted);
  const entries = new Map<string, Buffer>();
  const add = (path: string, xml: string) => entries.set(path, Buffer.from(declaration + xml));
  const numbered = sheets.map((sheet, index) => ({ sheet, id: index + 1 }));
  const type = (path: string, kind: string) =>
    `<Override PartName="/${path}" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.${kind}+xml"/>`;
  add(
    '[Content_Types].xml',
    `<Types xmlns="${packaged}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>${type('xl/workbook.xml', 'sheet.main')}${type('xl/styles.xml', 'styles')}${numbered.map(({ id }) => type(sheetPath(id), 'worksheet')).join('')}</Types>`,
  );
  add('_rels/.rels', related([['rId1', 'officeDocument', 'xl/workbook.xml']]));
  add(
    'xl/workbook.xml',
    `<workbook xmlns="${main}" xmlns:r="${relations}"><sheets>${numbered.map(({ sheet, id }) => `<sheet name="${escaped(sheet.title)}" sheetId="${id}" r:id="rId${id}"/>`).join('')}</sheets></workbook>`,
  );
  add(
    'xl/_rels/workbook.xml.rels',
    related([
      ...numbered.map(({ id }) => [`rId${id}`, 'worksheet', `worksheets/sheet${id}.xml`] as const),
      [`rId${sheets.length + 1}`, 'styles', 'styles.xml'],
    ]),
  );
  add('xl/styles.xml', styles);
  for (const { sheet, id } of numbered) add(sheetPath(id), sheetXml(sheet));
  return zip(entries);
}

const sheetPath = (id: number): string => `xl/worksheets/sheet${id}.xml`;

function parted(sheet: Sheet): Sheet[] {
  const parts: Sheet[] = [{ ...sheet, rows: sheet.rows.slice(0, mostRows - 1) }];
  for (let from = mostRows - 1; from < sheet.rows.length; from += mostRows - 1) {
    const title = `${sheet.title} (${parts.length + 1})`;
    parts.push({ ...sheet, title, rows: sheet.rows.slice(from, from + mostRows - 1) });
  }
  return parts;
}

function related(all: readonly (readonly [id: string, kind: string, target: string])[]): string {
  const one = ([id, kind, target]: readonly [string, string, string]) =>
    `<Relationship Id="${id}" Type="${relations}/${kind}" Target="${target}"/>`;
  return `<Relationships xmlns="${packaged}/relationships">${all.map(one).join('')}</Relationships>`;
}

/** 10 is the built-in format 0.00%. */
const styles = `<styleSheet xmlns="${main}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/><xf numFmtId="10" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`;

function sheetXml({ columns, rows }: Sheet): string {
  const widths = columns
    .map(({ width = 14 }, index) => `<col min="${index + 1}" max="${index + 1}" width="${width}" customWidth="1"/>`)
    .join('');
  const heading = columns.map(({ title }, index) => cellXml(title, index, 1, style.heading)).join('');
  const body = rows.map((row, index) => {
    const cells = row.map((cell, column) =>
      cellXml(cell, column, index + 2, columns[column].percent ? style.percent : style.plain),
    );
    return `<row r="${index + 2}">${cells.join('')}</row>`;
  });
  const corner = `${letters(columns.length - 1)}${rows.length + 1}`;
  return `<worksheet xmlns="${main}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>${widths}</cols><sheetData><row r="1">${heading}</row>${body.join('')}</sheetData><autoFilter ref="A1:${corner}"/></worksheet>`;
}

function cellXml(cell: Cell, column: number, row: number, look: number): string {
  if (cell === null || cell === '') return '';
  const place = `r="${letters(column)}${row}"${look === style.plain ? '' : ` s="${look}"`}`;
  if (typeof cell === 'number') return `<c ${place}><v>${cell}</v></c>`;
  return `<c ${place} t="inlineStr"><is><t xml:space="preserve">${escaped(cell)}</t></is></c>`;
}

/** A … Z, AA …; @param column from 0 */
function letters(column: number): string {
  const rest = Math.floor(column / 26);
  return (rest === 0 ? '' : letters(rest - 1)) + String.fromCharCode(65 + (column % 26));
}

/** What XML cannot hold goes; `_x0041_` would be read as an escape, so its first sign is escaped. */
function escaped(text: string): string {
  return (
    text
      .slice(0, mostCharacters)
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must go
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
      .replace(/_(?=x[0-9a-f]{4}_)/gi, '_x005F_')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
  );
}
