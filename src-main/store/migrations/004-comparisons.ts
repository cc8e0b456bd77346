/**
 * Trainings that are compared under one budget. An entry is one training of one variant with one seed; it has either a result, or a reason why there
 * will be none, or is still to be done. Its run is found by name: a comparison outlives runs that somebody deletes.
 */
export const comparisons = /* sql */ `
CREATE TABLE comparison (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('running', 'stopped', 'finished', 'failed')),
  -- What was asked for: budget, seeds, queries …
  request_json TEXT NOT NULL,
  -- What every variant is held against: null until it is measured.
  baselines_json TEXT,
  message TEXT NOT NULL DEFAULT '',
  pid INTEGER,
  started_at TEXT NOT NULL,
  finished_at TEXT
) STRICT;

CREATE TABLE comparison_entry (
  comparison_id INTEGER NOT NULL REFERENCES comparison (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  variant TEXT NOT NULL,
  seed INTEGER NOT NULL,
  run_name TEXT NOT NULL,
  wishes_json TEXT NOT NULL,
  -- Spent on training, over all its parts.
  seconds REAL NOT NULL DEFAULT 0,
  result_json TEXT,
  failure TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (comparison_id, position)
) STRICT, WITHOUT ROWID;
`;
