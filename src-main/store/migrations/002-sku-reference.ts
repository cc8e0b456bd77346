/** Which picture stands for a SKU, where a person has chosen one. It counts while the region shows the SKU. */
export const skuReference = /* sql */ `
CREATE TABLE sku_reference (
  sku_id INTEGER PRIMARY KEY REFERENCES sku (id) ON DELETE CASCADE,
  region_id INTEGER NOT NULL REFERENCES region (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX sku_reference_region ON sku_reference (region_id);
`;
