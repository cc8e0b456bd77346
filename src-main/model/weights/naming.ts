/**
 * The common namings of a vision transformer's parameters, mapped to the official ones: facebookresearch/dino and dinov2 as they are, timm's
 * VisionTransformer, Hugging Face's ViTModel, Dinov2Model and Dinov2WithRegistersModel. Each of them also inside of a larger
 * network or checkpoint, under whatever prefix.
 */
import { GondolaError } from '../../base/errors.ts';
import { plain } from './plain.ts';
import { type StoredTensor, stacked } from './stored.ts';

export type Scheme = 'official' | 'timm' | 'huggingface';

export interface NamedPart {
  readonly scheme: Scheme;
  /** What its names in the file begin with. */
  readonly prefix: string;
  /** Prefixes of other encoders in the same file. */
  readonly others: readonly string[];
  /** Of its layer norms, where the names tell: Hugging Face's ViTModel and what is made like it. Absent: as usual. */
  readonly epsilon?: number;
  /** By official names, in the order of the file; heads left out. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

const CLASS_TOKEN = /^(|.*?\.)(embeddings\.)?cls_token$/;

/** Which of several encoders in a checkpoint is meant: the averaged one, and never what an optimiser kept. */
const PREFERENCE: readonly [RegExp, number][] = [
  [/^(first|second|steps)\./, -2],
  [/(^|[._])(teacher|ema|momentum)/, 2],
  [/(^|[._])student/, -1],
];

/** Parts of a network beyond its encoder. */
const BEYOND = /^(head|fc_norm|pre_logits|pooler|classifier|dino_head|ibot_head)(\.|$)/;

const HUGGING_FACE: readonly [RegExp, string][] = [
  [/^embeddings\.position_embeddings$/, 'pos_embed'],
  [/^embeddings\.patch_embeddings\.projection\./, 'patch_embed.proj.'],
  [/^embeddings\./, ''],
  [/^layernorm\./, 'norm.'],
  // In files, and as transformers 5 has them in memory.
  [/^(?:encoder\.layer|layers)\.(\d+)\./, 'blocks.$1.'],
  [/^(blocks\.\d+\.)attention\.q_proj\./, '$1attention.attention.query.'],
  [/^(blocks\.\d+\.)attention\.k_proj\./, '$1attention.attention.key.'],
  [/^(blocks\.\d+\.)attention\.v_proj\./, '$1attention.attention.value.'],
  [/^(blocks\.\d+\.)attention\.o_proj\./, '$1attn.proj.'],
  [/^(blocks\.\d+\.)layernorm_before\./, '$1norm1.'],
  [/^(blocks\.\d+\.)layernorm_after\./, '$1norm2.'],
  [/^(blocks\.\d+\.)attention\.output\.dense\./, '$1attn.proj.'],
  [/^(blocks\.\d+\.)intermediate\.dense\./, '$1mlp.fc1.'],
  [/^(blocks\.\d+\.)output\.dense\./, '$1mlp.fc2.'],
  [/^(blocks\.\d+\.)layer_scale([12])\.lambda1$/, '$1ls$2.gamma'],
];

const OFFICIAL: readonly [RegExp, string][] = [
  // DINOv2 trains its blocks in chunks, and counts on within them.
  [/^blocks\.\d+\.(\d+\.)/, 'blocks.$1'],
  [/^reg_token$/, 'register_tokens'],
];

/** Hugging Face, `layer_norm_eps` of ViTConfig. */
const EPSILON_OF_VIT_MODEL = 1e-12;

const QUERY = /^(blocks\.\d+\.)attention\.attention\.(query|key|value)\.(weight|bias)$/;

/** Networks that are none of ours, by a name that only they have. */
const FOREIGN: readonly [RegExp, string][] = [
  [/\.mlp\.(w12|w3|weights_in|weights_out)\./, 'its MLPs are gated (SwiGLU), as in the giant DINOv2'],
  [/(^|\.)(rope_embed|rope_embeddings)\b|storage_tokens/, 'its positions are rotary, as in DINOv3'],
  [/(^|\.)dist_token$/, 'it has a distillation token, as DeiT'],
  [/(^|\.)(norm_pre|pre_layrnorm|ln_pre)\./, 'it normalises before the first block, as CLIP'],
  [/\.attn\.(q_norm|k_norm)\./, 'it normalises queries and keys'],
  [/relative_position_bias|\.gamma_1$|\.attn\.(q_bias|v_bias)$/, 'it is a BEiT or EVA'],
  [/(^|\.)class_embedding$/, 'it is a CLIP'],
  [/(^|\.)patch_embed\.(backbone|proj\.\d)/, 'its patches come from a convolutional network'],
  [/\.lora_[AB]\.|(^|\.)base_model\.model\./, 'it is an adapter (LoRA) and no whole network'],
];

/**
 * The encoder among a file's tensors, under the official names.
 * @throws GondolaError `weights-mismatch` where there is none, or one of another kind
 */
export function officialNames(path: string, stored: ReadonlyMap<string, StoredTensor>): NamedPart {
  const prefixes = prefixesOf(stored);
  if (prefixes.length === 0) throw noEncoder(path, stored);
  const [{ prefix, isHuggingFace }, ...others] = prefixes;
  const own = [...stored]
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, tensor]) => [name.slice(prefix.length), tensor] as const);
  refuseForeign(
    path,
    own.map(([name]) => name),
  );
  const renames = isHuggingFace ? HUGGING_FACE : OFFICIAL;
  const tensors = new Map<string, StoredTensor>();
  for (const [name, tensor] of own) {
    if (BEYOND.test(name)) continue;
    const official = renames.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), name);
    if (tensors.has(official))
      throw mismatch(path, `"${tensor.source}" and "${tensors.get(official)!.source}" are the same parameter`);
    tensors.set(official, tensor);
  }
  return {
    scheme: isHuggingFace ? 'huggingface' : isOfTimm(own.map(([name]) => name)) ? 'timm' : 'official',
    prefix,
    others: others.map((other) => other.prefix),
    ...(own.some(([name]) => name.includes('.layernorm_before.')) ? { epsilon: EPSILON_OF_VIT_MODEL } : {}),
    tensors: isHuggingFace ? joined(path, tensors) : tensors,
  };
}

