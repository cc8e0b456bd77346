/** How this workspace names products: the method that its user chose, set up on its labels. */
import { z } from 'zod';
import { GondolaError } from '../../base/errors.ts';
import { linearSetup, namingMethod } from '../../contract/recognise.ts';
import type { Database } from '../../store/database.ts';
import { readSetting, writeSetting } from '../../store/settings.ts';
import { breather } from './breathe.ts';
import type { Calibration } from './calibrate.ts';
import { Classifier, type Naming } from './classifier.ts';
import { someOf } from './examples.ts';
import type { Gallery } from './gallery.ts';
import { type LinearSetup, linearNaming, setUpLinear } from './linear-naming.ts';
import { fingerprint } from './setup.ts';
import type { ModelSpace } from './spaces.ts';

export type NamingMethod = z.infer<typeof namingMethod>;

const METHOD = 'classifier.method';
const LINEAR = 'classifier.linear';

/** By neighbours, unless another method was chosen. */
export function chosenMethod(database: Database): NamingMethod {
  return namingMethod.safeParse(readSetting(database, METHOD)).data ?? 'knn';
}

export function chooseMethod(database: Database, method: NamingMethod): void {
  writeSetting(database, METHOD, method);
}

export interface OpenNaming {
  readonly method: NamingMethod;
  readonly naming: Naming;
  /** Null where the method is kNN. */
  readonly linear: LinearSetup | null;
}

/**
 * @param calibration of the same gallery
 * @throws GondolaError `linear-unmeasured` where the method is linear and no label is left that tells when its answer is Unknown; Cancelled
 */
export async function openNaming(
  database: Database,
  gallery: Gallery,
  spaces: readonly ModelSpace[],
  calibration: Calibration,
  signal?: AbortSignal,
  coarse = false,
): Promise<OpenNaming> {
  const method = chosenMethod(database);
  const { examples } = gallery;
  if (method === 'knn') return { method, naming: new Classifier(examples, calibration), linear: null };
  const breathe = breather(signal);
  const key = coarse ? `${LINEAR}.coarse` : LINEAR;
  const madeFrom = fingerprint(gallery, spaces);
  const stored = z.object({ madeFrom: z.string(), setup: linearSetup }).safeParse(readSetting(database, key)).data;
  if (stored?.madeFrom === madeFrom) {
    const naming = await linearNaming(examples, stored.setup, breathe);
    return { method, naming, linear: stored.setup };
  }
  const { setup, naming } = await setUpLinear(examples, calibration.weights, breathe);
  if (setup.statistics.trials === 0) throw unmeasured();
  writeSetting(database, key, { madeFrom, setup });
  return { method, naming, linear: setup };
}

function unmeasured(): GondolaError {
  return new GondolaError(
    'linear-unmeasured',
    'No label is left that tells when the linear head is to answer Unknown: none is of a SKU on two photos, on one that the encoder has not learnt from.',
    'Label each SKU on two photos or more; until then name by neighbours: `gondola adapt WORKSPACE --use knn`.',
  );
}

/**
 * The same naming as if these photos were not in the gallery; a head has to be fitted without them, neighbours are left out one by one.
 * @param photos by the SHA-256 of their bytes
 * @returns null where nothing is left to learn from
 */
export async function namingWithout(
  photos: ReadonlySet<string>,
  { naming, linear }: OpenNaming,
  { examples, regions }: Gallery,
  signal?: AbortSignal,
): Promise<Naming | null> {
  if (!linear) return naming;
  const kept = [...regions.keys()].filter((example) => !photos.has(regions[example].photoSha256));
  if (kept.length === 0) return null;
  return kept.length === regions.length ? naming : linearNaming(someOf(examples, kept), linear, breather(signal));
}
