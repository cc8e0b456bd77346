/**
 * The defaults of a training, each with the reason that the user reads. A pure function of the circumstances: what the machine is, how
 * many product regions there are, how much time is given. The numbers are in `defaults.ts`; every one gives way to a wish.
 */
import { GondolaError } from '../base/errors.ts';
import { vitNamed } from '../model/vit.ts';
import { type CropPreset, cropRecipe } from '../vision/crops.ts';
import { AS_ASKED, type Choice, type Choose } from './choice.ts';
import type { Plan, Recipe } from './config.ts';
import {
  BY_OBJECTIVE,
  BY_PICTURES,
  MOST_EPOCHS,
  type Optimisation,
  rowFor,
  type Settings,
  SUGGESTED_MINUTES,
} from './defaults.ts';
import { chooseEnding, chooseLength } from './length-choice.ts';
import { chooseObjective, heeded } from './objective-choice.ts';
import type { ObjectiveName } from './objectives/objective.ts';
import { OBJECTIVES } from './objectives/objectives.ts';
import { type Circumstances, chooseSize, settingsOfRow } from './size-choice.ts';
import { chooseStart } from './start-choice.ts';

/** What the user asked for; the rest is chosen. */
export interface Wishes {
  readonly objective?: ObjectiveName;
  /** Weights of DINO's options; 0: without. */
  readonly koleo?: number;
  readonly ibot?: number;
  /** Distillation: the weight file of the encoder to learn from. */
  readonly teacher?: string;
  readonly model?: string;
  readonly image?: number;
  readonly local?: number;
  readonly locals?: number;
  readonly epochs?: number;
  readonly steps?: number;
  readonly minutes?: number;
  readonly batch?: number;
  readonly microBatch?: number;
  readonly preset?: CropPreset;
  readonly seed?: number;
  readonly prototypes?: number;
  /** `find`: whoever trains looks for it first, and asks again with the number. */
  readonly learningRate?: number | 'find';
  /** At the start, and at the end. */
  readonly weightDecay?: number;
  readonly weightDecayEnd?: number;
  readonly momentum?: number;
  /** The teacher's at the start, and from the end of its warm-up on. */
  readonly warmupTemperature?: number;
  readonly teacherTemperature?: number;
  readonly dropPath?: number;
  readonly clip?: number;
  /** Looks without a better kNN accuracy after which the run ends; 0: never. */
  readonly patience?: number;
  readonly onCollapse?: 'warn' | 'stop';
  /** What stands for a picture when the encoder is used: its class token alone, or beside it the mean of its patches, seen larger. */
  readonly embedding?: 'class' | 'patches';
  /** Of the first layer: at random, or the photos' own principal components. */
  readonly start?: 'random' | 'components';
  /** How attention starts: at random, or as it looks after a training (Trockman and Kolter 2023). */
  readonly attention?: 'random' | 'mimetic';
  /** A weight file to go on from, with the network that it holds as `model`. */
  readonly from?: string;
  /** Steps for which its encoder keeps still. */
  readonly frozen?: number;
}

const thousands = (count: number): string => count.toLocaleString('en-US');

/**
 * The whole configuration of a run, and why.
 * @throws GondolaError `pretrain-wishes` for wishes that contradict each other, `model-unknown`, `image-size`
 */
