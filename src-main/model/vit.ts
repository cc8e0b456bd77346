/**
 * The vision transformer of Dosovitskiy et al. 2021 as DINO uses it (facebookresearch/dino, vision_transformer.py): pre-norm, exact
 * GELU, biases on q, k and v, LayerNorm with an ε of 1e-6. With DINOv2's additions where the configuration asks for them: register tokens
 * (order: class, registers, patches; registers have no position) and LayerScale. Written as a graph; training and inference
 * build the same nodes.
 */
import { GondolaError } from '../base/errors.ts';
import {
  add,
  concat,
  expand,
  gelu,
  layerNorm,
  matmul,
  mean,
  multiply,
  type Node,
  reshape,
  slice,
  softmax,
  subtract,
  transpose,
} from '../engine/graph.ts';
import { linear } from '../engine/operators.ts';
import type { Initial, Lookup, Parameter } from './parameters.ts';
import { type Grid, positionsFor, RESIZE_RULES, type ResizeRule } from './positions.ts';
import { patchTokens, type Stem, stemParameters } from './stem.ts';

export interface VitConfig {
  /** Width of a token; divisible by `heads`. */
  readonly dimensions: number;
  readonly depth: number;
  readonly heads: number;
  /** Side of a patch in pixels. */
  readonly patch: number;
  /** Side in pixels of the square image that the position embedding is made for; divisible by `patch`. */
  readonly image: number;
  readonly registers: number;
  readonly layerScale: boolean;
  /** Absent: `patch`. */
  readonly stem?: Stem;
  /**
   * Blocks, from the last on, whose mean patch token stands beside the class token in an image's embedding, each after the last norm (as DINOv2's linear
   * evaluation has it of the last block, Oquab et al. 2023). Absent: the class token alone, as the official encoders have it.
   */
  readonly readout?: number;
  /** Of the layer norms. Absent: 1e-6; Hugging Face's ViTModel has 1e-12. */
  readonly epsilon?: number;
  /** How positions are resized for other pictures than `image`. Absent: `offset`, as in DINO. */
  readonly resize?: ResizeRule;
}

const EPSILON = 1e-6;

/** Width of an image's embedding. */
export function embeddingWidth({ dimensions, readout = 0 }: VitConfig): number {
  return (1 + readout) * dimensions;
}

const SIZES = {
  nano: { dimensions: 192, depth: 6, heads: 3 },
  tiny: { dimensions: 192, depth: 12, heads: 3 },
  small: { dimensions: 384, depth: 12, heads: 6 },
  base: { dimensions: 768, depth: 12, heads: 12 },
} as const;
/** What the names begin with, and the patches that there are with it. */
const STEMS = {
  vit: { stem: 'patch', patches: [8, 14, 16] },
  hvit: { stem: 'hierarchical', patches: [8, 16] },
  cvit: { stem: 'convolution', patches: [8, 16] },
} as const;

/** Every name that `vitNamed` knows. */
export const VIT_NAMES: readonly string[] = Object.entries(STEMS).flatMap(([kind, { patches }]) =>
  Object.keys(SIZES).flatMap((size) => patches.map((patch) => `${kind}-${size}/${patch}`)),
);

/**
 * The configuration of e.g. `vit-small/16`; `hvit-…` has the hierarchical stem, `cvit-…` the convolutional one. Networks that were brought along
 * are spelt out, as by `vitName`: `vit-1024x24x16/14+4reg+scale+antialias`, `vit-base/16+size+eps1e-12`.
 * @param image side of the training image in pixels
 * @throws GondolaError `model-unknown`, `image-size`
 */
export function vitNamed(name: string, image: number): VitConfig {
  const [base, ...extras] = name.split('+');
  const size = sizeNamed(base);
  if (!size || !extras.every((extra) => EXTRA.test(extra)))
    throw new GondolaError('model-unknown', `There is no model "${name}".`, `Choose one of ${VIT_NAMES.join(', ')}.`);
  const { stem, ...network } = size;
  const registers = extras.reduce((sum, extra) => sum + (Number.parseInt(extra, 10) || 0), 0);
  const resize = RESIZE_RULES.find((rule) => extras.includes(rule));
  const epsilon = Number(extras.find((extra) => extra.startsWith('eps'))?.slice('eps'.length) ?? 0);
  const config = {
    ...{ ...network, image, registers, layerScale: extras.includes('scale') },
    ...(epsilon > 0 ? { epsilon } : {}),
    ...(resize ? { resize } : {}),
  };
  gridOf(config, image, image);
  return stem === 'patch' ? config : { ...config, stem };
}

/** Registers, LayerScale, the rule by which positions are resized, ε of the norms. */
const EXTRA = /^([1-9]\d?reg|scale|size|antialias|eps\d\.?\d{0,20}(e-\d{1,2})?)$/;

