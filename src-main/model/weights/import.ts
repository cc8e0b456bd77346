/** From a weight file of whatever origin to an encoder of ours: names mapped, shapes checked, positions resized where another image size is asked for. */
import { GondolaError } from '../../base/errors.ts';
import { size } from '../../engine/graph.ts';
import { backboneParameters, carriedParameters } from '../backbone.ts';
import { type EncoderDescription, flawOf, parseDescription, readDescription } from '../encoder.ts';
import type { Tensor } from '../parameters.ts';
import type { ResizeRule } from '../positions.ts';
import { gridOf, type VitConfig } from '../vit.ts';
import { type Beside, readBeside } from './beside.ts';
import { MOST_BYTES, tooLarge } from './bounded-file.ts';
import { completed } from './completed.ts';
import { mismatch, type NamedPart, officialNames, type Scheme } from './naming.ts';
import { ONNX_FORMAT } from './onnx.ts';
import { openWeights } from './open.ts';
import { plain } from './plain.ts';
import { resizedPositions } from './resized-positions.ts';
import { architectureOf, checkFit, depthOf } from './shapes.ts';
import type { StoredTensor, WeightFile } from './stored.ts';

type Triple = [number, number, number];

/** What the pixels of a picture become before the network, after division by 255. */
export interface Pixels {
  readonly mean: Readonly<Triple>;
  readonly std: Readonly<Triple>;
}

/** `imagenet` is what DINO, DINOv2 and most others were trained with; `half` is what timm's AugReg networks were (−1 … 1). */
export const PIXELS = {
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  half: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
} as const satisfies Record<string, Pixels>;

export interface ImportOptions {
  /** Attention heads; told by a file beside the weights, or as usual for the width, unless given. */
  readonly heads?: number;
  /** Side in pixels of the pictures that the encoder shall take; its own unless given. */
  readonly input?: number;
  readonly pixels?: keyof typeof PIXELS;
}

/** What a weight file holds, before its values are read. */
export interface WeightsPlan {
  readonly description: EncoderDescription;
  /** What was found and decided, as sentences. */
  readonly notes: readonly string[];
}

export interface ImportedEncoder extends WeightsPlan {
  readonly weights: Map<string, Tensor>;
}

/** Looks into a file without reading its values. @throws as `importWeights` */
export async function inspectWeights(path: string, options: ImportOptions = {}): Promise<WeightsPlan> {
  const file = await openWeights(path);
  try {
    const { description, notes } = await recognised(file, options);
    return { description, notes };
  } finally {
    await file.close();
  }
}

/**
 * Reads an encoder from a local file.
 * @throws GondolaError `weights-unreadable`, `weights-unsafe`, `weights-format` for the file, `weights-mismatch` that names the first parameter that does
 *   not fit, `weights-too-large`, `weights-heads`, `image-size`
 */
export async function importWeights(path: string, options: ImportOptions = {}): Promise<ImportedEncoder> {
  const file = await openWeights(path);
  try {
    const { stored, trained, description, notes } = await recognised(file, options);
    const weights = new Map<string, Tensor>();
    for (const { name } of [...backboneParameters(trained), ...carriedParameters(trained)]) {
      const tensor = stored.get(name);
      if (!tensor) continue;
      weights.set(name, { shape: tensor.shape, values: await finite(path, tensor) });
    }
    const positions = weights.get('pos_embed');
    const { architecture } = description;
    if (positions) {
      const { rows } = gridOf(architecture, architecture.image, architecture.image);
      weights.set('pos_embed', resizedPositions(positions, rows, trained.resize ?? 'offset'));
    }
    return { description, notes, weights };
  } finally {
    await file.close();
  }
}

interface Recognised extends WeightsPlan {
  /** By official names. */
  readonly stored: ReadonlyMap<string, StoredTensor>;
  /** As the values in the file have it; the description's may be of another image size. */
  readonly trained: EncoderDescription['architecture'];
}

async function recognised(file: WeightFile, options: ImportOptions): Promise<Recognised> {
  const own = await ownDescription(file);
  const found = own ? ofGondola(file, own, options) : await ofOthers(file, options);
  const flaw = flawOf(found.description);
  if (flaw) throw mismatch(file.path, `such an encoder could not be kept: ${flaw}`);
  return { ...found, notes: found.notes.map(plain) };
}

/** What Gondola itself wrote: in the file, or beside it. */
async function ownDescription({ path, metadata }: WeightFile): Promise<EncoderDescription | null> {
  const within = metadata.gondola === undefined ? null : parseDescription(metadata.gondola, path);
  if (!path.endsWith('.safetensors')) return within;
  return readDescription(path.replace(/\.safetensors$/, '.json')).catch((error: unknown) => {
    // Any other file of that name is not about these weights.
    if (error instanceof GondolaError && error.code === 'encoder-unreadable') return within;
    throw error;
  });
}

function ofGondola(file: WeightFile, own: EncoderDescription, options: ImportOptions): Recognised {
  const { path, format } = file;
  refuseTooLarge(path, own.architecture);
  const parameters = backboneParameters(own.architecture);
  // A graph has constants beside its parameters.
  const names = new Set(parameters.map(({ name }) => name));
  const isOnnx = format === ONNX_FORMAT;
  const tensors = new Map([...file.tensors].filter(([name]) => !isOnnx || names.has(name)));
  checkFit(path, parameters, tensors, carriedParameters(own.architecture));
  return {
    stored: tensors,
    trained: own.architecture,
    description: described(own, options, { made: own.made }),
    notes: [`It is an encoder of Gondola's (${format}).`],
  };
}

