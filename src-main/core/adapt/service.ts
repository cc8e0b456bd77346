import type { adaptCalls } from '../../contract/adapt.ts';
import type { Handlers } from '../../contract/call.ts';
import type { CoreContext } from '../context.ts';
import { compareMethods } from './adapt.ts';
import { lastComparison, useMethod } from './result.ts';

export const adaptHandlers: Handlers<typeof adaptCalls, CoreContext> = {
  'adapt.compare': (input, context) => compareMethods(input, context),
  'adapt.result': async (_, { workspace }) => ({ result: lastComparison(workspace.database) }),
  'adapt.use': async (input, { workspace }) => useMethod(workspace.database, input),
};
