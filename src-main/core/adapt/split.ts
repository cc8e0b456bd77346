/** Which labelled regions are learnt from, which tell when to stop, and which are held out: whole groups of photos each, see `groupsOf`. */
import type { Examples } from '../recognise/examples.ts';
import { groupedFolds, groupsOf } from '../recognise/folds.ts';
import { tooFewLabels } from '../recognise/linear-naming.ts';

export interface Split {
  /** Examples whose SKU is on a photo outside, too: what every method is asked. */
  readonly heldOut: readonly number[];
  /** Everything outside the held-out photos. */
  readonly known: readonly number[];
  /** Of the known ones, those that fine-tuning only looks at; empty where no SKU is on two of the known photos. */
  readonly watched: readonly number[];
}

/** A fifth of the photos is held out, and a fifth tells when to stop. */
const FOLDS = 5;

/** @throws GondolaError `labels-too-few` where no SKU is labelled on two photos */
export function splitOf(examples: Examples): Split {
  const { labels } = examples;
  const { folds, count } = groupedFolds(groupsOf(examples), labels, FOLDS);
  const all = [...labels.keys()];
  const askable = (own: (example: number) => boolean, rest: (example: number) => boolean) => {
    const outside = new Set(all.filter(rest).map((example) => labels[example]));
    return all.filter((example) => own(example) && outside.has(labels[example]));
  };
  const ranked = [...Array(count).keys()]
    .map((fold) => ({
      fold,
      heldOut: askable(
        (example) => folds[example] === fold,
        (example) => folds[example] !== fold,
      ),
    }))
    .sort((a, b) => b.heldOut.length - a.heldOut.length || a.fold - b.fold);
  const [first] = ranked;
  if (!first || first.heldOut.length === 0) throw tooFewLabels();
  const known = all.filter((example) => folds[example] !== first.fold);
  const watchable = ranked
    .filter(({ fold }) => fold !== first.fold)
    .map(({ fold }) =>
      askable(
        (example) => folds[example] === fold,
        (example) => folds[example] !== fold && folds[example] !== first.fold,
      ),
    )
    .sort((a, b) => b.length - a.length);
  return { heldOut: first.heldOut, known, watched: count > 2 ? (watchable[0] ?? []) : [] };
}
