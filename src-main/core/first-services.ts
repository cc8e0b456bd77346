/**
 * What the first page asks of a workspace: lists and pictures. These are loaded before all others, which bring the engine along and take five times as
 * long.
 */

import type { browseCalls } from '../contract/browse.ts';
import type { Handlers } from '../contract/call.ts';
import type { pictureCalls } from '../contract/pictures.ts';
import type { CoreContext } from './context.ts';
import { browseHandlers } from './library/browse.ts';
import { pictureHandlers } from './pictures/service.ts';

export const firstServices: Handlers<typeof browseCalls & typeof pictureCalls, CoreContext> = {
  ...browseHandlers,
  ...pictureHandlers,
};
