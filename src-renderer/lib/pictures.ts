import { workspace } from '../state/workspace.svelte.ts';

/** The address of a picture by id: `thumbnail` and `photo` of a photo, `region` (a crop) of a region. */
export function pictureUrl(kind: 'thumbnail' | 'photo' | 'region', id: number): string {
  return `/picture/${kind}/${id}?w=${workspace.key}`;
}
