/** Names every product that neither a person nor an import has named: a SKU with a confidence, or Unknown. */
import { stopIfAsked } from '../../base/errors.ts';
import { ProgressMeter } from '../../base/progress.ts';
import { type KnnLabel, replaceKnnLabels, unlabelledProductRegions } from '../../store/labels.ts';
import type { CoreContext } from '../context.ts';
import { breather } from './breathe.ts';
import type { Calibration } from './calibrate.ts';
import { readGallery } from './gallery.ts';
import type { LinearSetup } from './linear-naming.ts';
import { type NamingMethod, openNaming } from './naming.ts';
import { calibrationFor } from './setup.ts';
import { mixedSpaces } from './spaces.ts';

export interface ClassifySummary {
  /** Products named with a SKU now. */
  named: number;
  unknown: number;
  /** Products that are not indexed and got no answer. */
  notIndexed: number;
  /** Labelled products that the answers rest on. */
  labels: number;
  /** How many products were named with each SKU, the most frequent first. */
  skus: { sku: string; count: number }[];
  method: NamingMethod;
  calibration: Calibration;
  /** Where the method is linear. */
  linear: LinearSetup | null;
}

/** Progress is told in steps of so many regions. */
const STEP = 100;

/**
 * Replaces what the classifier said before, all at once; labels of people and imports are never touched.
 * @throws GondolaError `no-model`, `no-labels`, `not-indexed`, and those of `openNaming`; Cancelled, and nothing has changed then
 */
export async function classify(context: CoreContext): Promise<ClassifySummary> {
  const { workspace, signal } = context;
  const { database } = workspace;
  const spaces = mixedSpaces(database);
  const gallery = readGallery(database, false, spaces);
  const { calibration, anew } = await calibrationFor(database, gallery, spaces, signal);
  if (anew) explain(calibration, context);
  const { naming, method, linear } = await openNaming(database, gallery, spaces, calibration, signal);
  if (linear) context.say(linearSentence(linear));
  const modelId = spaces[0].model.id;
  const regions = unlabelledProductRegions(database);
  const meter = new ProgressMeter(regions.length, context.progress);
  const breathe = breather(signal);
  const labels: KnnLabel[] = [];
  const counts = new Map<string, number>();
  for (const [i, { regionId }] of regions.entries()) {
    await breathe();
    if (i % STEP === 0) meter.advance(Math.min(STEP, regions.length - i));
    const look = gallery.vectors.look(regionId);
    const answer = look && naming.answer(look);
    if (!answer) continue;
    const [{ label }] = answer.ranked;
    const name = gallery.examples.classes[label];
    if (!answer.unknown) counts.set(name, (counts.get(name) ?? 0) + 1);
    labels.push(
      answer.unknown
        ? { regionId, verdict: 'unknown', skuId: null, confidence: 1 - answer.confidence, modelId }
        : { regionId, verdict: 'sku', skuId: gallery.skuIds![label], confidence: answer.confidence, modelId },
    );
  }
  stopIfAsked(signal);
  replaceKnnLabels(database, labels);
  const named = labels.filter((label) => label.verdict === 'sku').length;
  return {
    named,
    unknown: labels.length - named,
    notIndexed: regions.length - labels.length,
    labels: gallery.examples.labels.length,
    skus: [...counts]
      .map(([sku, count]) => ({ sku, count }))
      .sort((a, b) => b.count - a.count || (a.sku < b.sku ? -1 : 1)),
    method,
    calibration,
    linear,
  };
}

function linearSentence({ statistics: { accuracy, trials } }: LinearSetup): string {
  const right = `${Math.round((accuracy ?? 0) * 100)} % of ${trials} labelled regions`;
  return `A linear head names them, as was chosen; leaving whole photos out, it names ${right} right.`;
}

/** Says what the classifier was set to and why. */
export function explain({ weights, statistics }: Calibration, { say }: Pick<CoreContext, 'say'>): void {
  const mixture = Object.entries(weights)
    .map(([name, weight]) => `${name} ${Math.round(weight * 100)} %`)
    .join(', ');
  if (statistics.classes === 1) {
    say('Only one SKU is labelled: everything will look like it. Label at least one region of a second SKU.');
  } else if (statistics.assumed) {
    say(
      `Only ${statistics.trials} of the ${statistics.examples} labelled regions belong to a SKU that is labelled on two photos, too few to measure how sure an ` +
        'answer is: the confidence is a guess. Label each SKU on two photos or more.',
    );
  }
  const accuracy =
    statistics.accuracy === null
      ? ''
      : `; leaving one photo out at a time, retakes with it, it names ${Math.round(statistics.accuracy * 100)} % of ${statistics.trials} labelled regions right`;
  say(`The classifier mixes ${mixture}${accuracy}.`);
}
