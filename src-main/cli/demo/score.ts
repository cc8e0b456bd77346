/** Holds the classifier's answers against a sample's truth. */
import { relative, sep } from 'node:path';
import type { Truth, TruthPhoto, TruthProduct, TruthSku } from '../../core/sample/truth.ts';
import type { Box } from '../../vision/picture.ts';

/** What the workspace says of a product: a region with the label that counts. */
export interface Answer extends Box {
  /** Of the region. */
  readonly id: number;
  readonly photoId: number;
  /** Absolute path of its photo. */
  readonly path: string | null;
  readonly label: {
    readonly verdict: 'sku' | 'unknown' | 'not-a-product';
    readonly sku: string | null;
    readonly source: 'person' | 'knn' | 'import';
  } | null;
}

export type Outcome = 'given' | 'right' | 'wrong' | 'unknown';

export interface Judged {
  readonly answer: Answer;
  readonly photo: TruthPhoto;
  readonly product: TruthProduct;
  readonly truth: TruthSku;
  /** What it was named; null for Unknown. */
  readonly said: TruthSku | null;
  readonly outcome: Outcome;
}

export interface Score {
  /** Products that had no label. */
  readonly asked: number;
  readonly answered: number;
  readonly unknown: number;
  /** Shares of 1; NaN where there is nothing to share. */
  readonly rightOfAnswered: number;
  readonly rightOfAll: number;
  readonly brandRightOfAnswered: number;
}

const place = (path: string, { x, y, width, height }: Box): string => [path, x, y, width, height].join(' ');

/**
 * Finds each listed product of the truth among the workspace's regions by its photo and box.
 * @param folder of the sample
 * @throws Error where a product is missing among the regions: what was imported must be there
 */
export function judge(truth: Truth, folder: string, answers: readonly Answer[]): Judged[] {
  const byPlace = new Map<string, Answer>();
  for (const answer of answers) {
    if (answer.path === null) continue;
    byPlace.set(place(relative(folder, answer.path).split(sep).join('/'), answer), answer);
  }
  const byId = new Map(truth.skus.map((sku) => [sku.id, sku]));
  const byName = new Map(truth.skus.map((sku) => [sku.name, sku]));
  return truth.photos.flatMap((photo) =>
    photo.products
      .filter(({ listed }) => listed)
      .map((product): Judged => {
        const answer = byPlace.get(place(photo.path, product.box));
        if (!answer) throw new Error(`The workspace lacks product ${product.id} of ${photo.path}.`);
        const own = byId.get(product.sku)!;
        const said = answer.label?.verdict === 'sku' ? (byName.get(answer.label.sku!) ?? null) : null;
        const given = answer.label !== null && answer.label.source !== 'knn';
        const outcome = given ? 'given' : said === null ? 'unknown' : said === own ? 'right' : 'wrong';
        return { answer, photo, product, truth: own, said, outcome };
      }),
  );
}

export function score(judged: readonly Judged[]): Score {
  const asked = judged.filter(({ outcome }) => outcome !== 'given');
  const answered = asked.filter(({ said }) => said !== null);
  const right = asked.filter(({ outcome }) => outcome === 'right').length;
  const brandRight = answered.filter(({ said, truth }) => said!.brand === truth.brand).length;
  return {
    asked: asked.length,
    answered: answered.length,
    unknown: asked.length - answered.length,
    rightOfAnswered: right / answered.length,
    rightOfAll: right / asked.length,
    brandRightOfAnswered: brandRight / answered.length,
  };
}

/** The photos on which nothing was labelled: the honest part of the score. */
export function onHeldOutPhotos(judged: readonly Judged[]): Judged[] {
  const labelled = new Set(judged.filter(({ outcome }) => outcome === 'given').map(({ photo }) => photo));
  return judged.filter(({ photo }) => !labelled.has(photo));
}
