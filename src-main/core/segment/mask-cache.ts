/**
 * The masks of a workspace's regions, kept in its cache for the exports. A mask is named by its region and that region's box, so that a box
 * which was moved has none until it is segmented again; the cache may be deleted at any time.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { writeFileAtomically } from '../../base/files.ts';
import type { Region } from '../../store/regions.ts';
import type { Workspace } from '../../store/workspace.ts';
import { maskPng, readMaskPng } from './cutout.ts';
import type { Mask } from './mask.ts';

export interface PlacedMask {
  /** Of the mask's upper left corner, in whole upright pixels of the photo. */
  readonly x: number;
  readonly y: number;
  readonly mask: Mask;
}

type Place = Pick<Region, 'id' | 'x' | 'y' | 'width' | 'height'>;

/** The mask lies at the box's whole pixels: see regionMask. */
function fileOf(workspace: Workspace, { id, x, y, width, height }: Place): string {
  return workspace.path('cache', 'masks', `${id}_${x}_${y}_${width}_${height}.png`);
}

export async function keepMask(workspace: Workspace, region: Place, mask: Mask): Promise<void> {
  await mkdir(workspace.path('cache', 'masks'), { recursive: true });
  await writeFileAtomically(fileOf(workspace, region), await maskPng(mask));
}

/** The region's mask, or null where it has not been segmented since its box was drawn. */
export async function keptMask(workspace: Workspace, region: Place): Promise<PlacedMask | null> {
  const file = fileOf(workspace, region);
  if (!existsSync(file)) return null;
  const mask = await readMaskPng(await readFile(file));
  return { x: Math.max(0, Math.floor(region.x)), y: Math.max(0, Math.floor(region.y)), mask };
}
