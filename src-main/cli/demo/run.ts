/** The product's main job from end to end on a drawn sample, and how its results compare with the truth. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobContext } from '../../base/progress.ts';
import type { OutputOf } from '../../contract/call.ts';
import type { Contract } from '../../contract/contract.ts';
import { exportFormats } from '../../contract/export.ts';
import { sampleCalls } from '../../contract/sample.ts';
import type { CoreContext } from '../../core/context.ts';
import { sampleHandlers } from '../../core/sample/service.ts';
import { readTruth, type Truth } from '../../core/sample/truth.ts';
import { connectDirectly } from '../../host/direct.ts';
import { Workspace } from '../../store/workspace.ts';
import { decodeUpright } from '../../vision/decode.ts';
import type { VerbContext } from '../verb.ts';
import { type MaskScore, scoreMasks } from './masks.ts';
import { judge, onHeldOutPhotos, type Score, score } from './score.ts';
import { cutoutsToShow, cutProducts, photosToSegment, typicalPhoto } from './selection.ts';
import { type Bar, drawSheet } from './sheet.ts';
import { Steps, type StepTime } from './steps.ts';

export interface DemoOptions {
  readonly photos: number;
  readonly skus: number;
  readonly seed: number;
  /** Of pretraining. */
  readonly minutes: number;
}

export interface DemoResult {
  readonly folder: string;
  readonly steps: readonly StepTime[];
  readonly seconds: number;
  readonly sample: OutputOf<(typeof sampleCalls)['sample.draw']>;
  /** Products that nobody labelled: those on photos without any label, and all. */
  readonly heldOut: Score;
  readonly unlabelled: Score;
  readonly evaluation: OutputOf<Contract['recognise.evaluate']>;
  readonly training: OutputOf<Contract['training.pretrain']>;
  readonly masks: MaskScore;
  readonly exports: readonly OutputOf<Contract['export.catalogue']>[];
  readonly sheet: string;
}

/** Gives the SKUs that the labels named what the truth knows of them, as an analyst would from a price list. */
async function describeSkus(truth: Truth, { call }: VerbContext, on: CoreContext): Promise<void> {
  const { skus } = await call('catalogue.skus', {}, on);
  const imported = new Set(skus.map(({ name }) => name));
  for (const { name, brand, variant, size } of truth.skus) {
    if (imported.has(name)) await call('catalogue.describeSku', { name, brand, variant, size }, on);
  }
}

/**
 * Runs the whole job in `folder`, which `prepareDemoFolder` has made ready.
 * @throws Cancelled and whatever the services throw; what was finished stays in the folder
 */
export async function runDemo(folder: string, options: DemoOptions, context: VerbContext): Promise<DemoResult> {
  const { call, output, signal } = context;
  const { photos, skus, seed, minutes } = options;
  const from = performance.now();
  const steps = new Steps(8, output, signal);
  const sampleFolder = join(folder, 'sample');
  const sample = await steps.run(
    'sample',
    (job) =>
      connectDirectly(sampleCalls, sampleHandlers)('sample.draw', { folder: sampleFolder, photos, skus, seed }, job),
    (drawn) =>
      `${drawn.photos} photos, ${drawn.products} products of ${drawn.skus} SKUs, ${drawn.labelled} of them labelled`,
  );
  const truth = await readTruth(sampleFolder);
  const workspace = Workspace.create(join(folder, 'workspace'));
  try {
    const on = (job: JobContext): CoreContext => ({ ...job, workspace });
    await steps.run(
      'import',
      async (job) => {
        const summary = await call(
          'library.import',
          { paths: [join(sampleFolder, 'photos')], labels: { csv: join(sampleFolder, 'labels.csv') } },
          on(job),
        );
        await describeSkus(truth, context, on(job));
        return summary;
      },
      (summary) => `${summary.added} photos, ${summary.labels?.newBoxes} boxes, ${summary.labels?.labelled} labels`,
    );
    const training = await steps.run(
      'pretrain',
      (job) => call('training.pretrain', { wishes: { minutes, seed } }, on({ ...job, say: () => {} })),
      (run) =>
        `${run.model}: ${run.steps} steps, ${run.epochs.toFixed(1)} passes, ${run.imagesPerSecond?.toFixed(0) ?? '?'} images/s, without labels`,
    );
    await steps.run(
      'index',
      (job) => call('recognise.index', {}, on(job)),
      (summary) => `${summary.embedded} regions`,
    );
    await steps.run(
      'classify',
      (job) => call('recognise.classify', {}, on(job)),
      (summary) => `${summary.named} named, ${summary.unknown} Unknown`,
    );
    const evaluation = await steps.run(
      'evaluate',
      (job) => call('recognise.evaluate', { file: join(sampleFolder, 'heldout.csv') }, on(job)),
      (result) => `${result.queries} products of ${sample.heldOutPhotos} photos on which nothing was labelled`,
    );
    const { regions } = await call('catalogue.regions', { which: 'all' }, on(context));
    const judged = judge(truth, sampleFolder, regions);
    const heldOutProducts = onHeldOutPhotos(judged);
    const heldOut = score(heldOutProducts);

    const photo = typicalPhoto(heldOutProducts, heldOut.rightOfAll);
    const masksFolder = join(folder, 'masks');
    const segmented = await steps.run(
      'segment',
      (job) => call('segment.workspace', { out: masksFolder, photos: photosToSegment(judged, photo) }, on(job)),
      (summary) => `${summary.regions} products cut out of ${summary.segmented} photos`,
    );
    const products = cutProducts(masksFolder, segmented.photos, judged);
    const exports = await steps.run(
      'export',
      async (job) => {
        const made: OutputOf<Contract['export.catalogue']>[] = [];
        for (const format of exportFormats) {
          made.push(await call('export.catalogue', { format, out: join(folder, 'export', format) }, on(job)));
        }
        return made;
      },
      (made) => made.map(({ format, products }) => `${format} ${products}`).join(', '),
    );
    const sheet = join(folder, 'demo.png');
    await writeFile(
      sheet,
      await drawSheet({
        photo: await decodeUpright(join(sampleFolder, photo.path)),
        products: judged.filter((product) => product.photo === photo),
        heading: `${sample.products} products on ${sample.photos} photos, ${sample.labelled} labelled, the rest named`,
        bars: bars(heldOut, evaluation),
        cutouts: cutoutsToShow(products),
      }),
    );
    return {
      folder,
      steps: steps.times,
      seconds: (performance.now() - from) / 1000,
      sample,
      heldOut,
      unlabelled: score(judged),
      evaluation,
      training,
      exports,
      masks: await scoreMasks(sampleFolder, products),
      sheet,
    };
  } finally {
    workspace.close();
  }
}

function bars(heldOut: Score, evaluation: DemoResult['evaluation']): Bar[] {
  return [
    { name: 'right, where it answers', value: heldOut.rightOfAnswered, own: true },
    { name: 'right, first answer', value: evaluation.top1, own: true },
    { name: 'learned features alone', value: evaluation.embeddingTop1, own: true },
    { name: 'colour histogram', value: evaluation.colourTop1, own: false },
    { name: 'raw pixels', value: evaluation.pixelTop1, own: false },
    { name: 'untrained network', value: evaluation.untrainedTop1, own: false },
  ];
}