export function chooseRecipe(circumstances: Circumstances, wishes: Wishes): { recipe: Recipe; choices: Choice[] } {
  const { pictures, device } = circumstances;
  const choices: Choice[] = [];
  const choose: Choose = (setting, wish, value, reason) => {
    const chosen = wish ?? value;
    choices.push({ setting, value: String(chosen), reason: wish === undefined ? reason : AS_ASKED });
    return chosen;
  };
  const length = chooseLength(wishes, choices);
  const size = chooseSize(circumstances, wishes, length);
  const objective = chooseObjective(wishes, size.objective, pictures, choose);
  const preset = choose<CropPreset>(
    'preset',
    wishes.preset,
    'products',
    'colour and printed text tell flavours apart, so crops keep their hue and are never mirrored, grayed or solarised',
  );
  if (wishes.from) choose('model', undefined, size.model, 'the network of the weights that it goes on from');
  else choose('model', wishes.model, size.model, size.reason);
  choose('image', wishes.image, size.image, 'pixels of a global crop; goes with the model');
  choose('local', wishes.local, size.local, 'pixels of a local crop; about half of a global one');
  choose(
    'locals',
    wishes.locals,
    size.locals,
    'local crops an image; each costs little and teaches parts to match wholes',
  );
  const settings = {
    ...rowFor(BY_PICTURES, pictures),
    ...BY_OBJECTIVE[size.objective],
    ...settingsOfRow(size.row),
  };
  const prototypes = choose(
    'prototypes',
    wishes.prototypes,
    settings.prototypes,
    `enough for ${thousands(pictures)} pictures; more would stay empty`,
  );
  const batch = chooseBatch(pictures, wishes, settings.batch, choose, choices);
  if (batch.batch < 2) refuseSingle(size.objective, pictures);
  const recipe: Recipe = {
    ...objective,
    device,
    model: size.model,
    crops: cropRecipe(preset, size.image, size.local, size.locals),
    ...chooseEmbedding(wishes, size, choose),
    head: { hidden: 2048, bottleneck: 256, prototypes },
    length,
    ...batch,
    ...chooseOptimisation(batch.batch, wishes, settings, choose),
    teacherTemperature: chooseTemperature(wishes, settings.teacherTemperature, choices),
    studentTemperature: 0.1,
    centerMomentum: 0.9,
    centerFromFirst: true,
    ...chooseStart(wishes, BY_OBJECTIVE[size.objective].attention ?? size.row.attention, choose, choices),
    dropPath: choose(
      'drop path',
      wishes.dropPath,
      size.row.dropPath,
      size.row.dropPath > 0
        ? 'the official value; leaves out branches of the student at random, against overfitting'
        : 'so few passes have nothing to overfit',
    ),
    ...chooseEnding(wishes, length, choose),
    seed: choose('seed', wishes.seed, 0, 'the same seed repeats the run'),
  };
  return { recipe, choices: heeded(choices, size.objective) };
}

/** Blocks whose patches an embedding is read from, too, and how much larger than a global crop its picture is. */
const READ_BLOCKS = 1;
const SEEN_LARGER = 1.5;

function chooseEmbedding(
  { embedding }: Wishes,
  { model, image }: { model: string; image: number },
  choose: Choose,
): Pick<Recipe, 'embedding'> {
  const { patch, depth } = vitNamed(model, image);
  const read = choose(
    'embedding',
    embedding,
    'patches' as const,
    'what stands for a picture: beside the class token, which the loss presses together, the mean of its patches',
  );
  if (read === 'class') return {};
  const input = Math.round((SEEN_LARGER * image) / patch) * patch;
  choose(
    'input',
    undefined,
    input,
    'pixels of a whole picture for its embedding; crops show products enlarged, so that whole ones are to be shown larger than crops (Touvron et al. 2019)',
  );
  return { embedding: { blocks: Math.min(READ_BLOCKS, depth), input } };
}

function chooseBatch(pictures: number, wishes: Wishes, value: number, choose: Choose, choices: Choice[]) {
  const wanted = choose(
    'batch',
    wishes.batch,
    value,
    `many small steps learn more from ${thousands(pictures)} pictures than few large ones`,
  );
  const batch = Math.min(wanted, pictures);
  if (batch < wanted) {
    choices.push({ setting: 'batch', value: String(batch), reason: 'there are no more pictures than that' });
  }
  if (wishes.microBatch === undefined) return { batch };
  const microBatch = Math.min(batch, choose('micro-batch', wishes.microBatch, 0, ''));
  return { batch, microBatch };
}

