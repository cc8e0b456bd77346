/** The comparison in words: what to use, by which figures, and how far they can be trusted. */
import type { Adaptation } from '../../contract/adapt.ts';
import type { Gallery } from '../recognise/gallery.ts';
import { bestOf, type Method, SURE } from './figures.ts';
import type { Split } from './split.ts';

export const METHOD_WORDS: Readonly<Record<Method['method'], string>> = {
  knn: 'naming by neighbours (kNN)',
  linear: 'a linear head',
  finetuned: 'the fine-tuned encoder',
};

type Asked = Pick<Adaptation, 'heldOut' | 'pooled'>;

export function proposalOf(methods: readonly Method[], asked: Asked): string {
  const best = bestOf(methods);
  const [knn, , tuned] = methods;
  const { accuracy, interval, chance } = best.pooled ?? best;
  const [low, high] = interval.map(percent);
  const count = best.pooled ? asked.pooled.heldOut : asked.heldOut;
  const figures = `${percent(accuracy)} of ${count} held-out products right (95 % interval ${low} to ${high})`;
  const beside =
    tuned && best !== tuned
      ? ` Of the ${asked.heldOut} that fine-tuning was asked about it names ${percent(best.accuracy)}, the fine-tuned encoder ${percent(tuned.accuracy)}.`
      : '';
  if (best.method === 'knn') {
    return `Proposed: ${METHOD_WORDS.knn}, as without this comparison. It names ${figures}, and nothing else more.${beside}`;
  }
  const neighbours = `neighbours name ${percent((best.pooled ? knn.pooled! : knn).accuracy)} of them`;
  const against = `Proposed: ${METHOD_WORDS[best.method]}. It names ${figures}; ${neighbours}.${beside}`;
  if ((chance ?? 1) < SURE) return against;
  return `${against} So few products may differ so much by chance (p = ${chance!.toFixed(2)}): label more to be sure.`;
}

export interface Circumstances {
  readonly methods: readonly Method[];
  readonly gallery: Gallery;
  readonly split: Split;
  /** Earlier tuned encoders that nobody uses: the one that this comparison replaces, and the one that it leaves. */
  readonly replaced: string | null;
  readonly spare: string | null;
}

/** What the figures do not say by themselves. */
export function notesOn({ methods, gallery, split, replaced, spare }: Circumstances): string[] {
  const { examples, notIndexed } = gallery;
  const { tuning, parts } = split;
  const finetune = methods.some(({ method }) => method === 'finetuned');
  const asked = parts.flatMap(({ heldOut }) => heldOut).length;
  const labels = examples.labels.length;
  const learnt = examples.learnt?.reduce((sum, each) => sum + each, 0) ?? 0;
  const unasked = labels - asked - learnt;
  const share = (count: number) => `${count} (${percent(count / labels)})`;
  const inParts = `${parts.length === 1 ? 'One part' : `${parts.length} parts`} of the labelled photos`;
  return [
    `${inParts} were held out in turn, and what no way had learnt from was asked: ${asked} of ${labels} labels.`,
    'Photos of one camera within half a minute count as one: none of them is learnt from where another is held out. Other photos of the same facings make every method look better than it is on new shelves.',
    optimism(methods),
    ...(finetune
      ? [
          `Fine-tuning takes minutes, so it was done for one part: of ${labels} labels it learnt from ${share(tuning.learnt.length)}, ${share(tuning.watched.length)} told when to stop, and ${share(tuning.heldOut.length)} were asked.`,
          'It is not trained on the rest when you use it: those labels tell when its answer is Unknown.',
        ]
      : ['Fine-tuning was left out.']),
    ...(finetune && tuning.watched.length === 0
      ? ['Too few photos are left beside those to stop fine-tuning early, or to choose how the tuned encoder is read.']
      : []),
    ...(replaced ? [`${replaced}, fine-tuned for the comparison before, was deleted: nothing was named with it.`] : []),
    ...(spare ? [`${spare}, fine-tuned for an earlier comparison, is kept until another takes its place.`] : []),
    ...(learnt > 0 ? [`${learnt} labels on photos that the encoder itself learnt from were not asked.`] : []),
    ...(unasked > 0 ? [`${unasked} products are of SKUs that no other photo shows; they are not counted.`] : []),
    ...(notIndexed > 0 ? [`${notIndexed} labelled products are not indexed and were left out.`] : []),
  ];
}

/** The figure of the proposed way is the largest of several on the same regions. */
function optimism(methods: readonly Method[]): string {
  const best = bestOf(methods);
  const { accuracy } = best.pooled ?? best;
  return `What is proposed is the best of ${methods.length} on the same labels that its ${percent(accuracy)} is of, so that figure is a little optimistic.`;
}

const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
