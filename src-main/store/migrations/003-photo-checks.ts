/**
 * What the quality checks measured on a photo. A photo without a row has not been checked; one whose `version` is not the program's is checked again.
 * `failing` has a bit for each check, so that a filter over a hundred thousand regions is a query; `store/photo-checks.ts` knows the bits.
 */
export const photoChecks = /* sql */ `
CREATE TABLE photo_check (
  photo_id INTEGER PRIMARY KEY REFERENCES photo (id) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  failing INTEGER NOT NULL,
  -- 0 sharp … 1 blurred
  blur REAL NOT NULL,
  -- Levels 0 … 255 of lightness: the 5th, 50th and 95th of a hundred pixels.
  dark REAL NOT NULL,
  median REAL NOT NULL,
  light REAL NOT NULL,
  -- Share of the photo that is burnt out in patches; null where its ground is white anyway.
  glare REAL,
  -- Degrees by which the shelf leans to the right; null where no lines tell.
  tilt REAL,
  at TEXT NOT NULL
) STRICT;
`;