/** Share of the usual learning rate for weights that were trained before. */
const GOING_ON = 0.2;
function chooseOptimisation(
  batch: number,
  wishes: Wishes,
  settings: Pick<Settings, 'learningRate' | 'weightDecay' | 'momentum' | 'clip'> & Pick<Optimisation, 'highestRate'>,
  choose: Choose,
) {
  const most = settings.highestRate ?? Number.POSITIVE_INFINITY;
  const scaled = Math.min(settings.learningRate * Math.sqrt(batch / 256), most);
  const usual = Number((wishes.from ? scaled * GOING_ON : scaled).toPrecision(3));
  const why = wishes.from ? 'a fifth of the usual, so that what the weights know is not unlearnt' : '';
  const isSought = wishes.learningRate === 'find';
  const rule = `${settings.learningRate} at a batch of 256, smaller with the square root of the batch`;
  const learningRate = choose(
    'learning rate',
    wishes.learningRate === 'find' ? undefined : wishes.learningRate,
    usual,
    isSought
      ? 'unless the sweep before the training finds a better one'
      : why || (scaled < most ? rule : `${rule}, and no more than ${most}, since larger steps end in collapse`),
  );
  const [first, last] = settings.weightDecay;
  const start =
    wishes.weightDecay ?? (wishes.weightDecayEnd === undefined ? first : Math.min(first, wishes.weightDecayEnd));
  const weightDecay = [start, wishes.weightDecayEnd ?? Math.max(start, last)] as const;
  const isWished = wishes.weightDecay !== undefined || wishes.weightDecayEnd !== undefined;
  const decay = weightDecay.join(' → ');
  choose(
    'weight decay',
    isWished ? decay : undefined,
    decay,
    last > first ? 'the official values; pulls weights to zero, more and more' : 'pulls weights to zero, evenly',
  );
  return {
    learningRate,
    finalLearningRate: Math.min(1e-6, learningRate),
    weightDecay,
    momentum: choose(
      'momentum',
      wishes.momentum,
      settings.momentum,
      'share of the teacher that stays at a step; less where the run has few steps, so that the teacher keeps up',
    ),
    ...(wishes.momentum === undefined ? {} : { keepMomentum: true }),
    clip: choose('clip', wishes.clip, settings.clip, 'largest norm of the gradient of each parameter; 0 clips nothing'),
  };
}

function chooseTemperature(wishes: Wishes, usual: readonly [number, number], choices: Choice[]): [number, number] {
  const last = wishes.teacherTemperature ?? usual[1];
  const first = wishes.warmupTemperature ?? Math.min(usual[0], last);
  const isWished = wishes.teacherTemperature !== undefined || wishes.warmupTemperature !== undefined;
  const reason =
    usual[1] < 0.07
      ? 'few pictures need a sharper teacher, or it stays undecided between prototypes'
      : 'the official values';
  choices.push({
    setting: 'teacher temperature',
    value: `${first} → ${last}`,
    reason: isWished ? AS_ASKED : reason,
  });
  return [first, last];
}

/** Objectives to which a photo means nothing without others beside it. */
const COUPLING: readonly ObjectiveName[] = ['simclr', 'swav', 'byol', 'simdino', 'distillation'];

/** @throws GondolaError `pretrain-wishes` */
function refuseSingle(objective: ObjectiveName, pictures: number): void {
  if (!COUPLING.includes(objective)) return;
  throw new GondolaError(
    'pretrain-wishes',
    `${OBJECTIVES[objective].title} learns from what sets the photos of a batch apart, and ${pictures === 1 ? 'there is only one photo' : 'a batch of 1 has only one'}.`,
    pictures === 1 ? 'Import more photos, or choose DINO.' : 'Take a batch of 2 or more.',
  );
}

/** How long a first training of so many pictures had better be. */
export function suggestedMinutes(pictures: number): number {
  return rowFor(SUGGESTED_MINUTES, pictures).minutes;
}

/** The most steps that a run of so many pictures is worth. */
export function mostSteps(stepsPerEpoch: number): number {
  return MOST_EPOCHS * stepsPerEpoch;
}

/** A warm-up begins at a rate of 0: of fewer steps it would waste as many as it warms. */
const LEAST_WARM_UP = 3;

/**
 * The numbers that depend on the length of the run. Warm-ups are shares of it, so that a short run still ends with most of its
 * steps at work, and 1 ÷ (1 − momentum), the steps that the teacher looks back over, stays far below it.
 */
export function planOf(recipe: Recipe, steps: number, stepsPerEpoch: number): Plan {
  const warmUp = Math.min(10 * stepsPerEpoch, Math.ceil(0.1 * steps));
  return {
    steps,
    stepsPerEpoch,
    warmupSteps: warmUp >= LEAST_WARM_UP ? warmUp : 0,
    frozenSteps: Math.min(stepsPerEpoch, 1250, Math.ceil(0.05 * steps)),
    ...(recipe.frozenBackboneSteps
      ? { frozenBackboneSteps: Math.min(recipe.frozenBackboneSteps, Math.floor(0.1 * steps)) }
      : {}),
    temperatureSteps: Math.min(30 * stepsPerEpoch, Math.ceil(0.3 * steps)),
    momentum: recipe.keepMomentum ? recipe.momentum : Math.max(0.9, Math.min(recipe.momentum, 1 - 20 / steps)),
  };
}
