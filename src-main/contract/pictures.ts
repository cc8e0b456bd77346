/** Pictures by id: a page never learns where a file is. */
import { z } from 'zod';
import { call } from './call.ts';

export const pictureKind = z.enum(['thumbnail', 'photo', 'region']);
export type PictureKind = z.infer<typeof pictureKind>;

export const pictureCalls = {
  /**
   * `thumbnail` and `photo` take the id of a photo, `region` that of a region. A thumbnail's longer side is 256 pixels, a region's at most 320, a
   * photo's at most 4,096; all are upright.
   */
  'pictures.read': call(
    z.object({ kind: pictureKind, id: z.number().int().positive() }),
    z.object({ type: z.literal('image/jpeg'), bytes: z.custom<Uint8Array>((value) => value instanceof Uint8Array) }),
  ),
};
