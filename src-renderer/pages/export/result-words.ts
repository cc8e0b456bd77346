/** What an export has written, in sentences. */
import { counted, duration } from '../../lib/format.ts';
import type { Result } from './plan.svelte.ts';

const nouns: Record<Result['format'], string> = {
  csv: 'row',
  json: 'product',
  xlsx: 'row',
  coco: 'annotation',
  imagefolder: 'picture',
};

export function headline({ format, products, photos, skus, seconds }: Result): string {
  const time = seconds < 1 ? 'less than a second' : duration(seconds);
  return `Wrote ${counted(products, nouns[format])} from ${counted(photos, 'photo')} with ${counted(skus, 'SKU')} in ${time}.`;
}

/** What else the reader should know; empty where all went as it should. */
export function remarks({ products, outlined, missing, absolute, turned }: Result): string[] {
  const lines: string[] = [];
  if (outlined !== null && outlined < products) {
    lines.push(`${counted(products - outlined, 'annotation')} of them have the box for an outline.`);
  }
  if (turned > 0)
    lines.push(`${counted(turned, 'photo')} copied upright, since COCO's readers would show them as they lie.`);
  if (missing > 0)
    lines.push(`${counted(missing, 'photo')} whose file is not where it was: import their folder again to find them.`);
  if (absolute > 0) lines.push(`${counted(absolute, 'photo')} on another drive: their paths are absolute.`);
  return lines;
}
