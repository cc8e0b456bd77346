/**
 * A run repeated from its record alone: the same recipe, plan, micro-batch and pictures, which are found in this workspace by the bytes of
 * their photos, whatever their files are called and in whatever order they were imported.
 */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { GondolaError } from '../../base/errors.ts';
import { writeFileAtomically } from '../../base/files.ts';
import type { Reproduction, RunRecord } from '../../contract/record.ts';
import type { Recipe, RunConfig } from '../../pretrain/config.ts';
import { identity, type PictureSource } from '../../pretrain/pictures/source.ts';
import type { Database } from '../../store/database.ts';
import { givenLabels } from '../../store/labels.ts';
import { photos } from '../../store/photos.ts';
import { allRegions } from '../../store/regions.ts';
import { environmentDifferences } from './environment.ts';
import { fileSha256 } from './record.ts';
import { jsonText, readRecord, repeatedRecordFile } from './record-file.ts';
import { weightFilesOf, withWeightFiles } from './weight-files.ts';

/** Missing photos that are named. */
const NAMED = 5;

/** What a run that repeats another one is made of. */
export interface Repetition {
  /** What the record says, for the trainer. */
  readonly config: RunConfig;
  readonly sources: PictureSource[];
  /** What the new run's record says of it. */
  readonly repeats: NonNullable<RunRecord['repeats']>;
}

/** Keeps the record with the run that repeats it, so that this can be resumed without the file. */
export async function keepRepeatedRecord(runFolder: string, record: RunRecord): Promise<void> {
  await mkdir(runFolder, { recursive: true });
  await writeFileAtomically(repeatedRecordFile(runFolder), jsonText(record));
}

/** What may be otherwise than in the record. */
export interface Changes {
  /** The weights then differ in rounding. */
  readonly device?: string;
  /** Where its weight files may be now, beside where they were. */
  readonly weights?: readonly string[];
}

/**
 * Of a run that is resumed; null where it repeats none.
 * @param recipe as the run began with it
 * @throws those of `repetitionOf`
 */
export async function keptRepetition(
  database: Database,
  runFolder: string,
  recipe: Recipe,
): Promise<Repetition | null> {
  const file = repeatedRecordFile(runFolder);
  if (!existsSync(file)) return null;
  const weights = weightFilesOf(recipe).map((one) => one.file);
  return repetitionOf(database, await readRecord(file), { device: recipe.device, weights });
}

/** @throws GondolaError `record-photos-missing`, `record-damaged`, `record-weights` */
export async function repetitionOf(
  database: Database,
  record: RunRecord,
  { device, weights = [] }: Changes,
): Promise<Repetition> {
  const { run, parts, outcome } = record;
  // The trainer wrote it; what the schema does not know of it was its own.
  const config = record.config as unknown as RunConfig;
  const { plan, recipe: recorded } = config;
  const step = outcome?.step ?? plan.until ?? plan.steps;
  const recipe: Recipe = {
    ...withWeightFiles(recorded, await weightPlaces(record, weights)),
    ...(device ? { device } : {}),
    // When the other one ended is known, and not to be decided again by labels that may differ here.
    ...(recorded.patience ? { patience: 0 } : {}),
    ...(recorded.onCollapse ? { onCollapse: 'warn' } : {}),
  };
  return {
    config: { ...config, recipe, plan: { ...plan, until: Math.max(1, step) } },
    sources: sourcesOf(database, record),
    repeats: { run, parts, device: recorded.device, step, encoder: outcome?.encoder?.sha256 ?? null },
  };
}

/** Where the files of weights are now, by their use. */
async function weightPlaces({ run, weights }: RunRecord, given: readonly string[]): Promise<Map<string, string>> {
  const places = new Map<string, string>();
  for (const { use, file, sha256 } of weights) {
    const there = [...given, file].filter((path) => existsSync(path));
    for (const path of there) {
      if ((await fileSha256(path)) === sha256) {
        places.set(use, path);
        break;
      }
    }
    if (places.has(use)) continue;
    throw new GondolaError(
      'record-weights',
      there.length > 0
        ? `${there[0]} does not hold the weights that ${run} began with: its SHA-256 is not ${sha256}.`
        : `${run} began with the weights in ${basename(file)}, which are not where they were: ${file}.`,
      'Say with --weights where the file is now.',
    );
  }
  return places;
}

function sourcesOf(database: Database, { run, photos: wanted }: RunRecord): PictureSource[] {
  const here = new Map(photos(database).map((photo) => [photo.sha256, photo]));
  const missing = wanted.filter(({ sha256 }) => {
    const path = here.get(sha256)?.path;
    return !path || !existsSync(path);
  });
  if (missing.length > 0) {
    const named = missing
      .slice(0, NAMED)
      .map(({ sha256, name }) => `${name || 'a photo'} (SHA-256 ${sha256.slice(0, 12)}…)`);
    const more = missing.length > NAMED ? ` and ${missing.length - NAMED} more` : '';
    throw new GondolaError(
      'record-photos-missing',
      `${missing.length} of the ${wanted.length} photos that ${run} was trained on are not in this workspace, or their files are gone: ${named.join(', ')}${more}.`,
      'Import them first; their names and folders do not matter, their bytes do.',
    );
  }
  const labels = labelsByIdentity(database);
  return wanted.flatMap(({ sha256, name, boxes }) => {
    const { path, width: photoWidth, height: photoHeight } = here.get(sha256)!;
    return boxes.map(([x, y, width, height]): PictureSource => {
      if (x >= photoWidth || y >= photoHeight || x + width <= 0 || y + height <= 0) {
        throw new GondolaError(
          'record-damaged',
          `The record of ${run} names a box outside of ${name || sha256.slice(0, 12)}, which has ${photoWidth} × ${photoHeight} pixels.`,
          'Use an unchanged copy of the record.',
        );
      }
      const box = { x, y, width, height };
      const label = labels.get(identity({ photo: sha256, box })) ?? null;
      return { photo: sha256, file: path, photoWidth, photoHeight, box, label };
    });
  });
}

/** Only for the kNN accuracy that is told along the way: training sees no label. */
function labelsByIdentity(database: Database): Map<string, string> {
  const names = new Map(givenLabels(database).map(({ regionId, skuName }) => [regionId, skuName]));
  return new Map(
    allRegions(database).flatMap((region) => {
      const name = names.get(region.id);
      return name ? [[identity({ photo: region.photoSha256, box: region }), name] as const] : [];
    }),
  );
}

/** How a run that repeats another one came out; null where it repeats none, or is not at its end. */
export function reproductionOf({ repeats, outcome, parts, config }: RunRecord): Reproduction | null {
  if (!repeats || outcome?.state !== 'finished' || !outcome.encoder) return null;
  const { sha256 } = outcome.encoder;
  const same = repeats.encoder === null ? null : repeats.encoder === sha256;
  const { device } = config.recipe;
  const differences = [
    ...(outcome.step === repeats.step ? [] : [`It ended after ${outcome.step} steps, not ${repeats.step}.`]),
    ...(device === repeats.device ? [] : [`It was trained on ${repeats.device}, here on ${device}.`]),
    ...(device === 'cpu' ? [] : [`Devices other than the processor may add up in another order each time.`]),
    ...environmentDifferences(repeats.parts, parts),
  ];
  return { of: repeats.run, same, expected: repeats.encoder, encoder: sha256, differences };
}
