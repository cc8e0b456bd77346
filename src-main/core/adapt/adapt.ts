/**
 * With the labels that exist: neighbours, a linear head, or fine-tuning the whole encoder? All three are asked about the same held-out regions, and
 * the first two about all that can be held out. The comparison proposes; only `use` changes how products are named.
 */
import { availableParallelism } from 'node:os';
import { GondolaError, stopIfAsked } from '../../base/errors.ts';
import type { Adaptation, adaptCalls } from '../../contract/adapt.ts';
import type { ParsedInputOf } from '../../contract/call.ts';
import { refuseAbsentDevice } from '../../engine/devices.ts';
import type { FineTuneRequest } from '../../pretrain/fine-tune/fine-tune.ts';
import { insertModel, type Model } from '../../store/models.ts';
import type { Workspace } from '../../store/workspace.ts';
import type { CoreContext } from '../context.ts';
import { mixedDescriptors } from '../recognise/descriptors.ts';
import { embedRegions } from '../recognise/embed.ts';
import { openEncoder } from '../recognise/encoders.ts';
import { groupsOf } from '../recognise/folds.ts';
import { type Gallery, readGallery } from '../recognise/gallery.ts';
import { descriptorSpace, learnedSpace } from '../recognise/spaces.ts';
import { sourceOfRegion } from '../training/sources.ts';
import { version } from '../training/version.ts';
import { betterReading, compareReadings, type Readings } from './compare.ts';
import { bestOf, methodsOf } from './figures.ts';
import { fineTuneInTrainer } from './in-trainer.ts';
import { notesOn, proposalOf } from './proposal.ts';
import { baseModel, type KeptResult, keepResult, keptResult, labelsMark, presented } from './result.ts';
import { type Split, splitOf } from './split.ts';
import { forgetTuned, freeName, isSpare, tunedFile, tunedModel } from './tuned-model.ts';

type Asked = ParsedInputOf<(typeof adaptCalls)['adapt.compare']>;

/**
 * @throws GondolaError `no-model`, `no-labels`, `not-indexed`, `labels-too-few`, `labels-learnt`, those of `refuseAbsentDevice` and of fine-tuning; Cancelled, and nothing has changed then
 */
export async function compareMethods(asked: Asked, context: CoreContext): Promise<Adaptation> {
  const { workspace, signal } = context;
  const { database } = workspace;
  // Before anything is embedded or read.
  if (asked.finetune) refuseAbsentDevice(asked.device);
  const base = baseModel(database);
  const mark = labelsMark(database, base);
  const gallery = galleryOf(workspace, base);
  const { examples } = gallery;
  const split = splitOf(examples);
  const parts: Readings[] = [];
  for (const [i, part] of split.parts.entries()) {
    const which = `part ${i + 1} of ${split.parts.length}`;
    phase(context, `Naming held-out products by neighbours and by a linear head, ${which}`);
    parts.push(await compareReadings(examples, part, signal));
  }
  const tuned = asked.finetune ? await finetuned(asked, base, gallery, split, context) : null;
  try {
    stopIfAsked(signal);
    const methods = methodsOf(parts, tuned?.trialled ?? null, split, groupsOf(examples));
    const of = (asked: readonly number[]) => ({ heldOut: asked.length, heldOutPhotos: photosOf(asked) });
    const photosOf = (some: readonly number[]) => new Set(some.map((example) => examples.photos[example])).size;
    const pooled = of(split.parts.flatMap(({ heldOut }) => heldOut));
    const common = tuned ? of(split.tuning.heldOut) : pooled;
    const before = keptResult(database);
    const earlier = before?.finetuned?.model ?? before?.spare ?? null;
    const idle = isSpare(workspace, earlier) ? earlier : null;
    const result: KeptResult = {
      at: new Date().toISOString(),
      model: base.name,
      labels: examples.labels.length,
      classes: examples.classes.length,
      photos: photosOf([...examples.labels.keys()]),
      ...common,
      pooled,
      methods,
      finetuned: tuned?.about ?? null,
      best: bestOf(methods).method,
      proposal: proposalOf(methods, { ...common, pooled }),
      // What was tuned for minutes is not thrown away for a comparison of seconds.
      notes: notesOn({ methods, gallery, split, replaced: tuned && idle, spare: tuned ? null : idle }),
      ...{ mark, spare: tuned ? null : earlier },
    };
    keepResult(database, result);
    if (tuned) await forgetTuned(workspace, earlier);
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

/** Tunes on what is neither held out nor watched, then asks the tuned encoder's features about the same regions. */
async function finetuned(asked: Asked, base: Model, gallery: Gallery, split: Split, context: CoreContext) {
  const { workspace, signal } = context;
  const { database } = workspace;
  const start = performance.now();
  const name = freeName(workspace);
  const { learnt, watched } = split.tuning;
  const example = (role: 'train' | 'watch') => (number: number) => ({
    ...{ source: sourceOfRegion(gallery.regions[number], null), label: gallery.examples.labels[number], role },
  });
  const request: FineTuneRequest = {
    gondola: version,
    from: workspace.path(base.path ?? ''),
    fromName: base.name,
    to: tunedFile(workspace, name),
    examples: [...learnt.map(example('train')), ...watched.map(example('watch'))],
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
    const reading = await betterReading(again.examples, split.tuning, signal);
    const readings = await compareReadings(again.examples, split.tuning, signal);
    return {
      trialled: { ...readings[reading], seconds: (performance.now() - start) / 1000 },
      about: {
        ...{ model: name, reading, steps: done.steps, keptStep: done.keptStep, stoppedEarly: done.stoppedEarly },
        ...{ learnt: learnt.length, watched: watched.length },
      },
    };
  } catch (error) {
    await forgetTuned(workspace, name);
    throw error;
  }
}
