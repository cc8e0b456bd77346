/** What a training would be and cost, told before it is started. */
import { statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { OutputOf, ParsedInputOf } from '../../contract/call.ts';
import type { trainingCalls } from '../../contract/training.ts';
import { devices } from '../../engine/devices.ts';
import { size } from '../../engine/graph.ts';
import { VIT_NAMES } from '../../model/vit.ts';
import type { Choice } from '../../pretrain/choice.ts';
import { objectiveNameOf, objectiveOf, pictureSide, type Recipe } from '../../pretrain/config.ts';
import { gigaflopsPerImage } from '../../pretrain/cost.ts';
import { imagesInMemory, weightBytes } from '../../pretrain/memory.ts';
import { objectives } from '../../pretrain/objectives/objectives.ts';
import { cacheKey, readIndex } from '../../pretrain/pictures/cache.ts';
import { inStableOrder, keptSize, type PictureSource } from '../../pretrain/pictures/source.ts';
import { chooseRecipe, mostSteps, suggestedMinutes } from '../../pretrain/recipe.ts';
import { stepsWithin } from '../../pretrain/trainer/planning.ts';
import type { Database } from '../../store/database.ts';
import type { Workspace } from '../../store/workspace.ts';
import { sourcesToTrainOn } from './sources.ts';
import { costOf, expectedSpeed, type Speed } from './speeds.ts';

type Asked = ParsedInputOf<(typeof trainingCalls)['training.choices']>;
type Estimate = OutputOf<(typeof trainingCalls)['training.estimate']>;

/** What the process takes beside the training step: Node, the runtime, the workers that draw crops. */
const BASE_MEMORY = 0.5e9;
/** Student, teacher and two moments. */
const COPIES_IN_A_CHECKPOINT = 4;
/** Seconds that a planned run keeps free for its ends: looks, checkpoints, the encoder. */
const FINISHING = 5;
/** Fewer passes over the photos hardly teach anything. */
const FEW_EPOCHS = 3;

/** The recipe for the workspace's pictures. @throws GondolaError `pretrain-empty` and those of `chooseRecipe` */
export function recipeFor(
  database: Database,
  { wishes, device }: Asked,
): { recipe: Recipe; choices: Choice[]; sources: PictureSource[] } {
  const sources = sourcesToTrainOn(database);
  const circumstances = { pictures: sources.length, cores: availableParallelism(), device };
  return { ...chooseRecipe(circumstances, wishes), sources };
}

export function trainingChoices(
  { database }: Workspace,
  asked: Asked,
): OutputOf<(typeof trainingCalls)['training.choices']> {
  const { recipe, choices, sources } = recipeFor(database, asked);
  const { model, crops, batch, head, learningRate, seed, length } = recipe;
  return {
    pictures: sources.length,
    choices,
    settings: {
      objective: objectiveNameOf(recipe),
      koleo: recipe.koleo ?? 0,
      ibot: recipe.ibot ?? 0,
      teacher: recipe.teacher?.file ?? null,
      ...{ ...costOf(recipe), model, preset: crops.preset, batch, prototypes: head.prototypes, learningRate, seed },
      minutes: length.kind === 'minutes' ? length.minutes : null,
      epochs: length.kind === 'epochs' ? length.epochs : null,
      steps: length.kind === 'steps' ? length.steps : null,
    },
    objectives: objectives.map(({ build: _, ...objective }) => objective),
    models: [...VIT_NAMES],
    devices: [...devices],
    suggestedMinutes: suggestedMinutes(sources.length),
  };
}

export async function estimateTraining(workspace: Workspace, asked: Asked): Promise<Estimate> {
  const { recipe, sources } = recipeFor(workspace.database, asked);
  const { batch } = recipe;
  const expected = expectedSpeed(workspace.database, recipe);
  const stepsPerEpoch = Math.max(1, Math.floor(sources.length / batch));
  const steps = plannedSteps(recipe, stepsPerEpoch, expected?.imagesPerSecond ?? null);
  const [memory, disk] = [memoryOf(recipe), await diskOf(workspace, recipe, sources)];
  const estimate = {
    gigaflopsPerImage: gigaflopsPerImage(costOf(recipe)),
    speed: expected && {
      imagesPerSecond: expected.imagesPerSecond,
      source: sourceOf(expected.seen, expected.exact),
      exact: expected.exact,
    },
    stepsPerEpoch,
    steps,
    epochs: steps === null ? null : steps / stepsPerEpoch,
    seconds: secondsOf(recipe, steps, expected?.imagesPerSecond ?? null, stepsPerEpoch),
    memory: { needed: memory, available: process.availableMemory() },
    disk,
  };
  return { ...estimate, remarks: remarksOn(estimate) };
}

function plannedSteps({ length, batch }: Recipe, stepsPerEpoch: number, speed: number | null): number | null {
  if (length.kind === 'epochs') return length.epochs * stepsPerEpoch;
  if (length.kind === 'steps') return length.steps;
  if (speed === null) return null;
  return Math.min(mostSteps(stepsPerEpoch), stepsWithin(60 * length.minutes, batch / speed, FINISHING));
}

/** A run for a time takes that time, unless more passes than are worth it fit in. */
function secondsOf(
  { length, batch }: Recipe,
  steps: number | null,
  speed: number | null,
  stepsPerEpoch: number,
): number | null {
  if (length.kind === 'minutes' && (steps === null || steps < mostSteps(stepsPerEpoch))) return 60 * length.minutes;
  return steps === null || speed === null ? null : (steps * batch) / speed;
}

function memoryOf(recipe: Recipe): number {
  const objective = objectiveOf(recipe);
  const images = Math.min(recipe.batch, recipe.microBatch ?? imagesInMemory(objective));
  return BASE_MEMORY + weightBytes(objective) + images * objective.bytesAnImage;
}

async function diskOf(
  workspace: Workspace,
  recipe: Recipe,
  sources: readonly PictureSource[],
): Promise<Estimate['disk']> {
  const objective = objectiveOf(recipe);
  const bytes = (parameters: readonly { shape: readonly number[] }[]) =>
    parameters.reduce((sum, { shape }) => sum + 4 * size(shape), 0);
  // It goes into the checkpoint, so that its file is no longer needed.
  const fixed = objective.teacher === 'fixed' ? bytes(objective.teacherParameters) : 0;
  const folder = workspace.path('cache');
  const side = pictureSide(recipe);
  const index = await readIndex(folder, cacheKey(inStableOrder(sources), side));
  const pictures = sources.reduce((sum, { box }) => {
    const { width, height } = keptSize(box, side);
    return sum + 3 * width * height;
  }, 0);
  const { bavail, bsize } = await statfs(folder);
  return {
    pictures: index ? 0 : pictures,
    checkpoint: COPIES_IN_A_CHECKPOINT * bytes(objective.parameters) + fixed,
    encoder: bytes(objective.parameters.filter(({ name }) => name.startsWith('backbone.'))),
    free: bavail * bsize,
  };
}

function sourceOf({ run, model, image, device, at }: Speed, exact: boolean): string {
  const day = at.slice(0, 10);
  const who = run === null ? `Measured on ${device}` : `As fast as ${run} went`;
  return exact
    ? `${who} with these settings on ${day}.`
    : `${who} with ${model} at ${image} pixels on ${day}, converted.`;
}

function remarksOn({ epochs, memory, disk }: Omit<Estimate, 'remarks'>): string[] {
  const gigabytes = (value: number) => `${(value / 1e9).toFixed(1)} GB`;
  const remarks: string[] = [];
  if (epochs !== null && epochs < FEW_EPOCHS) {
    remarks.push(
      `Each photo would be seen about ${epochs.toFixed(1)} times, which teaches little: give it more time, or choose a smaller model or smaller crops.`,
    );
  }
  if (memory.needed > memory.available) {
    remarks.push(
      `It needs about ${gigabytes(memory.needed)} of memory, and ${gigabytes(memory.available)} are free: close other programs, or choose a smaller model.`,
    );
  }
  const needed = disk.pictures + 2 * disk.checkpoint + disk.encoder;
  if (needed > disk.free) {
    remarks.push(
      `It needs about ${gigabytes(needed)} on the disk of the workspace, which has ${gigabytes(disk.free)} free: free some space first.`,
    );
  }
  return remarks;
}
