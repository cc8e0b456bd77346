/** An encoder for other programs: as safetensors in the official names, or as an ONNX model that takes pixels as they come out of a decoder. */
import { writeFileAtomically } from '../../base/files.ts';
import { input, size } from '../../engine/graph.ts';
import { BATCH, forAnyBatch } from '../../engine/onnx/any-batch.ts';
import { modelPieces } from '../../engine/onnx/model-file.ts';
import {
  attributeType,
  dataType,
  decodeModel,
  type ModelProto,
  type NodeProto,
  type TensorProto,
} from '../../engine/onnx/schema.ts';
import { writeOnnx } from '../../engine/onnx/writer.ts';
import { backbone, backboneParameters, carriedParameters, embeddingWidth } from '../backbone.ts';
import type { EncoderDescription } from '../encoder.ts';
import { inputLookup, selectWeights, type Tensor, type Weights } from '../parameters.ts';
import { writeSafetensors } from './safetensors.ts';

export const EXPORT_FORMATS = ['safetensors', 'onnx'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** TensorProto.DataType of bytes. */
const UINT8 = 2;
/** What the network's graph calls its pictures, normalised. */
const IMAGES = 'images';
const PIXELS = 'pixels';
const FEATURE = 'feature';

/** How a picture becomes what the encoder takes, for whoever computes it elsewhere; it lies beside the weights and in them. */
export function preprocessingOf({ inputSize, mean, std }: EncoderDescription) {
  return {
    colours: 'RGB',
    resize: { width: inputSize, height: inputSize, keepAspect: false, crop: 'none', filter: 'bicubic, antialiased' },
    scale: 1 / 255,
    mean,
    std,
  };
}

/** Where the description of an exported file lies. Each format has its own, so that both can lie in one folder. */
export function besideOf(path: string): string {
  return path.endsWith('.onnx') ? `${path}.json` : path.replace(/\.safetensors$/, '.json');
}

/**
 * Writes FILE and, beside it, a .json with the architecture and the preprocessing; each atomically.
 * @param path of the weights
 * @throws GondolaError `weights-mismatch`
 */
export async function exportEncoder(
  path: string,
  format: ExportFormat,
  description: EncoderDescription,
  weights: Weights,
): Promise<void> {
  const own = selectWeights(backboneParameters(description.architecture), weights, path);
  const metadata = {
    format: 'pt',
    gondola: JSON.stringify(description),
    preprocessing: JSON.stringify(preprocessingOf(description)),
  };
  if (format === 'safetensors') await writeSafetensors(path, official(description, own, weights), metadata);
  else {
    const values = [...own].map(([name, { shape, values }]) => tensor(name, shape, values));
    await writeFileAtomically(path, modelPieces(encoderModel(description, own, metadata), values));
  }
  const beside = {
    ...description,
    preprocessing: preprocessingOf(description),
    ...(format === 'onnx' ? { onnx: signature(description) } : {}),
  };
  await writeFileAtomically(besideOf(path), `${JSON.stringify(beside, null, 2)}\n`);
}

/** All that the official network has, in its order: the tokens first. What was never there is zero, as at the start of its training. */
function official({ architecture }: EncoderDescription, own: Weights, weights: Weights): Weights {
  const carried = carriedParameters(architecture).map(({ name, shape }): [string, Tensor] => [
    name,
    weights.get(name) ?? { shape, values: new Float32Array(size(shape)) },
  ]);
  const isInside = ([name]: [string, Tensor]) => name.includes('.');
  const all = [...own];
  return new Map([...all.filter((each) => !isInside(each)), ...carried, ...all.filter(isInside)]);
}

/** What goes into the ONNX model and what comes out. */
function signature({ inputSize, architecture }: EncoderDescription) {
  return {
    input: { name: PIXELS, type: 'uint8', shape: [BATCH, inputSize, inputSize, 3] },
    output: { name: FEATURE, type: 'float32', shape: [BATCH, embeddingWidth(architecture)] },
  };
}

/** Pixels [n, side, side, 3] of 0 … 255 → feature [n, `embeddingWidth`]; all but the values of the parameters, which it refers to by their names. */
function encoderModel(description: EncoderDescription, weights: Weights, metadata: Record<string, string>): ModelProto {
  const { architecture, inputSize, mean, std } = description;
  const lookup = () =>
    inputLookup(
      [...weights].map(([name, { shape }]) => ({ name, shape })),
      '',
    );
  const written = (n: number): ModelProto => {
    const images = input(IMAGES, [n, 3, inputSize, inputSize]);
    const { embedding } = backbone(architecture, lookup()).pass(images);
    return decodeModel(writeOnnx({ [FEATURE]: embedding }, { metadata }).bytes);
  };
  const model = forAnyBatch([written(2), written(3)], [2, 3], IMAGES);
  const perColour = (name: string, values: readonly number[]): TensorProto =>
    tensor(name, [1, 3, 1, 1], Float32Array.from(values));
  const normalise: NodeProto[] = [
    {
      opType: 'Cast',
      input: [PIXELS],
      output: ['pixels.float'],
      attribute: [{ name: 'to', type: attributeType.int, i: dataType.float }],
    },
    {
      opType: 'Transpose',
      input: ['pixels.float'],
      output: ['pixels.planes'],
      attribute: [{ name: 'perm', type: attributeType.ints, ints: [0, 3, 1, 2] }],
    },
    { opType: 'Mul', input: ['pixels.planes', 'pixels.scale'], output: ['pixels.scaled'] },
    { opType: 'Add', input: ['pixels.scaled', 'pixels.shift'], output: [IMAGES] },
  ];
  const graph = model.graph!;
  const dim = [{ dimParam: BATCH }, { dimValue: inputSize }, { dimValue: inputSize }, { dimValue: 3 }];
  return {
    ...model,
    graph: {
      ...graph,
      node: [...normalise, ...graph.node!],
      input: [{ name: PIXELS, type: { tensorType: { elemType: UINT8, shape: { dim } } } }],
      initializer: [
        perColour(
          'pixels.scale',
          std.map((deviation) => 1 / (255 * deviation)),
        ),
        perColour(
          'pixels.shift',
          std.map((deviation, colour) => -mean[colour] / deviation),
        ),
        ...graph.initializer!,
      ],
    },
  };
}

function tensor(name: string, shape: readonly number[], values: Float32Array): TensorProto {
  const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { name, dims: [...shape], dataType: dataType.float, rawData };
}