/** By what only timm has: registers of another name, a plain head, LayerScale without DINOv2's mask. */
function isOfTimm(names: readonly string[]): boolean {
  const has = (name: string) => names.includes(name);
  return has('reg_token') || has('head.weight') || (has('blocks.0.ls1.gamma') && !has('mask_token'));
}

/** The best first. */
function prefixesOf(stored: ReadonlyMap<string, StoredTensor>): { prefix: string; isHuggingFace: boolean }[] {
  const rank = (prefix: string) => PREFERENCE.find(([pattern]) => pattern.test(prefix))?.[1] ?? 0;
  return [...stored.keys()]
    .flatMap((name) => {
      const [whole, prefix = '', embeddings] = CLASS_TOKEN.exec(name) ?? [];
      return whole === undefined ? [] : [{ prefix, isHuggingFace: embeddings !== undefined }];
    })
    .sort((a, b) => rank(b.prefix) - rank(a.prefix));
}

/** Hugging Face keeps queries, keys and values apart: qkv is the three one below another. */
function joined(path: string, tensors: ReadonlyMap<string, StoredTensor>): Map<string, StoredTensor> {
  const result = new Map<string, StoredTensor>();
  for (const [name, tensor] of tensors) {
    const [whole, block, , kind] = QUERY.exec(name) ?? [];
    const target = `${block}attn.qkv.${kind}`;
    if (whole === undefined) result.set(name, tensor);
    else if (!result.has(target))
      result.set(
        target,
        stacked(
          ['query', 'key', 'value'].map((part) => {
            const found = tensors.get(`${block}attention.attention.${part}.${kind}`);
            if (!found) throw mismatch(path, `"${tensor.source}" is there and the ${part} that belongs to it is not`);
            if (found.shape.join() !== tensor.shape.join())
              throw mismatch(
                path,
                `"${found.source}" is [${found.shape.join(', ')}] and "${tensor.source}" [${tensor.shape.join(', ')}]`,
              );
            return found;
          }),
        ),
      );
  }
  return result;
}

function refuseForeign(path: string, names: readonly string[]): void {
  for (const name of names) {
    const [, what] = FOREIGN.find(([pattern]) => pattern.test(name)) ?? [];
    if (what) throw mismatch(path, `it has "${name}": ${what}, which Gondola cannot compute`);
  }
  if (names.some((name) => name.startsWith('fc_norm.')) && !names.includes('norm.weight'))
    throw mismatch(
      path,
      'it has "fc_norm.weight" and no "norm.weight": it averages its patches and never trained its class token',
    );
}

function noEncoder(path: string, stored: ReadonlyMap<string, StoredTensor>): GondolaError {
  const names = [...stored.keys()];
  if (names.length === 0) return mismatch(path, 'it holds no weights');
  const [, what] = FOREIGN.find(([pattern]) => names.some((name) => pattern.test(name))) ?? [];
  if (what) return mismatch(path, `it is no vision transformer that Gondola can compute: ${what}`);
  return mismatch(
    path,
    `the model needs "cls_token", and the file has no such parameter among its ${names.length} (the first is "${names[0]}")`,
  );
}

export function mismatch(path: string, what: string): GondolaError {
  return new GondolaError(
    'weights-mismatch',
    `${path}: ${plain(what)}.`,
    'Gondola takes the encoders of DINO and DINOv2 (small, base, large) and the plain vision transformers of timm and Hugging Face.',
  );
}
