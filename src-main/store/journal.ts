/**
 * The append-only journal behind undo and redo. An action makes its changes through a `Change`, which notes each touched row as it
 * was before and after; the entry is written in the same transaction as the effect. Because entries hold rows and not
 * instructions, one way of undoing serves every action there will ever be, and history outlives a restart.
 *
 * History is a line: after some undos, a new action makes what was undone unreachable for redo, as in every editor. The entries stay.
 */
import { all, count, type Database, insert, now, one, run, transaction } from './database.ts';
import { deleteLabel, type Label, type LabelSource, putLabel } from './labels.ts';
import { photoFiles } from './photos.ts';
import { type Box, insertBox, photoRegions, type RegionSource } from './regions.ts';
import {
  deleteGtin,
  deleteReference,
  deleteSku,
  insertGtin,
  insertSku,
  putReference,
  type Sku,
  type SkuDetails,
  updateSku,
} from './skus.ts';

type Row = (string | number | null)[];
type Rows = { [Table in TableName]?: Row[] };
type TableName = 'photo' | 'photo_file' | 'region' | 'sku' | 'sku_gtin' | 'sku_reference' | 'label';

/** The tables under undo, those that are referred to before those that refer to them; the key is the first columns. */
const tables: Record<TableName, { columns: string[]; key: number; missing: string }> = {
  // A photo that was imported again meanwhile is another row: the former one stays away, and all that belongs to it.
  photo: {
    columns: [
      'id',
      'sha256',
      'bytes',
      'format',
      'width',
      'height',
      'orientation',
      'taken_at',
      'camera',
      'latitude',
      'longitude',
      'imported_at',
    ],
    key: 1,
    missing: 'EXISTS (SELECT 1 FROM photo AS again WHERE again.sha256 = new.sha256 AND again.id <> new.id)',
  },
  photo_file: {
    columns: ['path', 'photo_id', 'bytes', 'modified_ms', 'seen_at'],
    key: 1,
    missing: `NOT EXISTS (SELECT 1 FROM photo WHERE id = new.photo_id)
      OR EXISTS (SELECT 1 FROM photo_file AS again WHERE again.path = new.path AND again.photo_id <> new.photo_id)`,
  },
  region: {
    columns: ['id', 'photo_id', 'kind', 'x', 'y', 'width', 'height', 'source', 'created_at'],
    key: 1,
    missing: 'NOT EXISTS (SELECT 1 FROM photo WHERE id = new.photo_id)',
  },
  sku: { columns: ['id', 'name', 'brand', 'variant', 'size', 'category', 'created_at'], key: 1, missing: 'FALSE' },
  sku_gtin: {
    columns: ['sku_id', 'gtin'],
    key: 2,
    missing: 'NOT EXISTS (SELECT 1 FROM sku WHERE id = new.sku_id)',
  },
  sku_reference: {
    columns: ['sku_id', 'region_id'],
    key: 1,
    missing: `NOT EXISTS (SELECT 1 FROM sku WHERE id = new.sku_id)
      OR NOT EXISTS (SELECT 1 FROM region WHERE id = new.region_id)`,
  },
  label: {
    columns: ['region_id', 'source', 'verdict', 'sku_id', 'confidence', 'model_id', 'at'],
    key: 2,
    missing: `NOT EXISTS (SELECT 1 FROM region WHERE id = new.region_id)
      OR (new.sku_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sku WHERE id = new.sku_id))
      OR (new.model_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM model WHERE id = new.model_id))`,
  },
};
const tableNames = Object.keys(tables) as TableName[];

function readRow(database: Database, table: TableName, key: Row): Row | null {
  const { columns, key: parts } = tables[table];
  const where = columns.slice(0, parts).map((column) => `${column} = ?`);
  const row = one<Record<string, Row[number]>>(
    database,
    `SELECT ${columns.join(', ')} FROM ${table} WHERE ${where.join(' AND ')}`,
    ...key,
  );
  return row === undefined ? null : columns.map((column) => row[column]);
}

/** The changes of one action. Every method changes the row at once and notes it. */
export class Change {
  readonly #database: Database;
  /** Each touched row as it was before the first touch, by table and key. */
  readonly #before = new Map<TableName, Map<string, { key: Row; row: Row | null }>>();

  constructor(database: Database) {
    this.#database = database;
  }