/** The part of a name before its extras. */
function sizeNamed(base: string) {
  const [kind, size, patch] = base.split(/[-/]/);
  if (VIT_NAMES.includes(base))
    return { ...SIZES[size as keyof typeof SIZES], patch: Number(patch), stem: STEMS[kind as keyof typeof STEMS].stem };
  const spelt = /^vit-([1-9]\d{0,3})x([1-9]\d{0,2})x([1-9]\d{0,2})\/([1-9]\d?)$/.exec(base);
  if (!spelt) return null;
  const [dimensions, depth, heads, side] = spelt.slice(1).map(Number);
  return dimensions % heads === 0 ? { dimensions, depth, heads, patch: side, stem: 'patch' as const } : null;
}

/** The name by which `vitNamed` gives this network. */
export function vitName(config: VitConfig): string {
  const { dimensions, depth, heads, patch, registers, layerScale, stem = 'patch', epsilon, resize } = config;
  const [kind] = Object.entries(STEMS).find(([, { stem: other }]) => other === stem)!;
  const [size = `${dimensions}x${depth}x${heads}`] =
    Object.entries(SIZES).find(
      ([, known]) => known.dimensions === dimensions && known.depth === depth && known.heads === heads,
    ) ?? [];
  const known = `${kind}-${size}/${patch}`;
  const base = VIT_NAMES.includes(known) ? known : `${kind}-${dimensions}x${depth}x${heads}/${patch}`;
  const extras = [
    ...(registers > 0 ? [`${registers}reg`] : []),
    ...(layerScale ? ['scale'] : []),
    ...(resize && resize !== 'offset' ? [resize] : []),
    ...(epsilon && epsilon !== EPSILON ? [`eps${epsilon}`] : []),
  ];
  return [base, ...extras].join('+');
}

/**
 * The patches of an image of height × width pixels.
 * @throws GondolaError `image-size` where a side is no multiple of the patch
 */
export function gridOf({ patch }: VitConfig, height: number, width: number): Grid {
  const whole = (side: number) => Number.isInteger(side) && side > 0 && side % patch === 0;
  if (!whole(height) || !whole(width))
    throw new GondolaError(
      'image-size',
      `An image of ${width} × ${height} pixels cannot be cut into patches of ${patch} × ${patch}.`,
      `Use sizes that are multiples of ${patch}.`,
    );
  return { rows: height / patch, columns: width / patch };
}

/** All parameters in the official order, with the official initialisation. */
export function vitParameters(config: VitConfig): Parameter[] {
  const { dimensions: d, depth, image, registers } = config;
  const normal: Initial = { kind: 'normal', deviation: 0.02 };
  const ones: Initial = { kind: 'constant', value: 1 };
  const zeros: Initial = { kind: 'constant', value: 0 };
  const { rows, columns } = gridOf(config, image, image);
  const norm = (name: string): Parameter[] => [
    { name: `${name}.weight`, shape: [d], initial: ones },
    { name: `${name}.bias`, shape: [d], initial: zeros },
  ];
  const dense = (name: string, from: number, to: number): Parameter[] => [
    { name: `${name}.weight`, shape: [to, from], initial: normal },
    { name: `${name}.bias`, shape: [to], initial: zeros },
  ];
  // 1e-5 is DINOv2's start value.
  const scale = (name: string): Parameter[] =>
    config.layerScale ? [{ name: `${name}.gamma`, shape: [d], initial: { kind: 'constant', value: 1e-5 } }] : [];
  const blocks = Array.from({ length: depth }, (_, index) => {
    const block = `blocks.${index}`;
    return [
      ...norm(`${block}.norm1`),
      ...dense(`${block}.attn.qkv`, d, 3 * d),
      ...dense(`${block}.attn.proj`, d, d),
      ...scale(`${block}.ls1`),
      ...norm(`${block}.norm2`),
      ...dense(`${block}.mlp.fc1`, d, 4 * d),
      ...dense(`${block}.mlp.fc2`, 4 * d, d),
      ...scale(`${block}.ls2`),
    ];
  });
  return [
    { name: 'cls_token', shape: [1, 1, d], initial: normal },
    { name: 'pos_embed', shape: [1, 1 + rows * columns, d], initial: normal },
    ...(registers > 0
      ? [{ name: 'register_tokens', shape: [1, registers, d], initial: { kind: 'normal', deviation: 1e-6 } as Initial }]
      : []),
    ...stemParameters(config),
    ...blocks.flat(),
    ...norm('norm'),
  ];
}

/** Tokens between blocks: [images · count, dimensions], image by image, since the dense layers want one tall matrix. */
interface Tokens {
  readonly values: Node;
  readonly images: number;
  /** Tokens an image: 1 + registers + patches. */
  readonly count: number;
}

