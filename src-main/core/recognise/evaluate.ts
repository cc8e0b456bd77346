/**
 * How well products are named, on photos whose answers are known and that nobody learned from; beside what the same photos get from
 * raw pixels, a colour histogram and the untrained network. The gallery are the labelled products of the workspace.
 */
import type { CoreContext } from '../context.ts';
import type { FileProblem } from '../library/problems.ts';
import { breather } from './breathe.ts';
import type { Calibration } from './calibrate.ts';
import { Classifier, type Naming, type Setup } from './classifier.ts';
import { explain } from './classify.ts';
import { mixedDescriptors } from './descriptors.ts';
import { type EmbedSummary, embedRegions } from './embed.ts';
import { openActiveEncoder, openUntrainedTwin } from './encoders.ts';
import type { Examples, Look } from './examples.ts';
import { byClass } from './examples.ts';
import { type Gallery, labelledPhotosOf, readGallery } from './gallery.ts';
import { linearAnswers } from './linear-answers.ts';
import { type NamingMethod, namingWithout, openNaming } from './naming.ts';
import { type Query, readQueries } from './queries.ts';
import { calibrationFor } from './setup.ts';
import { descriptorSpace, LEARNED, learnedSpace, mixedSpaces } from './spaces.ts';
import { voterCount } from './vote.ts';

export const UNTRAINED = 'untrained';
export const PIXELS = 'pixels';
export const COLOUR = 'colour';

/** Fractions of 1 over all queries. */
export interface Evaluation {
  queries: number;
  /** The classifier that the user gets: names the best SKU for every query, Unknown set aside. */
  top1: number;
  top5: number;
  /** The learned similarity alone, the same vote. */
  embeddingTop1: number;
  /** A linear probe on the learned feature alone. */
  linearTop1: number;
  /** The nearest example by raw pixels. */
  pixelTop1: number;
  /** The nearest example by colour histogram. */
  colourTop1: number;
  /** As embeddingTop1, with the network as it was before training. */
  untrainedTop1: number;
  /** As linearTop1, with the network as it was before training. */
  untrainedLinearTop1: number;
  /** Queries that the classifier would refuse to name. */
  unknown: number;
  /** Classes in the gallery. */
  classes: number;
  details: {
    coarse: boolean;
    gallery: number;
    galleryPhotos: number;
    notIndexed: number;
    /** Of the queries that are not refused, named right; null where all are refused. */
    namedTop1: number | null;
    /** Queries whose class the gallery does not hold: no answer can be right. */
    notInGallery: number;
    /** Queries whose very photo is in the gallery; its regions were kept out of the vote. */
    inGallery: number;
    /** Queries on photos whose labels the encoder was fine-tuned on: nothing keeps them out of the figures. */
    learnt: number;
    problems: FileProblem[];
    rowsLeftOut: { line: number; message: string }[];
    /** How the classifier names. */
    method: NamingMethod;
    calibration: Calibration;
  };
}

/** @throws GondolaError `no-model`, `no-labels`, `not-indexed`, `no-categories`, `no-queries`, `labels-…`; Cancelled */
export async function evaluate(
  { file, coarse, device }: { file: string; coarse: boolean; device: string },
  context: CoreContext,
): Promise<Evaluation> {
  const { workspace, signal } = context;
  const { database } = workspace;
  const spaces = mixedSpaces(database);
  const gallery = readGallery(database, coarse, spaces);
  const trained = await openActiveEncoder(workspace, device);
  const untrained = await openUntrainedTwin(workspace, device);
  try {
    const pixels = descriptorSpace(database, PIXELS);
    const baselines = await embedRegions(context, gallery.regions, [pixels, untrained]);
    const { calibration, anew } = await calibrationFor(database, gallery, spaces, signal, coarse);
    if (anew) explain(calibration, context);
    const encoders = { [LEARNED]: trained.encoder, [UNTRAINED]: untrained.encoder };
    const asked = await readQueries(file, coarse, encoders, [...mixedDescriptors, PIXELS], context);
    const opened = await openNaming(database, gallery, spaces, calibration, signal, coarse);
    const labelledPhotos = labelledPhotosOf(spaces);
    const askedPhotos = new Set(asked.queries.map(({ sha256 }) => sha256));
    const apart = await namingWithout(askedPhotos, opened, gallery, signal);
    const before = readGallery(database, coarse, [learnedSpace(untrained.model)]);
    const scores = score(asked.queries, gallery, apart, {
      pixels: readGallery(database, coarse, [pixels]),
      untrained: before,
    });
    return {
      ...scores.fractions,
      linearTop1: await linearTop1(gallery, asked.queries, LEARNED, signal),
      untrainedLinearTop1: await linearTop1(before, asked.queries, UNTRAINED, signal),
      details: {
        coarse,
        gallery: gallery.examples.labels.length,
        galleryPhotos: new Set(gallery.examples.photos).size,
        notIndexed: gallery.notIndexed,
        ...scores.counts,
        learnt: asked.queries.filter(({ sha256 }) => labelledPhotos.has(sha256)).length,
        problems: [...unreadable(baselines), ...asked.problems],
        rowsLeftOut: [...asked.rowsLeftOut],
        method: opened.method,
        calibration,
      },
    };
  } finally {
    await trained.dispose();
    await untrained.dispose();
  }
}

