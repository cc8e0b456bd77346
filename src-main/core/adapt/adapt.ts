/**
 * With the labels that exist: neighbours, a linear head, or fine-tuning the whole encoder? All three are asked about the same held-out regions. The
 * comparison proposes; only `use` changes how products are named.
 */
import { availableParallelism } from 'node:os';
import { GondolaError, stopIfAsked } from '../../base/errors.ts';
import type { Adaptation, adaptCalls } from '../../contract/adapt.ts';
import type { ParsedInputOf } from '../../contract/call.ts';
import type { FineTuneRequest } from '../../pretrain/fine-tune/fine-tune.ts';
import { insertModel, type Model } from '../../store/models.ts';
import type { Workspace } from '../../store/workspace.ts';
import type { CoreContext } from '../context.ts';
import { mixedDescriptors } from '../recognise/descriptors.ts';
import { embedRegions } from '../recognise/embed.ts';
import { openEncoder } from '../recognise/encoders.ts';
import { type Gallery, readGallery } from '../recognise/gallery.ts';
import { descriptorSpace, learnedSpace } from '../recognise/spaces.ts';
import { sourceOfRegion } from '../training/sources.ts';
import { version } from '../training/version.ts';
import { compareReadings, type Reading, type Trialled } from './compare.ts';
import { fineTuneInTrainer } from './in-trainer.ts';
import { notesOn, proposalOf } from './proposal.ts';
import { baseModel, type KeptResult, keepResult, keptResult, labelsMark, presented } from './result.ts';
import { type Split, splitOf } from './split.ts';
import { signTest, wilson } from './statistics.ts';
import { forgetTuned, freeName, tunedFile, tunedModel } from './tuned-model.ts';

type Asked = ParsedInputOf<(typeof adaptCalls)['adapt.compare']>;
type Method = Adaptation['methods'][number];

/**
 * @throws GondolaError `no-model`, `no-labels`, `not-indexed`, `labels-too-few`, and those of fine-tuning; Cancelled, and nothing has changed then
 */
export async function compareMethods(asked: Asked, context: CoreContext): Promise<Adaptation> {
  const { workspace, signal } = context;
  const { database } = workspace;
  const base = baseModel(database);
  const mark = labelsMark(database, base);
  const gallery = galleryOf(workspace, base);
  const split = splitOf(gallery.examples);
  phase(context, 'Naming held-out products by neighbours and by a linear head');
  const { knn, linear } = await compareReadings(gallery.examples, split, signal);
  const tuned = asked.finetune ? await finetuned(asked, base, gallery, split, context) : null;
  try {
    stopIfAsked(signal);
    const methods: Method[] = [
      methodOf('knn', knn, null),
      methodOf('linear', linear, knn),
      ...(tuned ? [methodOf('finetuned', tuned.trialled, knn)] : []),
    ];
    const best = methods.reduce((a, b) => (b.right > a.right ? b : a));
    const photosOf = (examples: readonly number[]) =>
      new Set(examples.map((example) => gallery.examples.photos[example])).size;
    const result: KeptResult = {
      at: new Date().toISOString(),
      model: base.name,
      labels: gallery.examples.labels.length,
      classes: gallery.examples.classes.length,
      photos: photosOf([...gallery.examples.labels.keys()]),
      heldOut: split.heldOut.length,
      heldOutPhotos: photosOf(split.heldOut),
      methods,
      finetuned: tuned?.about ?? null,
      best: best.method,
      proposal: proposalOf(methods, split.heldOut.length),
      notes: notesOn({ finetune: asked.finetune, gallery, split }),
      mark,
    };
    const before = keptResult(database);
    keepResult(database, result);
    await forgetTuned(workspace, before?.finetuned?.model);
    return presented(database, result);
  } catch (error) {
    await forgetTuned(workspace, tuned?.about.model);
    throw error;
  }
}

function phase({ progress }: CoreContext, message: string): void {
  progress({ done: 0, total: 0, rate: 0, eta: null, message });
}

function galleryOf({ database }: Workspace, model: Model): Gallery {
  const spaces = [learnedSpace(model), ...mixedDescriptors.map((name) => descriptorSpace(database, name))];
  return readGallery(database, false, spaces);
}

function methodOf(method: Method['method'], { named, alone, seconds }: Trialled, knn: Trialled | null): Method {
  const share = (all: readonly boolean[]) => all.filter((right) => right).length / all.length;
  const right = named.filter((each) => each).length;
  return {
    ...{ method, right, accuracy: share(named), interval: wilson(right, named.length), alone: share(alone), seconds },
    chance: knn && signTest(named, knn.named),
  };
}

/** Tunes on what is neither held out nor watched, then asks the tuned encoder's features about the same regions. */
async function finetuned(asked: Asked, base: Model, gallery: Gallery, split: Split, context: CoreContext) {
  const { workspace, signal } = context;
  const { database } = workspace;
  const start = performance.now();
  const name = freeName(workspace);
  const watched = new Set(split.watched);
  const request: FineTuneRequest = {
    gondola: version,
    from: workspace.path(base.path ?? ''),
    fromName: base.name,
    to: tunedFile(workspace, name),
    examples: split.known.map((example) => ({
      source: sourceOfRegion(gallery.regions[example], null),
      label: gallery.examples.labels[example],
      role: watched.has(example) ? 'watch' : 'train',
    })),
    classes: gallery.examples.classes.length,
    cacheFolder: workspace.path('cache'),
    ...{ device: asked.device, seconds: 60 * asked.minutes, seed: asked.seed, cores: availableParallelism() },
  };
  phase(context, 'Fine-tuning');
  try {
    const done = await fineTuneInTrainer(request, context);
    const model = insertModel(database, await tunedModel(workspace, name, done.encoder));
    const encoder = await openEncoder(workspace, model, asked.device);
    try {
      const regions = gallery.regions.toSorted((a, b) => a.photoId - b.photoId || a.id - b.id);
      phase(context, 'Looking at the labelled products again');
      await embedRegions(context, regions, [encoder]);
    } finally {
      await encoder.dispose();
    }
    phase(context, 'Naming held-out products with the fine-tuned encoder');
    const again = galleryOf(workspace, model);
    // A photo that could not be read this time would shift the examples.
    if (again.regions.length !== gallery.regions.length) {
      throw new GondolaError(
        'photo-lost',
        `${gallery.regions.length - again.regions.length} labelled products could not be looked at again.`,
        'Connect the drive that holds the photos, or compare without fine-tuning.',
      );
    }
    const readings = await compareReadings(again.examples, split, signal);
    const reading: Reading = readings.better;
    return {
      trialled: { ...readings[reading], seconds: (performance.now() - start) / 1000 },
      about: {
        ...{ model: name, reading, steps: done.steps, keptStep: done.keptStep, stoppedEarly: done.stoppedEarly },
        ...{ learnt: split.known.length - split.watched.length, watched: split.watched.length },
      },
    };
  } catch (error) {
    await forgetTuned(workspace, name);
    throw error;
  }
}
