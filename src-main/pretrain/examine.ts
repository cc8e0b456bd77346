// Everything that is to be known of a device before one trains on it. Runs in a trainer process, which the device may take down.
import { stopIfAsked } from '../base/errors.ts';
import { insteadOfCard, openRuntime } from '../engine/devices.ts';
import { productSpeed } from '../engine/product-speed.ts';
import { largestDifference, lossesOf } from './agreement.ts';
import type { Recipe } from './config.ts';
import { gigaflopsPerImage } from './cost.ts';
import { type Measured, measureSteps } from './measure.ts';

/** Steps whose losses are compared with the processor's. */
const COMPARED = 5;
/** A step of the measurement takes about so long. */
const STEP_SECONDS = 0.5;
/** What of its product speed a device reaches in a step, roughly; only decides how many images are measured. */
const REACHED = 0.3;

export interface ExamineRequest {
  /** Its device, model, crops and head count. */
  readonly recipe: Recipe;
  /** To spend on steps, about. */
  readonly seconds: number;
}

export interface Examined extends Measured {
  /** What the device turned out to run on. */
  readonly runtime: string;
  /** Seconds until a first small product was right. */
  readonly opening: number;
  /** Of large matrix products alone. */
  readonly productGigaflopsPerSecond: number;
  /** Images of a step that was measured. */
  readonly images: number;
  /** Largest relative difference of the losses of a few steps from the processor's. */
  readonly difference: number;
  /** Whether weights, moments and teacher stay on the device between steps; of the processor, whose memory is ours, that says nothing. */
  readonly resident: boolean;
  /** What it does without the card that it is named for, in sentences; null where it is what its name says. */
  readonly instead: string | null;
}

/** @throws GondolaError those of `openRuntime`: the device cannot be used; Cancelled */
export async function examine(
  { recipe, seconds }: ExamineRequest,
  tell: (what: string) => void,
  signal?: AbortSignal,
): Promise<Examined> {
  tell('opening it');
  const from = performance.now();
  const runtime = await openRuntime(recipe.device);
  const opening = (performance.now() - from) / 1000;
  stopIfAsked(signal);
  tell('multiplying matrices');
  const product = await productSpeed(runtime, signal);
  tell('comparing it with the processor');
  const difference = largestDifference(
    await lossesOf(runtime, COMPARED),
    await lossesOf(await openRuntime('cpu'), COMPARED),
  );
  stopIfAsked(signal);
  tell('training on noise');
  const { model, crops, batch } = recipe;
  const { globalSize: image, localSize: local, locals } = crops;
  const perImage = gigaflopsPerImage({ model, image, local, locals });
  const affordable = Math.round((STEP_SECONDS * REACHED * product.gigaflopsPerSecond) / perImage);
  const images = Math.max(1, Math.min(batch, affordable));
  const measured = await measureSteps({ recipe, images, seconds }, signal);
  return {
    ...measured,
    runtime: runtime.name,
    opening,
    productGigaflopsPerSecond: product.gigaflopsPerSecond,
    images,
    difference,
    resident: runtime.compileResident !== undefined && !runtime.onProcessor,
    instead: insteadOfCard(recipe.device, runtime),
  };
}
