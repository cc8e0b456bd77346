import type { Handlers, OutputOf } from '../../contract/call.ts';
import type { ComparisonRequest, compareCalls } from '../../contract/compare.ts';
import { OBJECTIVES } from '../../pretrain/objectives/objectives.ts';
import { activeModel, models } from '../../store/models.ts';
import type { CoreContext } from '../context.ts';
import { estimateTraining } from '../training/estimate.ts';
import { sourcesToTrainOn } from '../training/sources.ts';
import { compare } from './compare.ts';
import { listComparisons, listedComparison } from './listing.ts';
import { removeComparison } from './remove.ts';
import { awaitsTeacher, objectiveNamed, planVariants, recipeOf, wishesOf } from './variants.ts';

export const compareHandlers: Handlers<typeof compareCalls, CoreContext> = {
  'compare.run': (input, context) => compare(input, context),
  'compare.plan': (request, context) => comparisonPlan(request, context),
  'compare.list': async (_, { workspace }) => ({ comparisons: listComparisons(workspace) }),
  'compare.one': async ({ name }, { workspace }) => listedComparison(workspace, name),
  'compare.remove': ({ name, runs }, { workspace }) => removeComparison(workspace, name, runs),
};

async function comparisonPlan(
  request: ComparisonRequest,
  { workspace }: CoreContext,
): Promise<OutputOf<(typeof compareCalls)['compare.plan']>> {
  const { database } = workspace;
  const pictures = sourcesToTrainOn(database).length;
  const { device, seeds } = request;
  const { variants, leftOut } = planVariants(workspace, request, pictures);
  const trainings: OutputOf<(typeof compareCalls)['compare.plan']>['trainings'] = [];
  for (const variant of variants) {
    const wishes = wishesOf(variant, request, seeds[0]);
    const known = awaitsTeacher(wishes) ? { ...wishes, objective: undefined } : wishes;
    const { seconds } = await estimateTraining(workspace, { wishes: known, device });
    for (const seed of seeds) trainings.push({ variant: variant.name, seed, seconds });
  }
  const { model, crops } = recipeOf(wishesOf(variants[0], request, seeds[0]), pictures, device);
  const locals = crops.locals > 0 ? ` + ${crops.locals} × ${crops.localSize}` : '';
  const active = activeModel(database)?.id;
  return {
    pictures,
    objectives: Object.keys(OBJECTIVES).map((name) => objectiveNamed(name)!),
    encoder: `${model}, crops of 2 × ${crops.globalSize}${locals} pixels`,
    trainings,
    seconds: trainings.some(({ seconds }) => seconds === null)
      ? null
      : trainings.reduce((sum, { seconds }) => sum + seconds!, 0),
    leftOut: [...leftOut],
    teachers: models(database)
      .filter(({ kind, path }) => kind === 'encoder' && path !== null)
      .sort((a, b) => Number(b.id === active) - Number(a.id === active) || b.id - a.id)
      .map(({ name }) => name),
  };
}
