import { Random } from '../../src-main/base/random.ts';
import { openRuntime } from '../../src-main/engine/devices.ts';
import { gradients } from '../../src-main/engine/gradient.ts';
import { inOrder, input, matmul, multiply, type Node, size, sum } from '../../src-main/engine/graph.ts';
import type { Values } from '../../src-main/engine/runtime.ts';
import { Vit, vitNamed, vitParameters } from '../../src-main/model/vit.ts';
import { median, type Report } from './bench.ts';

/**
 * How much of the machine's matrix speed a training step gets: GFLOP/s of ViT-S/16 forward and backward, batch 8 at 224 pixels, beside
 * the fastest of several large products on the same runtime with the same threads: squares, and the tall ones that a ViT is made of.
 */

const batch = 8;
const pixels = 224;
/** [rows, inner, columns] */
const shapes = [
  [768, 768, 768],
  [1024, 1024, 1024],
  [2048, 2048, 2048],
  [1576, 384, 1536],
  [1576, 1536, 384],
] as const;
/** Each product is timed so often a round: it takes a fraction of a step, and its best pace is what counts. */
const repetitions = 4;
const rounds = 5;
const target = 0.75;

export async function run(report: Report): Promise<void> {
  const runtime = await openRuntime('cpu');
  const step = trainingStep();
  const stepProgram = await runtime.compile(step.outputs);
  const stepFeeds = randomFeeds(step.outputs);
  const stepResults = await stepProgram.run(stepFeeds);
  const products = await Promise.all(
    shapes.map(async ([rows, inner, columns]) => {
      const product = { c: matmul(input('a', [rows, inner]), input('b', [inner, columns])) };
      const program = await runtime.compile(product);
      const feeds = randomFeeds(product);
      const results = await program.run(feeds);
      return { operations: 2 * rows * inner * columns, program, feeds, results, seconds: [] as number[] };
    }),
  );
  const stepSeconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    stepSeconds.push(await secondsOf(() => stepProgram.run(stepFeeds, stepResults)));
    for (const { program, feeds, results, seconds } of products) {
      for (let i = 0; i < repetitions; i++) seconds.push(await secondsOf(() => program.run(feeds, results)));
    }
  }
  await Promise.all([stepProgram, ...products.map(({ program }) => program)].map((program) => program.dispose()));
  const value = step.operations / median(stepSeconds) / 1e9;
  const reference = Math.max(...products.map(({ operations, seconds }) => operations / median(seconds) / 1e9));
  const ratio = value / reference;
  report({ bench: 'engine', value, unit: 'GFLOP/s', reference, ratio, target, ok: ratio >= target });
}

/** Loss and all gradients of ViT-S/16, and the multiplications and additions inside its matrix products; nothing else is counted. */
function trainingStep(): { outputs: Record<string, Node>; operations: number } {
  const config = vitNamed('vit-small/16', pixels);
  const parameters = new Map(vitParameters(config).map(({ name, shape }) => [name, input(name, shape)]));
  const images = input('images', [batch, 3, pixels, pixels]);
  const { feature } = new Vit(config, (name) => parameters.get(name)!).pass(images);
  const loss = sum(multiply(feature, input('direction', feature.shape)));
  const backward = gradients(loss, [...parameters.values()]);
  const outputs = Object.fromEntries([...parameters.keys()].map((name, i) => [name, backward[i]]));
  return { outputs: { ...outputs, loss }, operations: operationsOf(loss, new Set(parameters.values())) };
}

/** Forward, and backward once for each factor of a product that leads to a parameter. */
function operationsOf(loss: Node, parameters: ReadonlySet<Node>): number {
  const trained = new Set<Node>(parameters);
  let operations = 0;
  for (const node of inOrder([loss])) {
    const leading = node.inputs.filter((factor) => trained.has(factor));
    if (leading.length > 0) trained.add(node);
    if (node.operator.kind !== 'matmul') continue;
    const inner = node.inputs[0].shape[node.inputs[0].shape.length - 1];
    operations += 2 * size(node.shape) * inner * (1 + leading.length);
  }
  return operations;
}

function randomFeeds(outputs: Record<string, Node>): Values {
  const random = new Random(1);
  const feeds: Values = {};
  for (const { operator, shape } of inOrder(Object.values(outputs))) {
    if (operator.kind !== 'input') continue;
    feeds[operator.name] = Float32Array.from({ length: size(shape) }, () => random.uniform(-0.05, 0.05));
  }
  return feeds;
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
