import type { Handlers } from '../../contract/call.ts';
import type { recogniseCalls } from '../../contract/recognise.ts';
import type { CoreContext } from '../context.ts';
import { deviceChoices } from '../settings/devices.ts';
import { classify } from './classify.ts';
import { evaluate } from './evaluate.ts';
import { indexWorkspace } from './index.ts';
import { searchHandlers } from './search-service.ts';

export const recogniseHandlers: Handlers<typeof recogniseCalls, CoreContext> = {
  'recognise.index': ({ device }, context) =>
    indexWorkspace(device ?? deviceChoices(context.workspace.database).indexing, context),
  'recognise.classify': (_, context) => classify(context),
  'recognise.evaluate': (input, context) => evaluate(input, context),
  ...searchHandlers,
};