  insertSku(name: string, details: SkuDetails = {}): number {
    const id = insertSku(this.#database, name, details);
    this.#note('sku', [id], null);
    return id;
  }

  updateSku(sku: Sku): void {
    this.#touch('sku', [sku.id]);
    updateSku(this.#database, sku);
  }

  /** Deletes a SKU, with its GTINs, its reference picture and every label that names it. */
  deleteSku(id: number): void {
    for (const { gtin } of all<{ gtin: string }>(this.#database, 'SELECT gtin FROM sku_gtin WHERE sku_id = ?', id)) {
      this.#touch('sku_gtin', [id, gtin]);
    }
    for (const { regionId, source } of labelsOfSku(this.#database, id)) this.#touch('label', [regionId, source]);
    this.#touch('sku_reference', [id]);
    this.#touch('sku', [id]);
    deleteSku(this.#database, id);
  }

  /** Lets every label that names one SKU name another, whoever gave it. */
  moveLabels(fromSku: number, toSku: number): void {
    for (const { regionId, source } of labelsOfSku(this.#database, fromSku)) {
      this.#touch('label', [regionId, source]);
      run(this.#database, 'UPDATE label SET sku_id = ? WHERE region_id = ? AND source = ?', toSku, regionId, source);
    }
  }

  insertGtin(skuId: number, gtin: string): void {
    this.#touch('sku_gtin', [skuId, gtin]);
    insertGtin(this.#database, skuId, gtin);
  }

  deleteGtin(skuId: number, gtin: string): void {
    this.#touch('sku_gtin', [skuId, gtin]);
    deleteGtin(this.#database, skuId, gtin);
  }

  putReference(skuId: number, regionId: number): void {
    this.#touch('sku_reference', [skuId]);
    putReference(this.#database, skuId, regionId);
  }

  deleteReference(skuId: number): void {
    this.#touch('sku_reference', [skuId]);
    deleteReference(this.#database, skuId);
  }

  insertBox(photoId: number, box: Box, source: RegionSource): number {
    const id = insertBox(this.#database, photoId, box, source);
    this.#note('region', [id], null);
    return id;
  }

  /** Deletes a photo with its files' names, regions and labels. What can be computed again (embeddings, checks) is not noted. */
  deletePhoto(id: number): void {
    const database = this.#database;
    for (const { path } of photoFiles(database, id)) this.#touch('photo_file', [path]);
    for (const region of photoRegions(database, id)) {
      this.#touch('region', [region.id]);
      for (const { source } of all<{ source: LabelSource }>(
        database,
        'SELECT source FROM label WHERE region_id = ?',
        region.id,
      ))
        this.#touch('label', [region.id, source]);
      for (const { sku } of all<{ sku: number }>(
        database,
        'SELECT sku_id AS sku FROM sku_reference WHERE region_id = ?',
        region.id,
      ))
        this.#touch('sku_reference', [sku]);
    }
    this.#touch('photo', [id]);
    run(database, 'DELETE FROM photo WHERE id = ?', id);
  }

  putLabel(label: Label): void {
    this.#touch('label', [label.regionId, label.source]);
    putLabel(this.#database, label);
  }

  deleteLabel(regionId: number, source: LabelSource): void {
    this.#touch('label', [regionId, source]);
    deleteLabel(this.#database, regionId, source);
  }

  /** The touched rows before and after, without those that ended as they began; null where nothing changed. */
  rows(): { before: Rows; after: Rows } | null {
    const before: Rows = {};
    const after: Rows = {};
    let changed = false;
    for (const [table, touched] of this.#before) {
      for (const { key, row } of touched.values()) {
        const present = readRow(this.#database, table, key);
        if (JSON.stringify(row) === JSON.stringify(present)) continue;
        changed = true;
        if (row !== null) addRow(before, table, row);
        if (present !== null) addRow(after, table, present);
      }
    }
    return changed ? { before, after } : null;
  }

  #touch(table: TableName, key: Row): void {
    this.#note(table, key, undefined);
  }

  /** @param row as it was before; undefined: look it up */
  #note(table: TableName, key: Row, row: Row | null | undefined): void {
    let touched = this.#before.get(table);
    if (touched === undefined) {
      touched = new Map();
      this.#before.set(table, touched);
    }
    const name = key.join(' ');
    if (touched.has(name)) return;
    touched.set(name, { key, row: row === undefined ? readRow(this.#database, table, key) : row });
  }
}

function addRow(rows: Rows, table: TableName, row: Row): void {
  const present = rows[table];
  if (present === undefined) rows[table] = [row];
  else present.push(row);
}

function labelsOfSku(database: Database, skuId: number): { regionId: number; source: LabelSource }[] {
  return all(database, 'SELECT region_id AS regionId, source FROM label WHERE sku_id = ?', skuId);
}

/**
 * Does an action and writes its entry, all or nothing. An action that changes nothing leaves no entry.
 *
 * @param action a stable word, e.g. `label`
 * @param summary a sentence for the person who looks at the history, from the action's result
 */
export function journalled<Result>(
  database: Database,
  action: string,
  summary: (result: Result) => string,
  work: (change: Change) => Result,
): Result {
  return transaction(database, () => {
    const change = new Change(database);
    const result = work(change);
    const rows = change.rows();
    if (rows !== null) append(database, action, summary(result), rows.before, rows.after, null);
    return result;
  });
}

function append(database: Database, action: string, summary: string, before: Rows, after: Rows, undoes: number | null) {
  insert(
    database,
    'INSERT INTO journal (at, action, summary, before_json, after_json, undoes) VALUES (?, ?, ?, ?, ?, ?)',
    now(),
    action,
    summary,
    JSON.stringify(before),
    JSON.stringify(after),
    undoes,
  );
}

export interface HistoryEntry {
  id: number;
  at: string;
  action: string;
  summary: string;
  /** Whether the action's effect is there now. */
  done: boolean;
}

/** An odd number of later entries that name an action means that it is undone. */
const done = `(SELECT count(*) FROM journal AS later WHERE later.undoes = journal.id) % 2 = 0`;

/** The user's actions, the latest first. */
export function history(database: Database, limit = 50): HistoryEntry[] {
  const rows = all<Omit<HistoryEntry, 'done'> & { done: number }>(
    database,
    `SELECT id, at, action, summary, ${done} AS done FROM journal WHERE undoes IS NULL ORDER BY id DESC LIMIT ?`,
    limit,
  );
  return rows.map((row) => ({ ...row, done: row.done === 1 }));
}

type Entry = { id: number; summary: string; before: string; after: string };
const entryColumns = 'id, summary, before_json AS before, after_json AS after';

/** Takes the latest action that stands back. Returns its sentence, or undefined where there is none. */
export function undo(database: Database): string | undefined {
  return transaction(database, () => {
    const entry = one<Entry>(
      database,
      `SELECT ${entryColumns} FROM journal WHERE undoes IS NULL AND ${done} ORDER BY id DESC LIMIT 1`,
    );
    if (entry === undefined) return undefined;
    restore(database, JSON.parse(entry.after), JSON.parse(entry.before));
    append(database, 'undo', entry.summary, {}, {}, entry.id);
    return entry.summary;
  });
}

/** Does the action that was undone last again. Returns its sentence, or undefined where there is none. */
export function redo(database: Database): string | undefined {
  return transaction(database, () => {
    const latestAction = count(database, 'SELECT ifnull(max(id), 0) AS n FROM journal WHERE undoes IS NULL');
    const entry = one<Entry>(
      database,
      `SELECT ${entryColumns} FROM journal WHERE undoes IS NULL AND NOT ${done}
         AND (SELECT max(later.id) FROM journal AS later WHERE later.undoes = journal.id) > ?
       ORDER BY id LIMIT 1`,
      latestAction,
    );
    if (entry === undefined) return undefined;
    restore(database, JSON.parse(entry.before), JSON.parse(entry.after));
    append(database, 'redo', entry.summary, {}, {}, entry.id);
    return entry.summary;
  });
}

/**
 * Brings the rows of an entry from one state to the other. Deleting comes first, so that a name which moves from row to row
 * is free when it is taken again. A row whose photo, region or model has been deleted since stays away: there is nothing it could speak of.
 */
function restore(database: Database, from: Rows, to: Rows): void {
  const name = (table: TableName, row: Row) => row.slice(0, tables[table].key).join(' ');
  for (const table of tableNames.toReversed()) {
    const kept = new Set((to[table] ?? []).map((row) => name(table, row)));
    const { columns, key } = tables[table];
    const where = columns.slice(0, key).map((column) => `${column} = ?`);
    for (const row of from[table] ?? []) {
      if (kept.has(name(table, row))) continue;
      run(database, `DELETE FROM ${table} WHERE ${where.join(' AND ')}`, ...row.slice(0, key));
    }
  }
  for (const table of tableNames) {
    const { columns, key, missing } = tables[table];
    const values = columns.map((column) => `? AS ${column}`).join(', ');
    const updates = columns.slice(key).map((column) => `${column} = excluded.${column}`);
    // No REPLACE: it would delete the old row first, and with it everything that refers to it.
    const conflict = updates.length > 0 ? `DO UPDATE SET ${updates.join(', ')}` : 'DO NOTHING';
    for (const row of to[table] ?? []) {
      run(
        database,
        `INSERT INTO ${table} (${columns.join(', ')}) SELECT * FROM (SELECT ${values}) AS new WHERE NOT (${missing})
         ON CONFLICT (${columns.slice(0, key).join(', ')}) ${conflict}`,
        ...row,
      );
    }
  }
}
