/** What lies beside a weight file as published by Hugging Face or timm (config.json, preprocessor_config.json) and tells what shapes do not. */
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';

export interface Beside {
  readonly heads?: number;
  readonly mean?: readonly [number, number, number];
  readonly std?: readonly [number, number, number];
  /** The activation, where it is not GELU by erf. */
  readonly activation?: string;
  /** File names that were used. */
  readonly from: readonly string[];
}

const triple = z.tuple([z.number(), z.number(), z.number()]);

const configSchema = z.looseObject({
  hidden_size: z.number().optional(),
  num_features: z.number().optional(),
  num_attention_heads: z.int().positive().optional(),
  hidden_act: z.string().optional(),
  pretrained_cfg: z.looseObject({ mean: triple.optional(), std: triple.optional() }).optional(),
});

const preprocessorSchema = z.looseObject({ image_mean: triple.optional(), image_std: triple.optional() });

/** Larger is none of these files. */
const LARGEST = 1e6;

/** @param dimensions of the network: a config.json of another one is left alone */
export async function readBeside(path: string, dimensions: number): Promise<Beside> {
  const config = configSchema.safeParse(await jsonIn(dirname(path), 'config.json')).data;
  const width = config?.hidden_size ?? config?.num_features;
  if (!config || (width !== undefined && width !== dimensions)) return { from: [] };
  const preprocessor = preprocessorSchema.safeParse(await jsonIn(dirname(path), 'preprocessor_config.json')).data;
  const activation = config.hidden_act;
  return {
    heads: config.num_attention_heads,
    mean: preprocessor?.image_mean ?? config.pretrained_cfg?.mean,
    std: preprocessor?.image_std ?? config.pretrained_cfg?.std,
    ...(activation === undefined || activation === 'gelu' ? {} : { activation }),
    from: preprocessor ? ['config.json', 'preprocessor_config.json'] : ['config.json'],
  };
}

/** Null where there is no such file, or none that is JSON: then it is not about these weights. */
async function jsonIn(folder: string, name: string): Promise<unknown> {
  const file = await open(join(folder, name), 'r').catch(() => null);
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
