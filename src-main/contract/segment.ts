/** Cutting products out of photos. */
import { z } from 'zod';
import { call } from './call.ts';
import { cuttingCalls } from './cutting.ts';
import { fileProblem } from './library.ts';

/** What lies in the output folder for one photo; shares are 0 … 1. */
export const segmentedPhoto = z.object({
  /** Files are STEM.mask.png, STEM.cutout.png, STEM.attention.png, and STEM.region-ID.mask.png and .cutout.png for each region. */
  stem: z.string(),
  /** SHA-256 of the photo's bytes. */
  sha256: z.string(),
  /** Of everything that decides the result: photo, boxes, weights, method. */
  made: z.string(),
  path: z.string(),
  /** Upright. */
  width: z.number(),
  height: z.number(),
  /** Share of the photo that is object; 0 says that none was found. */
  share: z.number(),
  /** From 1: the head whose 60 % mask agrees most with the object mask. */
  bestHead: z.number(),
  regions: z.array(
    z.object({
      /** The workspace's id of the region. */
      id: z.number(),
      /** Upright pixels of the photo; the files have this size. */
      x: z.number(),
      y: z.number(),
      width: z.number(),
      height: z.number(),
      /** Share of the box that is object. */
      share: z.number(),
    }),
  ),
});

export const segmentSummary = z.object({
  /** The weights that attended; null where no trained model was there. */
  model: z.string().nullable(),
  segmented: z.number(),
  present: z.number(),
  regions: z.number(),
  empty: z.number(),
  problems: z.array(fileProblem),
  photos: z.array(segmentedPhoto),
  seconds: z.number(),
});

const options = {
  /** The folder for the results. */
  out: z.string().min(1),
  /** A model of the workspace by name; its active one where this is left out. */
  model: z.string().min(1).optional(),
  device: z.string().min(1).default('cpu'),
  /** Makes again what is there already. */
  force: z.boolean().default(false),
};

export const segmentCalls = {
  ...cuttingCalls,
  /** The workspace's photos; those with boxes get a mask for each. */
  'segment.workspace': call(
    z.object({
      ...options,
      /** Ids of the photos; every photo where this is left out. */
      photos: z.array(z.number().int().positive()).optional(),
    }),
    segmentSummary,
  ),
  /** Photos from anywhere, seen by a model of the workspace; nothing is imported. */
  'segment.files': call(z.object({ ...options, files: z.array(z.string().min(1)).min(1) }), segmentSummary),
};