const unreadable = ({ problems }: EmbedSummary): FileProblem[] =>
  problems.map((problem) => ({ ...problem, message: `${problem.message} The baselines are without it.` }));

function score(
  queries: readonly Query[],
  gallery: Gallery,
  classifier: Naming | null,
  baselines: { pixels: Gallery; untrained: Gallery },
) {
  const contenders = {
    top1: answering(gallery, classifier, (query, name) => query.vectors[name]),
    embeddingTop1: contender(gallery, only(LEARNED, gallery.examples), (query) => query.vectors[LEARNED]),
    colourTop1: contender(gallery, { ...only(COLOUR, gallery.examples), voters: 1 }, (query) => query.vectors[COLOUR]),
    pixelTop1: contender(
      baselines.pixels,
      { ...only(PIXELS, baselines.pixels.examples), voters: 1 },
      (query) => query.vectors[PIXELS],
    ),
    untrainedTop1: contender(
      baselines.untrained,
      only(LEARNED, baselines.untrained.examples),
      (query) => query.vectors[UNTRAINED],
    ),
  };
  const right = { top1: 0, embeddingTop1: 0, colourTop1: 0, pixelTop1: 0, untrainedTop1: 0 };
  const known = new Set(gallery.examples.classes);
  const photosInGallery = new Set(gallery.regions.map((region) => region.photoSha256));
  let top5 = 0;
  let refused = 0;
  let namedRight = 0;
  for (const query of queries) {
    for (const name of Object.keys(right) as (keyof typeof right)[]) {
      const answer = contenders[name](query);
      const isRight = answer?.names[0] === query.truth;
      if (isRight) right[name]++;
      if (name !== 'top1') continue;
      if (answer?.names.slice(0, 5).includes(query.truth)) top5++;
      if (answer === null || answer.unknown) refused++;
      else if (isRight) namedRight++;
    }
  }
  const count = queries.length;
  return {
    fractions: {
      queries: count,
      top1: right.top1 / count,
      top5: top5 / count,
      embeddingTop1: right.embeddingTop1 / count,
      pixelTop1: right.pixelTop1 / count,
      colourTop1: right.colourTop1 / count,
      untrainedTop1: right.untrainedTop1 / count,
      unknown: refused / count,
      classes: gallery.examples.classes.length,
    },
    counts: {
      namedTop1: refused < count ? namedRight / (count - refused) : null,
      notInGallery: queries.filter((query) => !known.has(query.truth)).length,
      inGallery: queries.filter((query) => photosInGallery.has(query.sha256)).length,
    },
  };
}

/**
 * The share of queries that a linear probe on the learned space of a gallery names right.
 * @param vector which of a query's vectors it is asked with
 */
export async function linearTop1(
  gallery: Gallery,
  queries: readonly Query[],
  vector: string,
  signal?: AbortSignal,
): Promise<number> {
  const answers = await linearAnswers(gallery, LEARNED, queries, ({ vectors }) => vectors[vector], breather(signal));
  return queries.filter(({ truth }, query) => answers[query] === truth).length / queries.length;
}

/** A way to answer queries: class names, the best first. The query's own photo never votes. */
export function contender(gallery: Gallery, setup: Setup, vector: (query: Query, space: string) => Float32Array) {
  return answering(gallery, new Classifier(gallery.examples, setup), vector);
}

function answering(gallery: Gallery, classifier: Naming | null, vector: (query: Query, space: string) => Float32Array) {
  return (query: Query) => {
    const look: Look = Object.fromEntries(
      gallery.examples.spaces.map(({ name }) => [name, gallery.vectors.place(name, vector(query, name))]),
    );
    const answer = classifier?.answer(look, (example) => gallery.regions[example].photoSha256 !== query.sha256) ?? null;
    return (
      answer && { names: answer.ranked.map(({ label }) => gallery.examples.classes[label]), unknown: answer.unknown }
    );
  };
}

/** One space by itself, with the full vote and nothing refused. */
export function only(space: string, examples: Examples): Setup {
  return {
    weights: { [space]: 1 },
    voters: voterCount(byClass(examples).map((members) => members.length)),
    thresholds: { similarity: -2, margin: -4 },
    reliability: { intercept: 0, similarity: 0, margin: 0 },
  };
}
