/** The comparison in words: what to use, by which figures, and how far they can be trusted. */
import type { Adaptation } from '../../contract/adapt.ts';
import type { Gallery } from '../recognise/gallery.ts';
import type { Split } from './split.ts';

type Method = Adaptation['methods'][number];

export const METHOD_WORDS: Readonly<Record<Method['method'], string>> = {
  knn: 'naming by neighbours (kNN)',
  linear: 'a linear head',
  finetuned: 'the fine-tuned encoder',
};

/** A difference that chance explains so easily proves nothing. */
const SURE = 0.05;

export function proposalOf(methods: readonly Method[], heldOut: number): string {
  const best = methods.reduce((a, b) => (b.right > a.right ? b : a));
  const knn = methods.find(({ method }) => method === 'knn')!;
  const name = METHOD_WORDS[best.method];
  const [low, high] = best.interval.map(percent);
  const figures = `${percent(best.accuracy)} of ${heldOut} held-out products right (95 % interval ${low} to ${high})`;
  if (best.method === 'knn') {
    return `Proposed: ${name}, as without this comparison. It names ${figures}, and nothing else more.`;
  }
  const against = `Proposed: ${name}. It names ${figures}; neighbours name ${percent(knn.accuracy)}.`;
  if ((best.chance ?? 1) < SURE) return against;
  return `${against} So few products may differ so much by chance (p = ${best.chance!.toFixed(2)}): label more to be sure.`;
}

/** What the figures do not say by themselves. */
export function notesOn({
  finetune,
  gallery: { examples, notIndexed },
  split,
}: {
  readonly finetune: boolean;
  readonly gallery: Gallery;
  readonly split: Split;
}): string[] {
  const held = new Set(split.heldOut);
  const known = new Set(split.known);
  const alone = [...examples.labels.keys()].filter((example) => !held.has(example) && !known.has(example)).length;
  return [
    'Photos of one camera within half a minute count as one: none of them is learnt from where another is held out. Other photos of the same facings make every method look better than it is on new shelves.',
    ...(finetune ? [] : ['Fine-tuning was left out.']),
    ...(finetune && split.watched.length === 0
      ? ['No SKU is on two of the photos that are learnt from, so fine-tuning could not be stopped early.']
      : []),
    ...(alone > 0
      ? [`${alone} products on held-out photos are of SKUs that no other photo shows; they are not counted.`]
      : []),
    ...(notIndexed > 0 ? [`${notIndexed} labelled products are not indexed and were left out.`] : []),
  ];
}

const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
