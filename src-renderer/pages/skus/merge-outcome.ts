/** What merging two SKUs will do, in sentences, before it is done. The same rules as core/catalogue/actions.ts: mergeSkus. */
import { counted } from '../../lib/format.ts';
import { facingsOf, type Sku, shortGtin } from './sku-order.ts';

const fields = ['brand', 'variant', 'size', 'category'] as const;

export function mergeOutcome(gone: Sku, kept: Sku): string[] {
  const sentences: string[] = [];
  const moving = facingsOf(gone);
  sentences.push(
    moving === 0
      ? `No product shows ${gone.name}, so none moves.`
      : `${counted(moving, 'product')} of ${gone.name} will be ${kept.name}, which then has ${counted(moving + facingsOf(kept), 'product')}.`,
  );
  const gtins = gone.gtins.filter((gtin) => !kept.gtins.includes(gtin)).map(shortGtin);
  if (gtins.length > 0)
    sentences.push(`${kept.name} gets the ${gtins.length === 1 ? 'GTIN' : 'GTINs'} ${gtins.join(', ')}.`);
  const filled = fields.filter((field) => kept[field] === null && gone[field] !== null);
  for (const field of filled) sentences.push(`Its ${field} becomes “${gone[field]}”, since it has none.`);
  const lost = fields.filter((field) => kept[field] !== null && gone[field] !== null && kept[field] !== gone[field]);
  for (const field of lost) sentences.push(`Its ${field} stays “${kept[field]}”; “${gone[field]}” is dropped.`);
  if (gone.chosenReference !== null && kept.chosenReference === null) {
    sentences.push(`The reference picture that was chosen for ${gone.name} becomes its own.`);
  }
  sentences.push(`The SKU ${gone.name} is gone. One undo brings all of it back.`);
  return sentences;
}
