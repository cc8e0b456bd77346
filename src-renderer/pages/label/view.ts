import type { ReviewMember } from '../../../src-main/contract/review.ts';

export interface View {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Width by height of what is shown. */
const ASPECT = 4 / 3;
/** How many times the product's own size is shown around it: the neighbours on the shelf help to tell what it is. */
const SURROUNDINGS = 1.8;

/** The part of a photo to show, in its upright pixels: around the product, moved into the photo where it would look past its edge. */
export function viewAround(
  member: Pick<ReviewMember, 'x' | 'y' | 'width' | 'height' | 'photoWidth' | 'photoHeight'>,
  what: 'region' | 'photo',
): View {
  const { photoWidth, photoHeight } = member;
  if (what === 'photo') return { x: 0, y: 0, width: photoWidth, height: photoHeight };
  const wanted = Math.max(member.height * SURROUNDINGS, (member.width * SURROUNDINGS) / ASPECT);
  // No more than the whole photo.
  const height = Math.min(wanted, Math.max(photoHeight, photoWidth / ASPECT));
  const width = height * ASPECT;
  const along = (middle: number, size: number, whole: number) =>
    size >= whole ? (whole - size) / 2 : Math.min(whole - size, Math.max(0, middle - size / 2));
  return {
    x: along(member.x + member.width / 2, width, photoWidth),
    y: along(member.y + member.height / 2, height, photoHeight),
    width,
    height,
  };
}
