/**
 * The first schema. Coordinates are upright pixels; times are ISO 8601 in UTC; `*_json` columns hold JSON. AUTOINCREMENT
 * where an id outlives its row in the journal, in a matrix held in memory or in an export: such an id must never be given twice.
 */
export const initial = /* sql */ `
-- One row for each distinct content (SHA-256 of the file's bytes), whatever its names.
CREATE TABLE photo (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  sha256 TEXT NOT NULL UNIQUE,
  bytes INTEGER NOT NULL,
  format TEXT NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  orientation INTEGER NOT NULL DEFAULT 1,
  taken_at TEXT,
  camera TEXT,
  latitude REAL,
  longitude REAL,
  imported_at TEXT NOT NULL
) STRICT;

-- Where a photo's bytes were seen. Size and time of change let a second import skip a file without reading it.
CREATE TABLE photo_file (
  path TEXT PRIMARY KEY,
  photo_id INTEGER NOT NULL REFERENCES photo (id) ON DELETE CASCADE,
  bytes INTEGER NOT NULL,
  modified_ms REAL NOT NULL,
  seen_at TEXT NOT NULL
) STRICT;
CREATE INDEX photo_file_photo ON photo_file (photo_id);

-- Files that could not be imported, with the reason in words. A file that imports later leaves this table.
CREATE TABLE import_problem (
  path TEXT PRIMARY KEY,
  code TEXT NOT NULL,
  message TEXT NOT NULL,
  hint TEXT NOT NULL,
  bytes INTEGER,
  modified_ms REAL,
  at TEXT NOT NULL
) STRICT;

-- A product on a photo. The whole photo is a region too (kind 'photo').
CREATE TABLE region (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  photo_id INTEGER NOT NULL REFERENCES photo (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('photo', 'box')),
  x REAL NOT NULL,
  y REAL NOT NULL,
  width REAL NOT NULL CHECK (width > 0),
  height REAL NOT NULL CHECK (height > 0),
  source TEXT NOT NULL CHECK (source IN ('import', 'person', 'detector')),
  created_at TEXT NOT NULL
) STRICT;
CREATE INDEX region_photo ON region (photo_id, kind);
CREATE UNIQUE INDEX region_whole_photo ON region (photo_id) WHERE kind = 'photo';

CREATE TABLE sku (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  brand TEXT,
  variant TEXT,
  size TEXT,
  category TEXT,
  created_at TEXT NOT NULL
) STRICT;

-- Many to many: a repackaged SKU has several GTINs, and a GTIN may be reused. Stored as 14 digits with a checked last one.
CREATE TABLE sku_gtin (
  sku_id INTEGER NOT NULL REFERENCES sku (id) ON DELETE CASCADE,
  gtin TEXT NOT NULL CHECK (length(gtin) = 14),
  PRIMARY KEY (sku_id, gtin)
) STRICT, WITHOUT ROWID;

-- What a region shows, and who says so. One row a region and source: a person's word stands beside kNN's and wins over it
-- (order person, import, knn). verdict 'unknown' is an answer; sku_id is set exactly for verdict 'sku'.
CREATE TABLE label (
  region_id INTEGER NOT NULL REFERENCES region (id) ON DELETE CASCADE,
  source TEXT NOT NULL CHECK (source IN ('person', 'import', 'knn')),
  verdict TEXT NOT NULL CHECK (verdict IN ('sku', 'unknown', 'not-a-product')),
  sku_id INTEGER REFERENCES sku (id) ON DELETE CASCADE,
  confidence REAL,
  model_id INTEGER REFERENCES model (id) ON DELETE SET NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (region_id, source),
  CHECK ((verdict = 'sku') = (sku_id IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX label_sku ON label (sku_id);

-- What is trained on, classified and exported as a product: a photo's boxes, or the whole photo where it has none.
CREATE VIEW product_region AS
  SELECT * FROM region
  WHERE kind = 'box'
    OR NOT EXISTS (SELECT 1 FROM region AS box WHERE box.photo_id = region.photo_id AND box.kind = 'box');

-- The one label of each region that counts: a person's, else the import's, else kNN's.
CREATE VIEW effective_label AS
  SELECT * FROM label
  WHERE source = 'person'
    OR (source = 'import'
      AND NOT EXISTS (SELECT 1 FROM label AS other WHERE other.region_id = label.region_id AND other.source = 'person'))
    OR (source = 'knn'
      AND NOT EXISTS (SELECT 1 FROM label AS other WHERE other.region_id = label.region_id AND other.source <> 'knn'));

-- A training, from its first step to its end. config_json is the whole configuration: the run can be repeated from it.
CREATE TABLE run (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('running', 'stopped', 'finished', 'failed')),
  config_json TEXT NOT NULL,
  message TEXT NOT NULL DEFAULT '',
  pid INTEGER,
  started_at TEXT NOT NULL,
  finished_at TEXT
) STRICT;

CREATE TABLE metric (
  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  name TEXT NOT NULL,
  value REAL NOT NULL,
  PRIMARY KEY (run_id, name, step)
) STRICT, WITHOUT ROWID;

-- Something that turns a region into a vector: a trained encoder, or a fixed descriptor such as the colour histogram.
-- config_json says how (architecture, input size, preprocessing); path is relative to the workspace.
CREATE TABLE model (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('encoder', 'descriptor')),
  dimensions INTEGER NOT NULL,
  config_json TEXT NOT NULL,
  path TEXT,
  sha256 TEXT,
  run_id INTEGER REFERENCES run (id) ON DELETE SET NULL,
  created_at TEXT NOT NULL
) STRICT;

-- L2-normalised float32, little-endian, tied to the model that made it. With a rowid: vectors in the key's own tree would make
-- every question about keys alone read them too.
CREATE TABLE embedding (
  model_id INTEGER NOT NULL REFERENCES model (id) ON DELETE CASCADE,
  region_id INTEGER NOT NULL REFERENCES region (id) ON DELETE CASCADE,
  vector BLOB NOT NULL,
  PRIMARY KEY (model_id, region_id)
) STRICT;
CREATE INDEX embedding_region ON embedding (region_id);

-- Everything that a user did, append-only, in the same transaction as its effect: the rows as they were before and after.
-- An entry with 'undoes' carries no rows: the first such entry takes the named one back, the second does it again, and so on.
CREATE TABLE journal (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  action TEXT NOT NULL,
  summary TEXT NOT NULL,
  before_json TEXT NOT NULL,
  after_json TEXT NOT NULL,
  undoes INTEGER REFERENCES journal (id)
) STRICT;
CREATE INDEX journal_undoes ON journal (undoes);

-- Long work, so that a restart can say what was going on and where it stopped.
CREATE TABLE job (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running', 'stopped', 'finished', 'failed')),
  input_json TEXT NOT NULL,
  done INTEGER NOT NULL DEFAULT 0,
  total INTEGER NOT NULL DEFAULT 0,
  message TEXT NOT NULL DEFAULT '',
  pid INTEGER,
  started_at TEXT NOT NULL,
  finished_at TEXT
) STRICT;

-- Small facts of the workspace, e.g. the classifier's calibration, the active model.
CREATE TABLE setting (
  key TEXT PRIMARY KEY,
  value_json TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;
