/**
 * Crops of regions. A photo is decoded once and all its boxes are cut from that, those first that somebody waits for; they stay in the workspace's
 * cache by the photo's hash and the box, so that they outlive a restart and a box that is drawn anew is cut anew.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Photo } from '../../store/photos.ts';
import { photoRegions, type Region } from '../../store/regions.ts';
import type { Workspace } from '../../store/workspace.ts';
import { cutAsJpeg } from '../../vision/cut.ts';
import { decodeUpright } from '../../vision/decode.ts';
import type { Box, Picture } from '../../vision/picture.ts';
import type { Asks } from './desk.ts';
import { keep } from './keep.ts';
import { readOriginal } from './original.ts';

/** The longer side of a crop, at most. */
export const cutSide = 320;

/** Crops that are cut and written at a time, of one photo: one is cut while another is written. */
const abreast = 2;

function folderOf(workspace: Workspace, sha256: string): string {
  return workspace.path('cache', 'regions', sha256.slice(0, 2), sha256);
}

function nameOf({ x, y, width, height }: Box): string {
  return `${x}_${y}_${width}_${height}.jpg`;
}

/** The crop of a region, if it was cut before. */
export async function readCut(workspace: Workspace, sha256: string, region: Region): Promise<Uint8Array | null> {
  try {
    return await readFile(join(folderOf(workspace, sha256), nameOf(region)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Cuts every box of a photo that is not in the cache yet, and answers those who wait. */
export async function cutBoxes(workspace: Workspace, photo: Photo, asks: Asks<Region, Uint8Array>): Promise<void> {
  const folder = folderOf(workspace, photo.sha256);
  const present = new Set(await namesIn(folder));
  const boxes = photoRegions(workspace.database, photo.id).filter((region) => region.kind === 'box');
  const missing = new Map(boxes.filter((box) => !present.has(nameOf(box))).map((box) => [box.id, box]));
  const picture = await decodeFor(workspace, photo, boxes);

  const cutNext = async (): Promise<void> => {
    for (;;) {
      const asked = asks.values().next().value;
      const region = asked?.wanted ?? missing.values().next().value;
      if (region === undefined) return;
      const waiting = [...asks].filter((ask) => ask.wanted.id === region.id);
      for (const ask of waiting) asks.delete(ask);
      missing.delete(region.id);
      try {
        const jpeg = await cutAsJpeg(picture, scaled(region, photo, picture), cutSide);
        await keep(join(folder, nameOf(region)), jpeg);
        for (const ask of waiting) ask.resolve(jpeg);
      } catch (error) {
        missing.clear();
        for (const ask of waiting) ask.reject(error);
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: abreast }, cutNext));
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** No finer than the smallest box needs: a JPEG at half size takes a quarter of the work. */
async function decodeFor(workspace: Workspace, photo: Photo, boxes: readonly Box[]): Promise<Picture> {
  const smallest = Math.min(...boxes.map(({ width, height }) => Math.max(width, height)));
  const level = Math.max(0, Math.floor(Math.log2(smallest / cutSide)));
  const bytes = await readOriginal(workspace, photo);
  const maximumSide = Math.ceil(Math.max(photo.width, photo.height) / 2 ** level);
  return decodeUpright(bytes, { name: `Photo ${photo.id}`, ...(level > 0 ? { maximumSide } : {}) });
}

function scaled({ x, y, width, height }: Box, photo: Photo, picture: Picture): Box {
  const across = picture.width / photo.width;
  const down = picture.height / photo.height;
  return { x: x * across, y: y * down, width: width * across, height: height * down };
}
