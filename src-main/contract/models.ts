/** The encoders of a workspace: trained here or brought along as weight files, and given to other programs. */
import { z } from 'zod';
import { call } from './call.ts';

export const modelName = z
  .string()
  .max(120)
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u, 'letters, digits, dots, dashes and underscores');

export const encoder = z.object({
  name: z.string(),
  /** Its architecture in words. */
  architecture: z.string(),
  dimensions: z.number(),
  /** Side in pixels of the pictures that it takes. */
  inputSize: z.number(),
  /** The run that trained it, if it is still there. */
  run: z.string().nullable(),
  /** The file that it was imported from; null where it was trained here. */
  importedFrom: z.string().nullable(),
  active: z.boolean(),
  embeddings: z.number(),
  /** Of its files; 0 where they are missing. */
  bytes: z.number(),
  /** ISO 8601. */
  createdAt: z.string(),
});

export type EncoderModel = z.infer<typeof encoder>;

/** How a weight file is to be read, where it does not say so itself. */
const reading = z.object({
  file: z.string().min(1),
  /** Attention heads, where neither the file nor a config.json beside it tells; as usual for the width without it. */
  heads: z.int().positive().max(1024).optional(),
  /** Side in pixels of the pictures that it shall take; its own without it. */
  input: z.int().positive().max(4096).optional(),
  /** What its pixels are normalised with: ImageNet's mean and deviation, or −1 … 1. */
  pixels: z.enum(['imagenet', 'half']).optional(),
});

const seen = z.object({
  architecture: z.string(),
  dimensions: z.number(),
  inputSize: z.number(),
  /** What was found and decided, as sentences. */
  notes: z.array(z.string()),
});

/** Endings of the weight files that can be imported, for file dialogs. */
export const weightEndings = ['safetensors', 'pth', 'pt', 'bin', 'onnx'];

export const modelFormats = ['safetensors', 'onnx'] as const;

export const modelCalls = {
  /** Every encoder, the latest first. */
  'models.list': call(z.object({}), z.object({ models: z.array(encoder) })),
  /** What a weight file holds and whether it fits; imports nothing. */
  'models.inspect': call(reading, seen.extend({ /** A free one. */ name: z.string() })),
  /** Copies the encoder of a local weight file (safetensors, PyTorch, ONNX) into the workspace. */
  'models.import': call(
    reading.extend({
      name: modelName.optional(),
      /** Makes it the one that indexing, naming and searching use. */
      activate: z.boolean().default(true),
    }),
    seen.extend({ model: z.string(), active: z.boolean(), seconds: z.number() }),
  ),
  'models.export': call(
    z.object({
      model: z.string().min(1),
      format: z.enum(modelFormats),
      /** A file with the format's ending, or a folder. */
      out: z.string().min(1),
      /** Writes over a file that is there. */
      replace: z.boolean().default(false),
    }),
    z.object({
      file: z.string(),
      /** The .json with architecture and preprocessing. */
      beside: z.string(),
      bytes: z.number(),
    }),
  ),
  /** Deletes an encoder, its files and its embeddings. */
  'models.delete': call(z.object({ model: z.string().min(1) }), z.object({ freed: z.number() })),
};
