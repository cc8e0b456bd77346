/** SKUs and their GTINs: reading, and the plain row operations that core/catalogue/ makes into journalled actions. */
import { all, type Database, insert, now, one, run } from './database.ts';

export interface Sku {
  id: number;
  name: string;
  brand: string | null;
  variant: string | null;
  size: string | null;
  /** The coarser class. */
  category: string | null;
}

export type SkuDetails = Partial<Omit<Sku, 'id' | 'name'>>;

const columns = 'id, name, brand, variant, size, category';

/** Every SKU by name. */
export function skus(database: Database): Sku[] {
  return all<Sku>(database, `SELECT ${columns} FROM sku ORDER BY name`);
}

export function skuById(database: Database, id: number): Sku | undefined {
  return one<Sku>(database, `SELECT ${columns} FROM sku WHERE id = ?`, id);
}

export function skuByName(database: Database, name: string): Sku | undefined {
  return one<Sku>(database, `SELECT ${columns} FROM sku WHERE name = ?`, name);
}

/** Every GTIN of every SKU, 14 digits each. */
export function skuGtins(database: Database): Map<number, string[]> {
  const gtins = new Map<number, string[]>();
  const rows = all<{ skuId: number; gtin: string }>(
    database,
    'SELECT sku_id AS skuId, gtin FROM sku_gtin ORDER BY sku_id, gtin',
  );
  for (const { skuId, gtin } of rows) {
    const known = gtins.get(skuId);
    if (known === undefined) gtins.set(skuId, [gtin]);
    else known.push(gtin);
  }
  return gtins;
}

export function insertSku(database: Database, name: string, details: SkuDetails): number {
  return insert(
    database,
    'INSERT INTO sku (name, brand, variant, size, category, created_at) VALUES (?, ?, ?, ?, ?, ?)',
    name,
    details.brand ?? null,
    details.variant ?? null,
    details.size ?? null,
    details.category ?? null,
    now(),
  );
}

export function updateSku(database: Database, sku: Sku): void {
  run(
    database,
    'UPDATE sku SET name = ?, brand = ?, variant = ?, size = ?, category = ? WHERE id = ?',
    sku.name,
    sku.brand,
    sku.variant,
    sku.size,
    sku.category,
    sku.id,
  );
}

/** Deletes a SKU with its GTINs and labels. */
export function deleteSku(database: Database, id: number): void {
  run(database, 'DELETE FROM sku WHERE id = ?', id);
}

/** @param gtin 14 digits with a checked last one: see core/catalogue/gtin.ts */
export function insertGtin(database: Database, skuId: number, gtin: string): void {
  run(database, 'INSERT OR IGNORE INTO sku_gtin (sku_id, gtin) VALUES (?, ?)', skuId, gtin);
}

export function deleteGtin(database: Database, skuId: number, gtin: string): void {
  run(database, 'DELETE FROM sku_gtin WHERE sku_id = ? AND gtin = ?', skuId, gtin);
}

/** The picture that a person chose for each SKU: SKU → region. Whether the region still shows the SKU is for the reader to see. */
export function skuReferences(database: Database): Map<number, number> {
  const rows = all<{ skuId: number; regionId: number }>(
    database,
    'SELECT sku_id AS skuId, region_id AS regionId FROM sku_reference',
  );
  return new Map(rows.map(({ skuId, regionId }) => [skuId, regionId]));
}

export function putReference(database: Database, skuId: number, regionId: number): void {
  run(
    database,
    `INSERT INTO sku_reference (sku_id, region_id) VALUES (?, ?)
     ON CONFLICT (sku_id) DO UPDATE SET region_id = excluded.region_id`,
    skuId,
    regionId,
  );
}

export function deleteReference(database: Database, skuId: number): void {
  run(database, 'DELETE FROM sku_reference WHERE sku_id = ?', skuId);
}
