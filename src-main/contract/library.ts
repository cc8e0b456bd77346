/** Importing photos, and what a workspace holds. */
import { z } from 'zod';
import { call } from './call.ts';

/** A file that could not be imported. */
export const fileProblem = z.object({ path: z.string(), code: z.string(), message: z.string(), hint: z.string() });

/** What became of labels that an import or a csv brought along. `where` is a line of the csv, or a file. */
export const labelSummary = z.object({
  labelled: z.number(),
  unchanged: z.number(),
  newBoxes: z.number(),
  newSkus: z.number(),
  problems: z.array(z.object({ where: z.string(), message: z.string() })),
});

export const importSummary = z.object({
  /** Picture files looked at: the sum of the six that follow. */
  found: z.number(),
  added: z.number(),
  /** A known path with other bytes: a new photo; the old one stays in the library without a file. */
  changed: z.number(),
  /** Known bytes at a new path, the old one being gone. */
  moved: z.number(),
  /** Known bytes at a further path. */
  duplicates: z.number(),
  unchanged: z.number(),
  failed: z.number(),
  problems: z.array(fileProblem),
  /** Files that are no pictures, left alone: ending → count. */
  others: z.record(z.string(), z.number()),
  labels: labelSummary.nullable(),
  seconds: z.number(),
});

const jobState = z.enum(['running', 'stopped', 'finished', 'failed']);

export const workspaceStatus = z.object({
  folder: z.string(),
  photos: z.object({
    total: z.number(),
    /** Paths under which they were seen; more than photos where files are there twice. */
    files: z.number(),
    /** None of their files is where it was. */
    missing: z.number(),
    thumbnails: z.number(),
  }),
  regions: z.object({
    /** Boxes, and whole photos without boxes. */
    products: z.number(),
    boxes: z.number(),
    labelledByPerson: z.number(),
    labelledByImport: z.number(),
    namedByClassifier: z.number(),
    unknown: z.number(),
    notAProduct: z.number(),
    unlabelled: z.number(),
  }),
  skus: z.number(),
  problems: z.array(fileProblem),
  models: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(['encoder', 'descriptor']),
      dimensions: z.number(),
      embeddings: z.number(),
      active: z.boolean(),
    }),
  ),
  runs: z.array(
    z.object({
      name: z.string(),
      state: jobState,
      message: z.string(),
      startedAt: z.string(),
      finishedAt: z.string().nullable(),
    }),
  ),
  /** Work that runs now, or stopped before its end. */
  jobs: z.array(
    z.object({
      kind: z.string(),
      state: jobState,
      done: z.number(),
      total: z.number(),
      message: z.string(),
      startedAt: z.string(),
    }),
  ),
  /** Bytes. */
  disk: z.object({
    database: z.number(),
    thumbnails: z.number(),
    models: z.number(),
    runs: z.number(),
    cache: z.number(),
  }),
  /** What is broken in the database, in SQLite's words; null where that was not asked for. */
  damage: z.array(z.string()).nullable(),
});

export const libraryCalls = {
  'library.import': call(
    z.object({
      /** Folders and files. */
      paths: z.array(z.string().min(1)).min(1),
      /** Where labels come from: a csv, or the names of the folders. */
      labels: z.union([z.object({ csv: z.string().min(1) }), z.literal('folders')]).optional(),
    }),
    importSummary,
  ),
  /** Labels from a csv for photos that are imported already. */
  'library.labelFromCsv': call(z.object({ file: z.string().min(1) }), labelSummary),
  'library.status': call(
    z.object({
      /** Reads the whole database and reports damage; takes a second for each gigabyte. */
      check: z.boolean().default(false),
    }),
    workspaceStatus,
  ),
};

export const libraryEvents = {
  'import-problem': fileProblem.extend({ kind: z.literal('import-problem') }),
  'label-problem': z.object({ kind: z.literal('label-problem'), where: z.string(), message: z.string() }),
};
