/** Writing the catalogue for other programs. */
import { z } from 'zod';
import { call } from './call.ts';
import { fileProblem } from './library.ts';

export const exportFormats = ['csv', 'json', 'coco', 'imagefolder'] as const;

export const exportCalls = {
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
