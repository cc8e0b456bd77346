/**
 * The defaults of a training, each with the reason that the user reads. A pure function of the circumstances: what the machine is, how
 * many product regions there are, how much time is given. Every choice is a row of a table here, and every one gives way to a
 * wish. After lightly-train's settings by image count, DINO's author on small data (dino#43), and trials on grocery photos.
 */
import { GondolaError } from '../base/errors.ts';
import { vitNamed } from '../model/vit.ts';
import { type CropPreset, cropRecipe } from '../vision/crops.ts';
import type { Initialisation, Length, Plan, Recipe } from './config.ts';
import { gigaflopsPerImage } from './cost.ts';

/** What the choice depends on. */
export interface Circumstances {
  readonly pictures: number;
  /** CPU cores. */
  readonly cores: number;
  readonly device: string;
}

/** What the user asked for; the rest is chosen. */
export interface Wishes {
  readonly model?: string;
  readonly image?: number;
  readonly local?: number;
  readonly locals?: number;
  readonly epochs?: number;
  readonly steps?: number;
  readonly minutes?: number;
  readonly batch?: number;
  readonly preset?: CropPreset;
  readonly seed?: number;
  readonly prototypes?: number;
  readonly learningRate?: number;
  /** A weight file to go on from. */
  readonly from?: string;
}

/** One decision, as it is printed. */
export interface Choice {
  readonly setting: string;
  readonly value: string;
  readonly reason: string;
}

/** Networks and crops, the most demanding first. */
const SIZES = [
  { model: 'vit-small/16', image: 224, local: 96, locals: 8 },
  { model: 'vit-tiny/16', image: 224, local: 96, locals: 8 },
  { model: 'vit-tiny/16', image: 160, local: 64, locals: 6 },
  { model: 'vit-tiny/16', image: 96, local: 48, locals: 4 },
] as const;

/** A size is affordable when every picture is seen this often in the time there is. */
const ENOUGH_EPOCHS = 60;
/** More passes than this bring nothing, however much time is given. */
const MOST_EPOCHS = 800;
const DEFAULT_MINUTES = 60;
/** Minutes to suggest for so many pictures, on a machine without an accelerator: about where a first useful result is. */
const SUGGESTED_MINUTES = [
  { upTo: 300, minutes: 10 },
  { upTo: 3000, minutes: 30 },
  { upTo: 20_000, minutes: 60 },
  { upTo: Number.POSITIVE_INFINITY, minutes: 240 },
];
/** GFLOP/s that a step reaches, about: measured on CPUs, cautious for graphics cards. Only chooses a size; steps are timed. */
const SPEED_PER_CORE = 55;
const SPEED_OF_ACCELERATOR = 4000;

/** Of the answers of the first layer's filters, as large as a random layer's on photos. */
const PATCH_DEVIATION = 0.5;

const PROTOTYPES = [
  { upTo: 20_000, prototypes: 1024 },
  { upTo: 50_000, prototypes: 2048 },
  { upTo: 100_000, prototypes: 4096 },
  { upTo: Number.POSITIVE_INFINITY, prototypes: 65_536 },
];

const BATCHES = [
  { upTo: 300, batch: 16 },
  { upTo: 20_000, batch: 32 },
  { upTo: Number.POSITIVE_INFINITY, batch: 64 },
];

/** Up to here pictures count as few: a sharper teacher that moves faster. */
const FEW = 20_000;

const row = <Row extends { upTo: number }>(table: readonly Row[], pictures: number): Row =>
  table.find(({ upTo }) => pictures <= upTo)!;

const thousands = (count: number): string => count.toLocaleString('en-US');

/**
 * The whole configuration of a run, and why.
 * @throws GondolaError `pretrain-wishes` for wishes that contradict each other, `model-unknown`, `image-size`
 */
