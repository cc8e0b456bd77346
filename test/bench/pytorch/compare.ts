// Whole training steps, ours and PyTorch's, on the same start weights, crops and dropped paths.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { GondolaError } from '../../../src-main/base/errors.ts';
import { Random } from '../../../src-main/base/random.ts';
import { OnnxRuntime } from '../../../src-main/engine/onnx/runtime.ts';
import { inCache } from '../../../src-main/model/backbone.ts';
import { initialWeights, type Tensor, type Weights } from '../../../src-main/model/parameters.ts';
import { writeSafetensors } from '../../../src-main/model/weights/safetensors.ts';
import { dropPathFactors } from '../../../src-main/pretrain/drop-path.ts';
import { Learner } from '../../../src-main/pretrain/learner.ts';
import { type Crops, GLOBALS, type Objective } from '../../../src-main/pretrain/objectives/objective.ts';
import { median, type Report } from '../bench.ts';
import { BATCH, CROPS, clip, KINDS, type Kind, seed, settings } from './cases.ts';
import { pythonWithTorch, TorchChild } from './child.ts';

const ROUNDS = 5;
const STEPS = 2;
const TARGET = 1.3;
/** On one thread both do little but the same products. */
const TARGET_OF_ONE = 1;
/** Share by which the first losses may differ: the same step in float32, summed in another order. */
const SAME = 1e-4;

/** The crops are noise in memory on both sides, the same at every step: what is compared is the step alone, all of it. */
export async function againstPyTorch(report: Report, say: (sentence: string) => void): Promise<void> {
  const python = pythonWithTorch();
  if (!python) {
    say('No python3 here imports torch, so that the step is not compared with PyTorch (GONDOLA_PYTHON names another).');
    return;
  }
  const cores = availableParallelism();
  for (const kind of KINDS) await compare(python, kind, cores, report);
  // Where other programs are busy, threads wait for each other, in PyTorch more than in ONNX Runtime; a single one does not.
  if (cores > 1) await compare(python, KINDS[0], 1, report);
}

async function compare(python: string, kind: Kind, threads: number, report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gondola-bench-'));
  const objective = kind.objective(inCache(kind.architecture, threads));
  const weights = initialWeights(objective.parameters, new Random(0));
  const runtime = new OnnxRuntime('cpu', { threads });
  const learner = await Learner.create(runtime, { objective, batch: BATCH, weights, seed, clip });
  let torch: TorchChild | null = null;
  try {
    const crops = noise();
    const start = join(folder, 'start.safetensors');
    await writeSafetensors(start, startOf(objective, weights, crops));
    torch = await TorchChild.start(python, { ...kind.sizes, threads }, start);
    const [ours, theirs] = [(await learner.step(crops, settings)).loss, (await torch.take(1)).loss];
    if (!(Math.abs(ours / theirs - 1) < SAME)) {
      throw new GondolaError('bench-pytorch', `The two steps are not the same: losses ${ours} and ${theirs}.`);
    }
    const own: number[] = [];
    const other: number[] = [];
    const processor: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const [from, used] = [performance.now(), process.cpuUsage()];
      for (let i = 0; i < STEPS; i++) await learner.step(crops, { ...settings, step: 1 + STEPS * round + i });
      own.push((performance.now() - from) / 1000);
      const { user, system } = process.cpuUsage(used);
      const taken = await torch.take(STEPS);
      other.push(taken.seconds);
      processor.push(taken.processor / ((user + system) / 1e6));
    }
    const images = STEPS * BATCH;
    const [value, reference] = [images / median(own), images / median(other)];
    const ratio = value / reference;
    const { facts } = torch;
    const bench = `pretrain against PyTorch, ${kind.title}, threads: ${threads}`;
    const views = `${GLOBALS} × ${CROPS.globalSize} + ${CROPS.locals} × ${CROPS.localSize} pixels in memory`;
    const note = `${views}, batch ${BATCH}, fp32; PyTorch ${facts.torch} with ${facts.blas}; by processor time the ratio is ${median(processor).toFixed(2)}`;
    const target = threads > 1 ? TARGET : TARGET_OF_ONE;
    report({ bench, value, unit: 'images/s', reference, ratio, target, ok: ratio >= target, note });
  } finally {
    await torch?.close();
    await learner.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What `step.py` begins with. */
function startOf(objective: Objective, weights: Weights, crops: Crops): Map<string, Tensor> {
  const paths = dropPathFactors(objective, BATCH, seed, 0);
  const rows = 2 * objective.depth;
  const picture = (views: number, side: number, values: Float32Array) => ({
    shape: [views * BATCH, 3, side, side],
    values,
  });
  return new Map<string, Tensor>([
    ...[...weights].map(([name, tensor]) => [`weight.${name}`, tensor] as const),
    ['globals', picture(GLOBALS, CROPS.globalSize, crops.globals)],
    ['locals', picture(CROPS.locals, CROPS.localSize, crops.locals)],
    ...(paths
      ? ([
          ['globalPaths', { shape: [rows, GLOBALS * BATCH], values: paths.globals }],
          ['localPaths', { shape: [rows, CROPS.locals * BATCH], values: paths.locals }],
        ] as const)
      : []),
  ]);
}

function noise(): Crops {
  const random = new Random(5);
  const values = (views: number, side: number) =>
    Float32Array.from({ length: views * BATCH * 3 * side ** 2 }, () => random.uniform(-2, 2));
  return { globals: values(GLOBALS, CROPS.globalSize), locals: values(CROPS.locals, CROPS.localSize) };
}
