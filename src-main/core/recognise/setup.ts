/** The classifier's calibration as the workspace keeps it: made anew whenever the labels or the model it was made from change. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { calibration as calibrationSchema } from '../../contract/recognise.ts';
import type { Database } from '../../store/database.ts';
import { readSetting, writeSetting } from '../../store/settings.ts';
import { type Calibration, calibrate } from './calibrate.ts';
import type { Gallery } from './gallery.ts';
import type { ModelSpace } from './spaces.ts';

const KEY = 'classifier.calibration';
/** Raised when calibrating begins to give other results for the same labels. */
const VERSION = 4;

const storedSchema = z.object({ madeFrom: z.string(), calibration: calibrationSchema });

/** The stored calibration where it is of these labels and models, else a new one, which is then stored. */
export async function calibrationFor(
  database: Database,
  gallery: Gallery,
  spaces: readonly ModelSpace[],
  signal?: AbortSignal,
  coarse = false,
): Promise<{ calibration: Calibration; anew: boolean }> {
  const key = coarse ? `${KEY}.coarse` : KEY;
  const madeFrom = fingerprint(gallery, spaces);
  const stored = storedSchema.safeParse(readSetting(database, key));
  if (stored.success && stored.data.madeFrom === madeFrom) return { calibration: stored.data.calibration, anew: false };
  const calibration = await calibrate(gallery.examples, signal);
  writeSetting(database, key, { madeFrom, calibration });
  return { calibration, anew: true };
}

/** The calibration of the last time that products were classified; undefined before the first. */
export function storedCalibration(database: Database): Calibration | undefined {
  return storedSchema.safeParse(readSetting(database, KEY)).data?.calibration;
}

/** Changes with the labels, their regions and the models that see them. */
export function fingerprint({ examples, regions }: Gallery, spaces: readonly ModelSpace[]): string {
  const hash = createHash('sha256');
  hash.update(
    JSON.stringify([VERSION, spaces.map(({ name, model }) => [name, model.id, model.sha256, model.configJson])]),
  );
  hash.update(JSON.stringify([examples.classes, [...examples.labels], regions.map((region) => region.id)]));
  return hash.digest('hex');
}