export function chooseRecipe(circumstances: Circumstances, wishes: Wishes): { recipe: Recipe; choices: Choice[] } {
  const lengths = (['minutes', 'epochs', 'steps'] as const).filter((kind) => wishes[kind] !== undefined);
  if (lengths.length > 1) {
    throw new GondolaError('pretrain-wishes', `Both ${lengths[1]} and ${lengths[0]} were given.`, 'Give one of them.');
  }
  const { pictures, device } = circumstances;
  const choices: Choice[] = [];
  const choose = <Value>(setting: string, wish: Value | undefined, value: Value, reason: string): Value => {
    const chosen = wish ?? value;
    choices.push({ setting, value: String(chosen), reason: wish === undefined ? reason : 'as you asked' });
    return chosen;
  };

  const length = chooseLength(wishes, choices);
  const preset = choose<CropPreset>(
    'preset',
    wishes.preset,
    'products',
    'colour and printed text tell flavours apart, so crops keep their hue and are never mirrored, grayed or solarised',
  );
  const size = chooseSize(circumstances, wishes, length);
  choose('model', wishes.model, size.model, size.reason);
  choose('image', wishes.image, size.image, 'pixels of a global crop; goes with the model');
  choose('local', wishes.local, size.local, 'pixels of a local crop; about half of a global one');
  choose(
    'locals',
    wishes.locals,
    size.locals,
    'local crops an image; each costs little and teaches parts to match wholes',
  );

  const few = pictures <= FEW;
  const prototypes = choose(
    'prototypes',
    wishes.prototypes,
    row(PROTOTYPES, pictures).prototypes,
    `enough for ${thousands(pictures)} pictures; more would stay empty`,
  );
  const wantedBatch = choose(
    'batch',
    wishes.batch,
    row(BATCHES, pictures).batch,
    `many small steps learn more from ${thousands(pictures)} pictures than few large ones`,
  );
  const batch = Math.min(wantedBatch, pictures);
  if (batch < wantedBatch) {
    choices.push({ setting: 'batch', value: String(batch), reason: 'there are no more pictures than that' });
  }
  const learningRate = choose(
    'learning rate',
    wishes.learningRate,
    round(5e-4 * Math.sqrt(batch / 256)),
    '5e-4 at a batch of 256, smaller with the square root of the batch',
  );
  const temperature: readonly [number, number] = few ? [0.02, 0.04] : [0.04, 0.07];
  choices.push({
    setting: 'teacher temperature',
    value: temperature.join(' → '),
    reason: few
      ? 'few pictures need a sharper teacher, or it stays undecided between prototypes'
      : 'the official values',
  });
  const initialisation: Initialisation = wishes.from
    ? { kind: 'encoder', file: wishes.from }
    : { kind: 'principal-components', deviation: PATCH_DEVIATION };
  choices.push({
    setting: 'start',
    value: wishes.from ?? 'principal components',
    reason: wishes.from
      ? 'as you asked'
      : 'the first layer starts with what varies between patches of these photos, which a short training has no time to find',
  });
  const dropPath = size.epochs >= ENOUGH_EPOCHS ? 0.1 : 0;
  choices.push({
    setting: 'drop path',
    value: String(dropPath),
    reason: dropPath > 0 ? 'the official value' : 'so few passes have nothing to overfit',
  });
  const seed = choose('seed', wishes.seed, 0, 'the same seed repeats the run');

  const recipe: Recipe = {
    seed,
    device,
    model: size.model,
    crops: cropRecipe(preset, size.image, size.local, size.locals),
    head: { hidden: 2048, bottleneck: 256, prototypes },
    batch,
    length,
    initialisation,
    learningRate,
    finalLearningRate: 1e-6,
    weightDecay: [0.04, 0.4],
    momentum: few ? 0.99 : 0.996,
    teacherTemperature: temperature,
    studentTemperature: 0.1,
    centerMomentum: 0.9,
    dropPath,
    clip: 3,
  };
  return { recipe, choices };
}

