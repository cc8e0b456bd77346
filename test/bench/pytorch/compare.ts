// Whole DINO steps, ours and PyTorch's, on the same start weights, crops and dropped paths.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { GondolaError } from '../../../src-main/base/errors.ts';
import { Random } from '../../../src-main/base/random.ts';
import { OnnxRuntime } from '../../../src-main/engine/onnx/runtime.ts';
import { inCache } from '../../../src-main/model/backbone.ts';
import { initialWeights, type Tensor } from '../../../src-main/model/parameters.ts';
import { vitNamed } from '../../../src-main/model/vit.ts';
import { writeSafetensors } from '../../../src-main/model/weights/safetensors.ts';
import { dropPathFactors } from '../../../src-main/pretrain/drop-path.ts';
import { Learner } from '../../../src-main/pretrain/learner.ts';
import { dino } from '../../../src-main/pretrain/objectives/dino.ts';
import { type Crops, GLOBALS, type StepSettings } from '../../../src-main/pretrain/objectives/objective.ts';
import { median, type Report } from '../bench.ts';
import { pythonWithTorch, TorchChild } from './child.ts';

const MODEL = 'vit-tiny/16';
const CROPS = { globalSize: 96, localSize: 48, locals: 4 };
const HEAD = { hidden: 2048, bottleneck: 256, prototypes: 1024 };
const BATCH = 32;
const ROUNDS = 5;
const STEPS = 2;
const TARGET = 1.3;
/** Share by which the first losses may differ: the same step in float32, summed in another order. */
const SAME = 1e-4;

const settings: StepSettings = {
  step: 0,
  learningRate: 1e-5,
  weightDecay: 0.04,
  teacherMomentum: 0.99,
  teacherTemperature: 0.04,
  lastLayerFrozen: false,
};
const options = { dropPath: 0.1, studentTemperature: 0.1, centerMomentum: 0.9, clip: 3, seed: 1 };

/** The crops are noise in memory on both sides, the same at every step: what is compared is the step alone, all of it. */
export async function againstPyTorch(report: Report, say: (sentence: string) => void): Promise<void> {
  const python = pythonWithTorch();
  if (!python) {
    say('No python3 here imports torch, so that the step is not compared with PyTorch (GONDOLA_PYTHON names another).');
    return;
  }
  const cores = availableParallelism();
  await compare(python, cores, 'pretrain against PyTorch', report);
  // Where other programs are busy, threads wait for each other, in PyTorch more than in ONNX Runtime; a single one does not.
  if (cores > 1) await compare(python, 1, 'pretrain against PyTorch, one thread', report);
}

async function compare(python: string, threads: number, bench: string, report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gondola-bench-'));
  const objective = dino({
    architecture: inCache(vitNamed(MODEL, CROPS.globalSize), threads),
    head: HEAD,
    crops: CROPS,
    dropPath: options.dropPath,
    studentTemperature: options.studentTemperature,
    centerMomentum: options.centerMomentum,
  });
  const weights = initialWeights(objective.parameters, new Random(0));
  const { seed, clip } = options;
  const learner = await Learner.create(new OnnxRuntime('cpu', { threads }), {
    objective,
    batch: BATCH,
    weights,
    seed,
    clip,
  });
  let torch: TorchChild | null = null;
  try {
    const crops = noise();
    const start = join(folder, 'start.safetensors');
    const paths = dropPathFactors(objective, BATCH, seed, 0)!;
    const rows = 2 * objective.depth;
    await writeSafetensors(
      start,
      new Map<string, Tensor>([
        ...[...weights].map(([name, tensor]) => [`weight.${name}`, tensor] as const),
        ['globals', { shape: [GLOBALS * BATCH, 3, CROPS.globalSize, CROPS.globalSize], values: crops.globals }],
        ['locals', { shape: [CROPS.locals * BATCH, 3, CROPS.localSize, CROPS.localSize], values: crops.locals }],
        ['globalPaths', { shape: [rows, GLOBALS * BATCH], values: paths.globals }],
        ['localPaths', { shape: [rows, CROPS.locals * BATCH], values: paths.locals }],
      ]),
    );
    torch = await TorchChild.start(python, sizes(threads), start);
    const [ours, theirs] = [(await learner.step(crops, settings)).loss, (await torch.take(1)).loss];
    if (!(Math.abs(ours / theirs - 1) < SAME)) {
      throw new GondolaError('bench-pytorch', `The two steps are not the same: losses ${ours} and ${theirs}.`);
    }
    const times: Record<'own' | 'torch' | 'ownProcessor' | 'torchProcessor', number[]> = {
      own: [],
      torch: [],
      ownProcessor: [],
      torchProcessor: [],
    };
    for (let round = 0; round < ROUNDS; round++) {
      const [from, processor] = [performance.now(), process.cpuUsage()];
      for (let i = 0; i < STEPS; i++) await learner.step(crops, { ...settings, step: 1 + STEPS * round + i });
      times.own.push((performance.now() - from) / 1000);
      const { user, system } = process.cpuUsage(processor);
      times.ownProcessor.push((user + system) / 1e6);
      const taken = await torch.take(STEPS);
      times.torch.push(taken.seconds);
      times.torchProcessor.push(taken.processor);
    }
    const images = STEPS * BATCH;
    const [value, reference] = [images / median(times.own), images / median(times.torch)];
    const ratio = value / reference;
    const processor = (median(times.torchProcessor) / median(times.ownProcessor)).toFixed(2);
    const { facts } = torch;
    report({
      bench,
      value,
      unit: 'images/s',
      reference,
      ratio,
      target: TARGET,
      ok: ratio >= TARGET,
      note: `DINO, ${MODEL}, ${GLOBALS} × ${CROPS.globalSize} + ${CROPS.locals} × ${CROPS.localSize} pixels in memory, batch ${BATCH}, fp32, threads each: ${threads}; PyTorch ${facts.torch} with ${facts.blas}; by processor time the ratio is ${processor}`,
    });
  } finally {
    await torch?.close();
    await learner.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What `step.py` wants to know. */
function sizes(threads: number) {
  const { dimensions, depth, heads, patch } = vitNamed(MODEL, CROPS.globalSize);
  const { learningRate, weightDecay, teacherMomentum: momentum, teacherTemperature } = settings;
  const network = { dimensions, depth, heads, patch, globalSize: CROPS.globalSize, locals: CROPS.locals, ...HEAD };
  return { ...network, ...options, learningRate, weightDecay, momentum, teacherTemperature, threads };
}

function noise(): Crops {
  const random = new Random(5);
  const values = (views: number, side: number) =>
    Float32Array.from({ length: views * BATCH * 3 * side ** 2 }, () => random.uniform(-2, 2));
  return { globals: values(GLOBALS, CROPS.globalSize), locals: values(CROPS.locals, CROPS.localSize) };
}