async function ofOthers(file: WeightFile, options: ImportOptions): Promise<Recognised> {
  const { path, format } = file;
  const part = officialNames(path, file.tensors);
  const stored = completed(path, part);
  const [, , dimensions = 0] = stored.get('cls_token')?.shape ?? [];
  const beside = await readBeside(path, { dimensions, depth: depthOf(stored) });
  if (beside.activation)
    throw mismatch(
      path,
      `config.json beside it says that its activation is ${beside.activation}, and Gondola computes gelu`,
    );
  const told = options.heads ?? beside.heads;
  const shaped = architectureOf(path, stored, told);
  const scheme = schemeOf(file, part, beside);
  const resize = ruleOf(scheme, shaped.registers);
  const epsilon = file.epsilon ?? beside.epsilon ?? part.epsilon;
  const trained = { ...shaped, ...(resize ? { resize } : {}), ...(epsilon ? { epsilon } : {}) };
  refuseTooLarge(path, trained);
  checkFit(path, backboneParameters(trained), stored, carriedParameters(trained));
  const { mean, std } = beside.mean && beside.std ? { mean: beside.mean, std: beside.std } : PIXELS.imagenet;
  const base = { architecture: trained, inputSize: trained.image, mean: [...mean] as Triple, std: [...std] as Triple };
  return {
    stored,
    trained,
    description: described(base, options, { made: { from: format, naming: scheme } }),
    notes: [
      ...notesOn(file, { ...part, scheme }, beside, options),
      ...(file.epsilon || beside.epsilon || !part.epsilon
        ? []
        : [`Its layer norms are taken to have an ε of ${part.epsilon}, as ViTModel has it; a config.json would tell.`]),
      ...(told === undefined ? [`Taken to have ${trained.heads} attention heads, as usual for its width.`] : []),
      ...remarkOnSize(trained, options),
    ],
  };
}

/**
 * The official names of a network without registers, LayerScale and head are timm's too. facebookresearch published PyTorch's checkpoints, and a
 * network of timm is the whole file: safetensors of these names alone are its.
 */
function schemeOf({ format }: WeightFile, { scheme, prefix, tensors }: NamedPart, { isOfTimm }: Beside): Scheme {
  const isBare = scheme === 'official' && prefix === '' && !tensors.has('mask_token');
  return isOfTimm || (isBare && format === 'safetensors') ? 'timm' : scheme;
}

/** Undefined where it is the usual one. */
function ruleOf(scheme: Scheme, registers: number): ResizeRule | undefined {
  if (scheme === 'timm' || registers > 0) return 'antialias';
  return scheme === 'huggingface' ? 'size' : undefined;
}

/** @throws GondolaError `image-size` for an input that the patches do not tile */
function described(
  base: EncoderDescription,
  { input, pixels }: ImportOptions,
  more: Pick<EncoderDescription, 'made'>,
): EncoderDescription {
  const { mean, std } = pixels ? PIXELS[pixels] : base;
  const architecture = input === undefined ? base.architecture : { ...base.architecture, image: input };
  if (input !== undefined) gridOf(architecture, input, input);
  return {
    architecture,
    inputSize: input ?? base.inputSize,
    mean: [...mean] as Triple,
    std: [...std] as Triple,
    ...more,
  };
}

function notesOn({ format }: WeightFile, part: NamedPart, beside: Beside, { pixels }: ImportOptions): string[] {
  const { from, mean, isAnother } = beside;
  const namings = { official: 'DINO or DINOv2', timm: 'timm', huggingface: 'Hugging Face' };
  const where = part.prefix === '' ? '' : `, its part "${part.prefix.replace(/\.$/, '')}"`;
  const notes = [`A ${format} with the names of ${namings[part.scheme]}${where}.`];
  if (part.others.length > 0)
    notes.push(`Left out: ${part.others.map((other) => `"${other.replace(/\.$/, '')}"`).join(', ')}.`);
  if (from.length > 0) notes.push(`Read beside it: ${from.join(', ')}.`);
  if (isAnother)
    notes.push('The config.json beside it is of another network, or of a kind that is not read: it is left alone.');
  if (!mean && !pixels)
    notes.push('Pixels are taken as ImageNet’s (mean and deviation); say so if the network was trained with others.');
  return notes;
}

/** Of the pictures that most encoders were trained on, pixels. */
const USUAL = 224;

function remarkOnSize({ image, patch }: VitConfig, { input }: ImportOptions): string[] {
  const gain = (image / USUAL) ** 2;
  if (input !== undefined || gain < 2 || USUAL % patch !== 0) return [];
  return [
    `Its pictures are of ${image} px; with an input of ${USUAL} px it is about ${gain.toFixed(0)} times as fast.`,
  ];
}

/** Before any value is read: holes in a file, packed zeros, or one storage under many names are a few bytes that stand for any number. */
function refuseTooLarge(path: string, architecture: EncoderDescription['architecture']): void {
  const bytes = backboneParameters(architecture).reduce((sum, { shape }) => sum + 4 * size(shape), 0);
  if (bytes > MOST_BYTES) throw tooLarge(path, 'its network', bytes);
}

async function finite(path: string, tensor: StoredTensor): Promise<Float32Array> {
  const values = await tensor.values();
  if (values.length !== size(tensor.shape))
    throw new Error(`"${tensor.source}" has ${values.length} values for the shape [${tensor.shape.join(', ')}].`);
  if (!values.every(Number.isFinite))
    throw mismatch(path, `"${tensor.source}" holds values that are no finite numbers`);
  return values;
}
