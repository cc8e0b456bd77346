import type { Handlers } from '../../contract/call.ts';
import type { trainingCalls } from '../../contract/training.ts';
import type { CoreContext } from '../context.ts';
import { sampleCrops } from './crops.ts';
import { activateModel, finishRun, removeRun } from './endings.ts';
import { estimateTraining, recipeFor, trainingChoices } from './estimate.ts';
import { findLearningRate } from './find-rate.ts';
import { withWeights } from './going-on.ts';
import { runNeighbours, runRecordOf, saveRecord } from './insight.ts';
import { listRuns, oneRun, runAttention } from './listing.ts';
import { measureDevice } from './measure.ts';
import { pretrain } from './pretrain.ts';

export const trainingHandlers: Handlers<typeof trainingCalls, CoreContext> = {
  'training.pretrain': (input, context) => pretrain(input, context, { start: context.startTrainer }),
  'training.findRate': (input, context) => findLearningRate(input, context),
  'training.choices': async (input, { workspace }) =>
    trainingChoices(workspace, { ...input, wishes: await withWeights(workspace, input.wishes) }),
  'training.estimate': async (input, { workspace }) =>
    estimateTraining(workspace, { ...input, wishes: await withWeights(workspace, input.wishes) }),
  'training.measure': async (input, context) => {
    const from = performance.now();
    const { workspace } = context;
    const wishes = await withWeights(workspace, input.wishes);
    await measureDevice(recipeFor(workspace.database, { ...input, wishes }).recipe, context);
    return { seconds: (performance.now() - from) / 1000 };
  },
  'training.sampleCrops': async (input, context) =>
    sampleCrops({ ...input, wishes: await withWeights(context.workspace, input.wishes) }, context),
  'training.runs': async (_, { workspace }) => ({ runs: await listRuns(workspace) }),
  'training.run': ({ run }, { workspace }) => oneRun(workspace, run),
  'training.attention': ({ run }, { workspace }) => runAttention(workspace, run),
  'training.neighbours': ({ run }, { workspace }) => runNeighbours(workspace, run),
  'training.record': ({ run }, { workspace }) => runRecordOf(workspace, run),
  'training.saveRecord': (input, { workspace }) => saveRecord(workspace, input),
  'training.finish': ({ run }, { workspace }) => finishRun(workspace, run),
  'training.activate': async ({ model }, { workspace }) => activateModel(workspace, model),
  'training.deleteRun': ({ run, model }, { workspace }) => removeRun(workspace, run, model),
};