/** What one pass gives; parts that nobody reads are never computed. */
export interface VitOutput {
  /** [images, dimensions]: the class token after the last norm. */
  readonly feature: Node;
  /** [images, heads, 1, tokens]: the attention that the class token pays in the last block. */
  readonly attention: Node;
  /** [images, tokens, dimensions]: the last block's keys, heads side by side. */
  readonly keys: Node;
  /** [images, heads, tokens, tokens]: everyone's attention in the last block. */
  readonly fullAttention: Node;
  /** [images, patches, dimensions]: the patch tokens after the last norm. */
  readonly patches: Node;
  /** [images, `embeddingWidth`]: what stands for an image when the network is used, see `VitConfig.readout`. */
  readonly embedding: Node;
}

/** The network over one set of parameters. Passes of several image sizes share the parameters and what is cut from them. */
export class Vit {
  readonly config: VitConfig;
  readonly #weights: Lookup;
  readonly #cuts = new Map<string, Node>();

  constructor(config: VitConfig, weights: Lookup) {
    this.config = config;
    this.#weights = weights;
  }

  /**
   * The network on a batch of normalised images.
   * @param images [n, 3, height, width], both sides multiples of the patch; another size than the trained one resizes the positions
   * @param dropPath [2 · depth, n]: a factor for each residual branch (attention, then MLP, block by block) and image: 0 drops the
   *   branch, 1 ÷ keep probability makes up for it (Huang et al. 2016)
   * @param patchMask [n, patches], 1 where the patch is hidden: `mask_token` stands in its place (Zhou et al. 2022, iBOT); the parameters
   *   have to hold it
   */
  pass(images: Node, dropPath?: Node, patchMask?: Node): VitOutput {
    const { depth, patch, registers } = this.config;
    const [n, , height, width] = images.shape;
    const count = 1 + registers + (height * width) / patch ** 2;
    let tokens: Tokens = { values: this.#embed(images, patchMask), images: n, count };
    const blocks: Tokens[] = [];
    for (let block = 0; block < depth - 1; block++) {
      const normed = this.#norm(`blocks.${block}.norm1`, tokens.values);
      const { context } = this.#attend(block, this.#queries(block, normed, n), normed, n);
      tokens = this.#residuals(block, tokens, context, dropPath);
      blocks.push(tokens);
    }
    const last = this.#lastBlock(tokens, dropPath);
    return { ...last, embedding: this.#embedding(last, blocks) };
  }

  #embedding({ feature, patches }: { feature: Node; patches: Node }, blocks: readonly Tokens[]): Node {
    const { readout } = this.config;
    if (readout === undefined) return feature;
    const before = blocks.slice(blocks.length - (readout - 1)).map((tokens) => this.#patches(tokens));
    return concat([feature, ...[...before, patches].map((each) => mean(each, [1]))], 1);
  }

  /** The patch tokens after the last norm: [images, patches, dimensions]. */
  #patches({ values, images, count }: Tokens): Node {
    const rows = reshape(this.#norm('norm', values), [images, count, this.config.dimensions]);
    return slice(rows, 1, 1 + this.config.registers, count);
  }

  /**
   * Only the class token leaves the last block, so only its row of queries, attention, projection and MLP is computed; keys and
   * values need every token. Exactly the same result (and gradient) for about a fourteenth less work in 12 blocks.
   */
  #lastBlock({ values, images, count }: Tokens, dropPath: Node | undefined): Omit<VitOutput, 'embedding'> {
    const { depth, dimensions } = this.config;
    const block = depth - 1;
    const classToken = (x: Node) =>
      reshape(slice(reshape(x, [images, count, dimensions]), 1, 0, 1), [images, dimensions]);
    const normed = this.#norm(`blocks.${block}.norm1`, values);
    const { context, attention, keys } = this.#attend(
      block,
      this.#queries(block, classToken(normed), images),
      normed,
      images,
    );
    const own: Tokens = { values: classToken(values), images, count: 1 };
    const everyone = this.#attend(block, this.#queries(block, normed, images), normed, images).context;
    const whole = this.#residuals(block, { values, images, count }, everyone, dropPath);
    return {
      feature: this.#norm('norm', this.#residuals(block, own, context, dropPath).values),
      attention,
      keys: reshape(transpose(keys, [0, 3, 1, 2]), [images, count, dimensions]),
      fullAttention: softmax(matmul(this.#queries(block, normed, images), keys)),
      patches: this.#patches(whole),
    };
  }

  /** Images to tokens with positions: [n, 3, height, width] → [n · tokens, dimensions]. */
  #embed(images: Node, patchMask?: Node): Node {
    const { dimensions: d, registers } = this.config;
    const [n, , height, width] = images.shape;
    const { rows, columns } = gridOf(this.config, height, width);
    const patches = patchTokens(this.config, this.#weights, images, { rows, columns });
    const seen = patchMask ? this.#masked(patches, patchMask) : patches;
    const positions = positionsFor(this.#weights('pos_embed'), { rows, columns }, this.config.resize);
    const everywhere = (x: Node) => expand(x, [n, x.shape[1], d]);
    const parts = [everywhere(add(this.#weights('cls_token'), slice(positions, 1, 0, 1)))];
    if (registers > 0) parts.push(everywhere(this.#weights('register_tokens')));
    parts.push(add(seen, slice(positions, 1, 1, 1 + rows * columns)));
    const tokens = concat(parts, 1);
    return reshape(tokens, [n * tokens.shape[1], d]);
  }

  /** patches [n, patches, dimensions] with the mask's token in the place of the hidden ones. */
  #masked(patches: Node, patchMask: Node): Node {
    const [n, count, d] = patches.shape;
    const hidden = reshape(patchMask, [n, count, 1]);
    return add(patches, multiply(hidden, subtract(reshape(this.#weights('mask_token'), [1, 1, d]), patches)));
  }

  #norm(name: string, x: Node): Node {
    return layerNorm(x, this.#weights(`${name}.weight`), this.#weights(`${name}.bias`), this.config.epsilon ?? EPSILON);
  }

  #dense(name: string, x: Node): Node {
    return linear(x, this.#weights(`${name}.weight`), this.#weights(`${name}.bias`));
  }

  /** [images, heads, rows an image, width of a head] */
  #queries(block: number, x: Node, images: number): Node {
    return transpose(this.#projected(block, 0, x, images), [0, 2, 1, 3]);
  }

  /** What the queries attend to over all (normed) tokens, projected: [images · query rows, dimensions]. */
  #attend(block: number, queries: Node, normed: Node, images: number): { context: Node; attention: Node; keys: Node } {
    // [images, heads, width, tokens]: transposed in the same move that brings the heads forward.
    const keys = transpose(this.#projected(block, 1, normed, images), [0, 2, 3, 1]);
    const values = transpose(this.#projected(block, 2, normed, images), [0, 2, 1, 3]);
    const attention = softmax(matmul(queries, keys));
    const mixed = transpose(matmul(attention, values), [0, 2, 1, 3]);
    const rows = reshape(mixed, [images * queries.shape[2], this.config.dimensions]);
    return { context: this.#dense(`blocks.${block}.attn.proj`, rows), attention, keys };
  }

  /** Part 0, 1 or 2 of qkv: → [images, rows an image, heads, width of a head]. */
  #projected(block: number, part: 0 | 1 | 2, x: Node, images: number): Node {
    const { dimensions, heads } = this.config;
    const rows = linear(x, this.#cut(block, part, 'weight'), this.#cut(block, part, 'bias'));
    return reshape(rows, [images, x.shape[0] / images, heads, dimensions / heads]);
  }

  /**
   * Queries, keys and values are cut out of the joint weight, which is small, rather than out of the activations, which are not. For
   * the same reason it is the queries' weight that is divided by √width, not the attention scores.
   */
  #cut(block: number, part: 0 | 1 | 2, kind: 'weight' | 'bias'): Node {
    const key = `${block} ${part} ${kind}`;
    const present = this.#cuts.get(key);
    if (present) return present;
    const { dimensions: d, heads } = this.config;
    const cut = slice(this.#weights(`blocks.${block}.attn.qkv.${kind}`), 0, part * d, (part + 1) * d);
    const made = part === 0 ? multiply(cut, (d / heads) ** -0.5) : cut;
    this.#cuts.set(key, made);
    return made;
  }

  /** x + attention, then + MLP of the normed sum. */
  #residuals(block: number, tokens: Tokens, context: Node, dropPath: Node | undefined): Tokens {
    const attended = add(tokens.values, this.#branch(block, 0, tokens, context, dropPath));
    const hidden = gelu(this.#dense(`blocks.${block}.mlp.fc1`, this.#norm(`blocks.${block}.norm2`, attended)));
    const mixed = this.#dense(`blocks.${block}.mlp.fc2`, hidden);
    return { ...tokens, values: add(attended, this.#branch(block, 1, tokens, mixed, dropPath)) };
  }

  /** A residual branch, 0 attention or 1 MLP, with LayerScale and drop path. */
  #branch(block: number, index: 0 | 1, { images, count }: Tokens, x: Node, dropPath: Node | undefined): Node {
    const scaled = this.config.layerScale ? multiply(x, this.#weights(`blocks.${block}.ls${index + 1}.gamma`)) : x;
    if (!dropPath) return scaled;
    const row = 2 * block + index;
    const factors = reshape(slice(dropPath, 0, row, row + 1), [images, 1, 1]);
    return reshape(multiply(reshape(scaled, [images, count, x.shape[1]]), factors), x.shape);
  }
}
