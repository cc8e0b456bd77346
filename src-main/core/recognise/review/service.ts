import type { Handlers } from '../../../contract/call.ts';
import type { reviewCalls } from '../../../contract/review.ts';
import { skus } from '../../../store/skus.ts';
import type { CoreContext } from '../../context.ts';
import { reviewBoard } from './board.ts';
import { lookAtProducts } from './look.ts';

export const reviewHandlers: Handlers<typeof reviewCalls, CoreContext> = {
  'review.queue': (input, { workspace }) => reviewBoard(workspace).queue(input),
  'review.group': (input, { workspace }) => reviewBoard(workspace).group(input),
  'review.names': async (_, { workspace }) => ({ names: skus(workspace.database).map(({ name }) => name) }),
  'review.look': (_, context) => lookAtProducts(context),
};