function chooseLength(wishes: Wishes, choices: Choice[]): Length {
  if (wishes.epochs !== undefined) {
    choices.push({ setting: 'epochs', value: String(wishes.epochs), reason: 'as you asked' });
    return { kind: 'epochs', epochs: wishes.epochs };
  }
  if (wishes.steps !== undefined) {
    choices.push({ setting: 'steps', value: String(wishes.steps), reason: 'as you asked' });
    return { kind: 'steps', steps: wishes.steps };
  }
  const minutes = wishes.minutes ?? DEFAULT_MINUTES;
  choices.push({
    setting: 'minutes',
    value: String(minutes),
    reason: wishes.minutes === undefined ? 'a first useful result; longer is better' : 'as you asked',
  });
  return { kind: 'minutes', minutes };
}

/** The most demanding size, wishes included, that sees every picture often enough in the time; else the least demanding. */
function chooseSize({ pictures, cores, device }: Circumstances, wishes: Wishes, length: Length) {
  const speed = device === 'cpu' ? SPEED_PER_CORE * cores : SPEED_OF_ACCELERATOR;
  const seconds = 60 * (length.kind === 'minutes' ? length.minutes : DEFAULT_MINUTES);
  const candidates = SIZES.map((size) => fitted({ ...size, ...wanted(wishes) }, wishes)).map((size) => {
    const epochs = (seconds * speed) / (gigaflopsPerImage(size) * pictures);
    return { ...size, epochs };
  });
  const affordable = candidates.find(({ epochs }) => epochs >= ENOUGH_EPOCHS);
  const chosen = affordable ?? candidates[candidates.length - 1];
  const passes = chosen.epochs >= 10 ? chosen.epochs.toFixed(0) : chosen.epochs.toFixed(1);
  const where = device === 'cpu' ? `${cores} cores` : device;
  const time = `${Number((seconds / 60).toPrecision(2))} minutes on ${where}`;
  const reason = affordable
    ? `the largest that sees each of ${thousands(pictures)} pictures ${ENOUGH_EPOCHS} times or more in ${time}`
    : `the smallest, since ${time} usually allow about ${passes} passes over ${thousands(pictures)} pictures, and many passes matter more than size`;
  return { ...chosen, reason };
}

function wanted({ model, image, local, locals }: Wishes) {
  const given = { model, image, local, locals };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [Key in keyof typeof given]?: NonNullable<(typeof given)[Key]>;
  };
}

/** Sizes that nobody wished for are rounded to what the patch divides; a local crop follows a wished global one. */
function fitted<Size extends { model: string; image: number; local: number }>(size: Size, wishes: Wishes): Size {
  const patch = Number(/\/(\d+)$/.exec(size.model)?.[1] ?? 16);
  const multiple = (side: number) => Math.max(patch, Math.round(side / patch) * patch);
  const image = wishes.image ?? multiple(size.image);
  const local = wishes.local ?? multiple(Math.min(size.local, image / 2));
  vitNamed(size.model, image);
  vitNamed(size.model, local);
  return { ...size, image, local };
}

/** How long a first training of so many pictures had better be. */
export function suggestedMinutes(pictures: number): number {
  return row(SUGGESTED_MINUTES, pictures).minutes;
}

/** The most steps that a run of so many pictures is worth. */
export function mostSteps(stepsPerEpoch: number): number {
  return MOST_EPOCHS * stepsPerEpoch;
}

/**
 * The numbers that depend on the length of the run. Warm-ups are shares of it, so that a short run still ends with most of its
 * steps at work, and 1 ÷ (1 − momentum), the steps that the teacher looks back over, stays far below it.
 */
export function planOf(recipe: Recipe, steps: number, stepsPerEpoch: number): Plan {
  return {
    steps,
    stepsPerEpoch,
    warmupSteps: Math.min(10 * stepsPerEpoch, Math.ceil(0.1 * steps)),
    frozenSteps: Math.min(stepsPerEpoch, 1250, Math.ceil(0.05 * steps)),
    temperatureSteps: Math.min(30 * stepsPerEpoch, Math.ceil(0.3 * steps)),
    momentum: Math.max(0.9, Math.min(recipe.momentum, 1 - 20 / steps)),
  };
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
