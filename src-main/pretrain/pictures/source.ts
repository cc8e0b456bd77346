// Product regions as training takes them: where the pixels are, and a stable identity.
import { createHash } from 'node:crypto';
import type { Box } from '../../vision/picture.ts';

/** One product region of the workspace. */
export interface PictureSource {
  /** SHA-256 of the photo's file; regions of one photo share it. */
  readonly photo: string;
  /** Where the photo's bytes are, absolute; null where no file is known any more. */
  readonly file: string | null;
  /** Upright size of the whole photo, pixels. */
  readonly photoWidth: number;
  readonly photoHeight: number;
  /** The region, in upright pixels of the photo. */
  readonly box: Box;
  /** SKU, where one is known. Training never sees it; the kNN accuracy reported along the way does. */
  readonly label: string | null;
}

/** What makes a picture the same picture in another workspace or another year: the photo's bytes and the box. */
export function identity(source: { readonly photo: string; readonly box: Box }): string {
  const { x, y, width, height } = source.box;
  return `${source.photo} ${x} ${y} ${width} ${height}`;
}

/** A short fingerprint of a list of identities and whatever else decides the content. */
export function fingerprint(parts: Iterable<string>): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\n');
  return hash.digest('hex').slice(0, 16);
}

/** Sorted by identity: the order of import must not decide what a seed draws. */
export function inStableOrder(sources: readonly PictureSource[]): PictureSource[] {
  return sources
    .map((source) => ({ source, key: identity(source) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ source }) => source);
}

/** Size at which a region is kept: the short side at most `shortSide`, never enlarged. */
export function keptSize(box: Box, shortSide: number): { width: number; height: number; scale: number } {
  const scale = Math.min(1, shortSide / Math.min(box.width, box.height));
  return {
    width: Math.max(1, Math.round(box.width * scale)),
    height: Math.max(1, Math.round(box.height * scale)),
    scale,
  };
}
