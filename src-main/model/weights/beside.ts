/** What lies beside a weight file as published by Hugging Face or timm (config.json, preprocessor_config.json) and tells what shapes do not. */
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { AT_ONCE } from './bounded-file.ts';

export interface Beside {
  readonly heads?: number;
  readonly mean?: readonly [number, number, number];
  readonly std?: readonly [number, number, number];
  /** The activation, where it is not GELU by erf. */
  readonly activation?: string;
  /** Of the layer norms. */
  readonly epsilon?: number;
  /** The file names of timm's networks are those of DINO: its own config.json tells them apart. */
  readonly isOfTimm: boolean;
  /** Whether there is a config.json that was left alone: it is of another network. */
  readonly isAnother?: boolean;
  /** File names that were used. */
  readonly from: readonly string[];
}

const triple = z.tuple([z.number(), z.number(), z.number()]);

/** Of Hugging Face: the networks whose weights are read here. */
const TYPES = ['vit', 'vit_mae', 'vit_msn', 'deit', 'dinov2', 'dinov2_with_registers'] as const;

const huggingFaceSchema = z.looseObject({
  model_type: z.enum(TYPES),
  hidden_size: z.number(),
  num_hidden_layers: z.number(),
  num_attention_heads: z.int().positive(),
  hidden_act: z.string().optional(),
  layer_norm_eps: z.number().positive().max(0.01).optional(),
});

const timmSchema = z.looseObject({
  architecture: z.string().regex(/^(vit|deit)/),
  num_features: z.number(),
  model_args: z
    .looseObject({ num_heads: z.int().positive().optional(), depth: z.int().positive().optional() })
    .nullish(),
  pretrained_cfg: z.looseObject({ mean: triple.optional(), std: triple.optional() }).nullish(),
});

const preprocessorSchema = z.looseObject({ image_mean: triple.optional(), image_std: triple.optional() });

/** Larger is none of these files. */
const LARGEST = 1e6;

/** @param network what the weights' shapes tell: a config.json of any other network is left alone */
export async function readBeside(path: string, network: { dimensions: number; depth: number }): Promise<Beside> {
  const config = await jsonIn(dirname(path), 'config.json');
  const timm = timmSchema.safeParse(config).data;
  if (timm && timm.num_features === network.dimensions && (timm.model_args?.depth ?? network.depth) === network.depth) {
    const { mean, std } = timm.pretrained_cfg ?? {};
    return { heads: timm.model_args?.num_heads, mean, std, isOfTimm: true, from: ['config.json'] };
  }
  const own = huggingFaceSchema.safeParse(config).data;
  if (own?.hidden_size !== network.dimensions || own.num_hidden_layers !== network.depth)
    return { isOfTimm: false, isAnother: config !== null, from: [] };
  const preprocessor = preprocessorSchema.safeParse(await jsonIn(dirname(path), 'preprocessor_config.json')).data;
  const activation = own.hidden_act;
  return {
    heads: own.num_attention_heads,
    mean: preprocessor?.image_mean,
    std: preprocessor?.image_std,
    epsilon: own.layer_norm_eps,
    isOfTimm: false,
    ...(activation === undefined || activation === 'gelu' ? {} : { activation }),
    from: preprocessor ? ['config.json', 'preprocessor_config.json'] : ['config.json'],
  };
}

/** Null where there is no such file, or none that is JSON: then it is not about these weights. */
async function jsonIn(folder: string, name: string): Promise<unknown> {
  const file = await open(join(folder, name), AT_ONCE).catch(() => null);
  if (!file) return null;
  try {
    const stat = await file.stat();
    return stat.isFile() && stat.size <= LARGEST ? JSON.parse(await file.readFile('utf8')) : null;
  } catch {
    return null;
  } finally {
    await file.close();
  }
}
