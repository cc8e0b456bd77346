/**
 * A network's parameters: what they are called, their shapes, how they start, and their values by name. The names are those
 * of facebookresearch/dino, so that checkpoints travel both ways.
 */
import { GondolaError } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import { constant, input, type Node, type Shape, size } from '../engine/graph.ts';

/** A value outside the graph: float32, row-major. */
export interface Tensor {
  readonly shape: Shape;
  readonly values: Float32Array;
}

/** Tensors by name, in the network's order. */
export type Weights = ReadonlyMap<string, Tensor>;

/** How a parameter starts before training. */
export type Initial =
  | { readonly kind: 'constant'; readonly value: number }
  /** Normal with mean 0; the official truncation at ±2 lies a hundred deviations out and never bites. */
  | { readonly kind: 'normal'; readonly deviation: number }
  /** Uniform in ±bound, PyTorch's default for layers that the official initialisation leaves alone. */
  | { readonly kind: 'uniform'; readonly bound: number };

/** A tensor's name and shape. */
export interface Slot {
  readonly name: string;
  readonly shape: Shape;
}

export interface Parameter extends Slot {
  readonly initial: Initial;
  /** A frozen parameter is part of the checkpoint and of the graph, but receives no gradient. */
  readonly frozen?: boolean;
}

/** Where a network finds its parameters in the graph, by name. */
export type Lookup = (name: string) => Node;

/** Fresh values for all parameters, drawn in their order: the same generator state gives the same network. */
export function initialWeights(parameters: readonly Parameter[], random: Random): Map<string, Tensor> {
  return new Map(
    parameters.map(({ name, shape, initial }) => {
      const values = new Float32Array(size(shape));
      if (initial.kind === 'constant') values.fill(initial.value);
      else if (initial.kind === 'normal')
        for (let i = 0; i < values.length; i++) values[i] = random.normal() * initial.deviation;
      else for (let i = 0; i < values.length; i++) values[i] = random.uniform(-initial.bound, initial.bound);
      return [name, { shape, values }];
    }),
  );
}

/** The same values in memory of their own. */
export function copiedWeights(weights: Weights): Map<string, Tensor> {
  return new Map([...weights].map(([name, { shape, values }]) => [name, { shape, values: values.slice() }]));
}

/**
 * Picks the network's parameters out of `weights` (tensors that the network does not know are left out).
 * @param source names the file or run in the error
 * @throws GondolaError `weights-mismatch` when one is missing or of another shape
 */
export function selectWeights(parameters: readonly Slot[], weights: Weights, source: string): Map<string, Tensor> {
  return new Map(
    parameters.map(({ name, shape }) => {
      const tensor = weights.get(name);
      if (!tensor || tensor.shape.join() !== shape.join()) {
        const found = tensor ? `has it as [${tensor.shape.join(', ')}]` : 'does not have it';
        throw new GondolaError(
          'weights-mismatch',
          `${source}: the model needs "${name}" as [${shape.join(', ')}], and the file ${found}.`,
          'The weights belong to another architecture; use the .json that was written beside them.',
        );
      }
      return [name, tensor];
    }),
  );
}

/** Parameters as graph inputs named `prefix + name`, to be fed at every run: for networks that change. */
export function inputLookup(parameters: readonly Slot[], prefix: string): Lookup {
  const nodes = new Map(parameters.map(({ name, shape }) => [name, input(prefix + name, shape)]));
  return (name) => known(nodes.get(name), name);
}

/** Parameters baked into the program, which lets the runtime prepare them: for networks at rest. */
export function constantLookup(weights: Weights): Lookup {
  const nodes = new Map<string, Node>();
  return (name) => {
    const existing = nodes.get(name);
    if (existing) return existing;
    const { values, shape } = known(weights.get(name), name);
    const made = constant(values, shape);
    nodes.set(name, made);
    return made;
  };
}

/** A look-up among names that get a prefix first, as for one part of a larger network. */
export function within(lookup: Lookup, prefix: string): Lookup {
  return (name) => lookup(prefix + name);
}

/** The same parameters under a prefix, as a larger network lists its parts. */
export function prefixed(parameters: readonly Parameter[], prefix: string): Parameter[] {
  return parameters.map((parameter) => ({ ...parameter, name: prefix + parameter.name }));
}

/** The tensors whose name starts with `prefix`, without it. */
export function withoutPrefix(weights: Weights, prefix: string): Map<string, Tensor> {
  return new Map(
    [...weights]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
}

function known<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`The network has no parameter "${name}".`);
  return value;
}
