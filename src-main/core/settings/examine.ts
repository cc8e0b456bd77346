/** Which devices are on this machine, what each is good for, and which to train on: the answer of `gondola devices`. */
import { availableParallelism } from 'node:os';
import { GondolaError, sentence, stopIfAsked } from '../../base/errors.ts';
import type { JobContext } from '../../base/progress.ts';
import { absence, type Device, singleDevices, whatDeviceNeeds } from '../../engine/devices.ts';
import { AGREEMENT } from '../../pretrain/agreement.ts';
import type { Recipe } from '../../pretrain/config.ts';
import type { Examined } from '../../pretrain/examine.ts';
import { chooseRecipe } from '../../pretrain/recipe.ts';
import { examineDevice, type MeasureContext } from '../training/measure.ts';
import { deviceTitles } from './device-words.ts';

/** What was found out about one device. */
export interface Finding {
  readonly device: Device;
  readonly title: string;
  readonly state:
    | 'absent' /* it cannot be tried here */
    | 'failed' /* it was tried in vain */
    | 'unmeasured'
    | 'wrong' /* it computes something else than the processor */
    | 'processor' /* it works, but without the card that it is named for */
    | 'works';
  /** Why it does not work as its name says, with what to do about it; empty else. */
  readonly why: string;
  readonly examined: Examined | null;
}

/** Another device has to be so much faster than the processor to be worth its risks. */
const WORTH = 1.2;

export interface ExamineOptions {
  readonly devices?: readonly Device[];
  /** Only says what is there. */
  readonly listOnly?: boolean;
  /** Seconds that a device may take. */
  readonly patience?: number;
}

/**
 * Looks at the devices one after the other, each in a process of its own, which may hang or die without harm.
 * @throws Cancelled
 */
export async function findDevices(
  { devices = singleDevices, listOnly = false, patience }: ExamineOptions,
  context: JobContext & Pick<MeasureContext, 'startTrainer'>,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [done, device] of devices.entries()) {
    stopIfAsked(context.signal);
    const doing = (what: string) =>
      context.progress({ done, total: devices.length, rate: 0, eta: null, message: `${device}: ${what}` });
    doing('starting');
    findings.push(await find(device, listOnly, { ...context, doing, patience }));
  }
  return findings;
}

async function find(device: Device, listOnly: boolean, context: MeasureContext): Promise<Finding> {
  const common = { device, title: deviceTitles[device].title };
  const missing = absence(device);
  if (missing) {
    const why = `${missing.charAt(0).toUpperCase()}${missing.slice(1)}. ${whatDeviceNeeds(device)}`.trim();
    return { ...common, state: 'absent', why, examined: null };
  }
  if (listOnly) return { ...common, state: 'unmeasured', why: '', examined: null };
  try {
    const examined = await examineDevice(measuringRecipe(device), context);
    return { ...common, ...judged(examined), examined };
  } catch (error) {
    stopIfAsked(context.signal);
    const hint = error instanceof GondolaError ? error.hint : '';
    return { ...common, state: 'failed', why: `${sentence(error)} ${hint}`.trim(), examined: null };
  }
}

/** Whether a device that was examined may be trained on, and is worth comparing with the processor. */
export function judged({
  difference,
  instead,
}: Pick<Examined, 'difference' | 'instead'>): Pick<Finding, 'state' | 'why'> {
  if (difference <= AGREEMENT)
    return instead === null ? { state: 'works', why: '' } : { state: 'processor', why: instead };
  const why = `Its losses differ from the processor’s by ${(100 * difference).toPrecision(2)} %: do not train on it. \`gondola verify\` shows where it is wrong.`;
  return { state: 'wrong', why };
}

/** The smallest network that is ever chosen, with a small head, so that it takes seconds anywhere. */
export function measuringRecipe(device: string): Recipe {
  const circumstances = { pictures: 1000, cores: availableParallelism(), device };
  const { recipe } = chooseRecipe(circumstances, { model: 'vit-tiny/16', image: 96, local: 48, locals: 4, epochs: 1 });
  return { ...recipe, head: { hidden: 512, bottleneck: 128, prototypes: 2048 } };
}

/** A device with the speed that was seen on it. */
export interface Candidate {
  readonly device: string;
  readonly imagesPerSecond: number;
}

/** Which device to train on. The processor, unless another one is clearly faster: it alone repeats a run bit for bit. */
export function recommend(candidates: readonly Candidate[]): { device: string; why: string } {
  const cpu = candidates.find(({ device }) => device === 'cpu');
  const fastest = candidates.reduce<Candidate | null>(
    (best, next) => (best === null || next.imagesPerSecond > best.imagesPerSecond ? next : best),
    null,
  );
  if (!fastest) return { device: 'cpu', why: 'Nothing was measured; the processor works everywhere.' };
  if (!cpu && fastest.device !== 'cpu') {
    return {
      device: fastest.device,
      why: `It is the fastest of those that were measured; the processor was not.`,
    };
  }
  const ratio = fastest.imagesPerSecond / cpu!.imagesPerSecond;
  if (fastest.device === 'cpu' || ratio < WORTH) {
    const rest =
      candidates.length > 1
        ? 'No other device that works here is clearly faster'
        : 'No other device was seen to work here';
    return { device: 'cpu', why: `${rest}, and the processor repeats a run bit for bit.` };
  }
  return {
    device: fastest.device,
    why: `It trains ${ratio.toFixed(1)} times as fast as the processor, with the same losses.`,
  };
}
