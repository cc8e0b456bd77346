// Measures a trained entry and keeps its figures; the baselines are measured with the first entry of each network.
import { GondolaError } from '../../base/errors.ts';
import {
  comparisonByName,
  type StoredComparison,
  type StoredEntry,
  setBaselines,
  updateEntry,
} from '../../store/comparisons.ts';
import type { Database } from '../../store/database.ts';
import { type Model, modelByName } from '../../store/models.ts';
import { lastStep, metrics, runByName } from '../../store/runs.ts';
import type { CoreContext } from '../context.ts';
import type { StoredConfig } from '../training/pretrain.ts';
import { measuredOn, measureEncoder } from './measure.ts';
import { type StoredBaselines, type StoredRequest, type StoredResult, storedBaselines } from './stored.ts';

/** @throws GondolaError `model-missing`, and those of `measureEncoder`; Cancelled */
export async function measureEntry(
  comparison: string,
  { runName, position }: StoredEntry,
  { queries, device, baselines: wanted }: StoredRequest,
  context: CoreContext,
): Promise<void> {
  const { database } = context.workspace;
  const stored = comparisonByName(database, comparison)!;
  const model = modelByName(database, runName);
  if (!model) {
    throw new GondolaError(
      'model-missing',
      `The encoder of ${runName} was deleted, and cannot be measured.`,
      'Start a new comparison.',
    );
  }
  const on = await measuredOn(database, queries);
  const known = baselinesOn(on, stored);
  const network = networkOf(model);
  const measured = await measureEncoder(
    model,
    {
      ...{ queries, device },
      untrained: wanted && known?.untrained[network] === undefined,
      descriptors: wanted && known === null,
    },
    context,
  );
  const { learned, untrained, ...rest } = measured;
  const { pixels, colour } = known ?? rest;
  const { gallery, classes } = rest;
  const baselines: StoredBaselines = {
    ...{ measuredOn: on, queries: rest.queries, gallery, classes, pixels, colour },
    untrained: { ...known?.untrained, ...(untrained ? { [network]: untrained } : {}) },
  };
  const result: StoredResult = { ...learned, measuredOn: on, network, ...trainingFigures(database, runName) };
  database.transaction(() => {
    setBaselines(database, stored.id, baselines);
    updateEntry(database, stored.id, position, { result });
  })();
}

/** Two encoders with the same description start from the same untrained network. */
function networkOf({ configJson }: Model): string {
  const { architecture, inputSize } = JSON.parse(configJson);
  return JSON.stringify([architecture, inputSize]);
}

/** What was measured on these very labels and queries; null where nothing was. */
function baselinesOn(on: string, { baselinesJson }: StoredComparison): StoredBaselines | null {
  if (baselinesJson === null) return null;
  const baselines = storedBaselines.parse(JSON.parse(baselinesJson));
  return baselines.measuredOn === on ? baselines : null;
}

/** Over the whole run, whatever parts it had. */
function trainingFigures(
  database: Database,
  runName: string,
): Pick<StoredResult, 'steps' | 'epochs' | 'images' | 'imagesPerSecond'> {
  const run = runByName(database, runName);
  const config: StoredConfig | null = run ? JSON.parse(run.configJson) : null;
  if (!run || !config || !('plan' in config)) return { steps: 0, epochs: 0, images: 0, imagesPerSecond: null };
  const { batch } = config.recipe;
  const steps = lastStep(database, run.id);
  let seconds = 0;
  let before = 0;
  for (const { step, value } of metrics(database, run.id, 'imagesPerSecond')) {
    seconds += ((step - before) * batch) / value;
    before = step;
  }
  return {
    steps,
    epochs: steps / config.plan.stepsPerEpoch,
    images: steps * batch,
    imagesPerSecond: seconds > 0 ? (before * batch) / seconds : null,
  };
}
