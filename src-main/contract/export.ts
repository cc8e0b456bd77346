/** Writing the catalogue for other programs. */
import { z } from 'zod';
import { call } from './call.ts';
import { fileProblem } from './library.ts';

export const exportFormats = ['csv', 'xlsx', 'json', 'coco', 'imagefolder'] as const;

const previewWarning = z.object({ message: z.string(), hint: z.string() });

/** A piece of a text file as it will be written, or how much was left out between two pieces. */
const excerptPiece = z.union([
  z.object({ text: z.string() }),
  z.object({ omitted: z.number(), what: z.enum(['entries', 'lines']) }),
]);

export const exportPreview = z.object({
  /** Absolute: where it would go; beside the workspace where no folder was given. */
  folder: z.string(),
  /** Whether an earlier export there would be replaced. */
  replaces: z.boolean(),
  /** Why the folder cannot be used; null where it can. */
  refusal: previewWarning.nullable(),
  photos: z.number(),
  skus: z.number(),
  products: z.number(),
  outlined: z.number().nullable(),
  /** What would lie in the folder, files and folders by name. `bytes` is the sum of what a folder holds. */
  entries: z.array(
    z.object({ name: z.string(), kind: z.enum(['file', 'folder']), files: z.number(), bytes: z.number() }),
  ),
  files: z.number(),
  bytes: z.number(),
  /** Sizes are estimated: pictures are made anew, or the catalogue is so large that a part of it was looked at. */
  estimated: z.boolean(),
  /** How each text file begins, and what each of its lists begins with. */
  texts: z.array(z.object({ file: z.string(), bytes: z.number(), excerpt: z.array(excerptPiece) })),
  /** How each sheet of a workbook begins; `omitted` rows follow. */
  tables: z.array(
    z.object({
      file: z.string(),
      title: z.string(),
      columns: z.array(z.string()),
      rows: z.array(z.array(z.union([z.string(), z.number()]))),
      omitted: z.number(),
    }),
  ),
  /** The first pictures, by what they show. */
  pictures: z.array(
    z.object({ file: z.string(), of: z.union([z.object({ region: z.number() }), z.object({ photo: z.number() })]) }),
  ),
  warnings: z.array(previewWarning),
});

export const exportCalls = {
  /** What an export would write, made by the writers themselves, without writing anything. */
  'export.preview': call(
    z.object({
      format: z.enum(exportFormats),
      copy: z.boolean().default(false),
      /** As for the export; without it, a folder beside the workspace is proposed. */
      out: z.string().min(1).optional(),
    }),
    exportPreview,
  ),
  'export.catalogue': call(
    z.object({
      format: z.enum(exportFormats),
      /** A folder that is new, empty, or an earlier export of ours, which is replaced. */
      out: z.string().min(1),
      /** Puts copies of the photos into the export, so that it can be given away. */
      copy: z.boolean().default(false),
    }),
    z.object({
      format: z.enum(exportFormats),
      /** Absolute. */
      folder: z.string(),
      photos: z.number(),
      skus: z.number(),
      /** Rows, regions, annotations or pictures, as the format has it. */
      products: z.number(),
      /** COCO: products whose outline is that of their mask, not of their box. */
      outlined: z.number().nullable(),
      /** Photos whose file is not there any more. */
      missing: z.number(),
      /** Photos on another drive, referred to by absolute paths. */
      absolute: z.number(),
      /** Photos that were written anew, turned upright. */
      turned: z.number(),
      problems: z.array(fileProblem),
      seconds: z.number(),
    }),
  ),
};
