import type { Handlers } from '../../contract/call.ts';
import type { trainingCalls } from '../../contract/training.ts';
import type { CoreContext } from '../context.ts';
import { pretrain } from './pretrain.ts';

export const trainingHandlers: Handlers<typeof trainingCalls, CoreContext> = {
  'training.pretrain': (input, context) => pretrain(input, context, { start: context.startTrainer }),
};
