/** Looking at one photo or product on a page before its masks are saved: attention, masks, cut-outs. */
import { z } from 'zod';
import { call } from './call.ts';

const id = z.number().int().positive();
const device = z.string().min(1).default('cpu');
const png = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'must be the bytes of a PNG');

/** What is looked at: a whole photo, or the part of it in a region. */
const subject = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('photo'), id }),
  z.object({ kind: z.literal('region'), id }),
]);

export type Subject = z.infer<typeof subject>;

/** From 1; the mean of all heads, each weighing the same. */
const head = z.union([id, z.literal('mean')]);

/** Upright pixels of the photo. */
const rectangle = z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() });

export const attentionPreview = z.object({
  photo: z.number(),
  /** What was looked at. */
  frame: rectangle,
  /** The weights that looked; null where there is no trained model, and what is seen is an untrained encoder's. */
  model: z.string().nullable(),
  heads: z.number(),
  /** Patches, row by row from the upper left corner of the frame. */
  rows: z.number(),
  columns: z.number(),
  /** [heads][rows × columns]; each head's values sum to 1. */
  attention: z.array(z.array(z.number())),
  mean: z.array(z.number()),
  /** The boxes on the photo, or the one region that was asked about. */
  boxes: z.array(rectangle.extend({ region: z.number() })),
});

export const objectMask = rectangle.extend({
  /** The box that the mask fills; the whole-photo region where the photo has no boxes. */
  region: z.number(),
  /** Share of the rectangle that is object; 0 says that none was found. */
  share: z.number(),
  /** 0 beside the object, 255 on it; stretched over the rectangle. Its longer side is at most 1,024 pixels. */
  mask: png,
});

export const cuttingCalls = {
  /** The photos to choose from, in the order of import. */
  'segment.photos': call(
    z.object({}),
    z.object({
      photos: z.array(
        z.object({
          id: z.number(),
          /** Of the file; null where none is known any more. */
          name: z.string().nullable(),
          /** Products drawn on it. */
          boxes: z.number(),
        }),
      ),
    }),
  ),
  /** The attention of the active model. Kept for a while, so that the other calls about the same need not look again. */
  'segment.preview': call(z.object({ subject, device }), attentionPreview),
  /** The smallest set of patches that holds a share of the attention. Runs no network where `segment.preview` came before. */
  'segment.massMask': call(
    z.object({ subject, head, share: z.number().min(0).max(1).default(0.6), device }),
    z.object({
      /** [rows × columns], 0 or 1. */
      kept: z.array(z.number()),
      /** Share of the patches that are in. */
      area: z.number(),
    }),
  ),
  /** The outlines of the objects, by attention, colours and edges; kept for exports. */
  'segment.masks': call(
    z.object({ subject, device }),
    z.object({
      masks: z.array(objectMask),
      /** From 1: the head whose 60 % mask agrees most with the objects, and by how much (intersection over union). */
      bestHead: z.number(),
      overlap: z.number(),
    }),
  ),
  /** Writes one product's mask and cut-out, at full size, into a folder; `segment.workspace` does whole photos. */
  'segment.save': call(
    z.object({
      region: id,
      out: z.string().min(1),
      what: z
        .array(z.enum(['mask', 'cutout']))
        .min(1)
        .default(['mask', 'cutout']),
      device,
    }),
    z.object({ folder: z.string(), files: z.array(z.string()) }),
  ),
};
