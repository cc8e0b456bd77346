import type { Handlers } from '../../contract/call.ts';
import type { searchCalls } from '../../contract/search.ts';
import { photoAsJpeg, readPhotoHeader } from '../../vision/decode.ts';
import type { CoreContext } from '../context.ts';
import { drawMap, labelsOnMap, storedMapPoints } from './map/map.ts';
import { searchByBytes, searchByPicture, searchByRegion } from './search.ts';

/** The longer side of a picture that a page shows to be searched with, at most. */
const PREVIEW_SIDE = 1280;

export const searchHandlers: Handlers<typeof searchCalls, CoreContext> = {
  'recognise.search': async (input, context) => ({ results: await searchByPicture(input, context) }),
  'recognise.searchRegion': async (input, context) => ({ results: await searchByRegion(input, context) }),
  'recognise.searchPicture': async (input, context) => ({ results: await searchByBytes(input, context) }),
  'recognise.openPicture': async ({ bytes, name }) => {
    const { width, height } = await readPhotoHeader(bytes, name);
    return { width, height, preview: await photoAsJpeg(bytes, name, PREVIEW_SIDE) };
  },
  'recognise.map': ({ anew }, context) => drawMap(anew, context),
  'recognise.mapPoints': async (_, context) => ({ map: await storedMapPoints(context) }),
  'recognise.mapLabels': async ({ regions }, { workspace }) => labelsOnMap(workspace.database, regions),
};
