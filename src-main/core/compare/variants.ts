/** From what was asked for to the trainings of a comparison: the variants, what they share, and what is left out. Nothing is started here. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { GondolaError } from '../../base/errors.ts';
import type { ComparisonRequest, Variant } from '../../contract/compare.ts';
import type { PretrainWishes } from '../../contract/training.ts';
import { objectiveNameOf, type Recipe } from '../../pretrain/config.ts';
import { BY_OBJECTIVE } from '../../pretrain/defaults.ts';
import type { ObjectiveName } from '../../pretrain/objectives/objective.ts';
import { OBJECTIVES } from '../../pretrain/objectives/objectives.ts';
import { chooseRecipe } from '../../pretrain/recipe.ts';
import { modelByName } from '../../store/models.ts';
import type { Workspace } from '../../store/workspace.ts';

/** A teacher that is known only when the others are trained. */
export const BEST = 'best';
const DISTILLATION = 'distillation';

export interface Plan {
  /** In the order of training: what needs the others comes last. */
  readonly variants: readonly Variant[];
  /** Sentences on what was asked for and cannot be. */
  readonly leftOut: readonly string[];
}

/** Whether this variant learns from a teacher that the others have to provide first. */
export function awaitsTeacher({ objective, teacher }: PretrainWishes): boolean {
  return objective === DISTILLATION && teacher === undefined;
}

/** What people read of an objective; null for one that this program does not know. */
export function objectiveNamed(name: string): { name: string; title: string; paper: string; idea: string } | null {
  if (!Object.hasOwn(OBJECTIVES, name)) return null;
  const { title, paper, idea } = OBJECTIVES[name as keyof typeof OBJECTIVES];
  return { name, title, paper, idea };
}

/**
 * The variants with all their wishes. Every one is tried out on paper, so that a slip is told now and not after hours.
 * @throws GondolaError `compare-empty`, `compare-twice`, `compare-wishes`, `objective-unknown`, `teacher-missing`, and those of `chooseRecipe`
 */
export function planVariants(workspace: Workspace, request: ComparisonRequest, pictures: number): Plan {
  const leftOut: string[] = [];
  const teacher = request.teacher === null ? null : teacherFile(workspace, request.teacher);
  const asked = [...request.objectives.map(objectiveVariant), ...request.variants];
  const variants = asked.flatMap((variant) => {
    refuseBudget(variant.wishes, `The variant ${variant.name}`);
    const own = { ...request.wishes, ...variant.wishes };
    if (!awaitsTeacher(own)) return [{ ...variant, wishes: own }];
    if (teacher === null) {
      leftOut.push(`${variant.name} is left out: it learns from a fixed teacher, and none was given.`);
      return [];
    }
    return [{ ...variant, wishes: teacher === BEST ? own : { ...own, teacher } }];
  });
  refuseBudget(request.wishes, 'What all have in common');
  refuseTwins(variants);
  if (variants.length === 0) {
    throw new GondolaError(
      'compare-empty',
      leftOut[0] ?? 'Nothing to compare was named.',
      leftOut.length > 0
        ? 'Give a teacher: the name of an encoder, a weight file, or `best` with other objectives beside it.'
        : 'Name some objectives, e.g. dino,simclr, or give variants.',
    );
  }
  const late = variants.filter(({ wishes }) => awaitsTeacher(wishes));
  if (late.length === variants.length) {
    throw new GondolaError(
      'compare-empty',
      `The teacher was to be the best of the others, and ${late[0].name} has no others beside it.`,
      'Compare it with other objectives, or name the teacher.',
    );
  }
  const ordered = [...variants.filter((variant) => !late.includes(variant)), ...late];
  return { variants: alike(ordered, request, pictures).map(named), leftOut };

  // What a default chose is written down, so that the table still says it when defaults are others.
  function named(variant: Variant): Variant {
    if (variant.wishes.objective) return variant;
    const { objective } = recipeOf(wishesOf(variant, request, request.seeds[0]), pictures, request.device);
    return { ...variant, wishes: { ...variant.wishes, objective } };
  }
}

/** The wishes of one training. */
export function wishesOf({ wishes }: Variant, { budget }: ComparisonRequest, seed: number): PretrainWishes {
  return { ...wishes, [budget.kind]: budget.amount, seed };
}

/** The whole recipe of a training. @throws those of `chooseRecipe` */
export function recipeOf(wishes: PretrainWishes, pictures: number, device: string): Recipe {
  // A teacher that is not trained yet is of no matter for what this is asked for.
  const known = awaitsTeacher(wishes) ? { ...wishes, objective: undefined } : wishes;
  return chooseRecipe({ pictures, cores: availableParallelism(), device }, known).recipe;
}

function objectiveVariant(name: string): Variant {
  if (!objectiveNamed(name)) {
    throw new GondolaError(
      'objective-unknown',
      `There is no objective "${name}".`,
      `There are ${Object.keys(OBJECTIVES).join(', ')}.`,
    );
  }
  return { name, wishes: { objective: name as PretrainWishes['objective'] } };
}

/** What a model of the workspace, or a file, is as a teacher. */
function teacherFile(workspace: Workspace, named: string): string {
  if (named === BEST) return BEST;
  const model = modelByName(workspace.database, named);
  if (model?.path) return workspace.path(model.path);
  const file = resolve(named);
  if (existsSync(file)) return file;
  throw new GondolaError(
    'teacher-missing',
    `${named} is neither an encoder of this workspace nor a file.`,
    'Give the name of an encoder, a weight file, or `best`, which takes the best of the others.',
  );
}

/** The budget and the seeds are those of the comparison. */
function refuseBudget(wishes: PretrainWishes, whose: string): void {
  const own = (['minutes', 'steps', 'epochs', 'seed'] as const).find((wish) => wishes[wish] !== undefined);
  if (own === undefined) return;
  throw new GondolaError(
    'compare-wishes',
    `${whose} wishes for ${own}, which would not be the same for all.`,
    'Budget and seeds belong to the whole comparison: take the wish out.',
  );
}

function refuseTwins(variants: readonly Variant[]): void {
  const seen = new Set<string>();
  for (const { name } of variants) {
    if (seen.has(name)) {
      throw new GondolaError('compare-twice', `Two variants are called ${name}.`, 'Give each a name of its own.');
    }
    seen.add(name);
  }
}

/** What decides the network and its crops: they go together. */
const NETWORK = ['model', 'image', 'local', 'locals', 'preset'] as const;

/**
 * The same network, crops and drop path for all that do not wish for others: where defaults differ from one to the next, the first one's are taken. So is
 * how attention starts, but for objectives that have a start of their own. Batches and rates stay each one's own.
 */
function alike(variants: readonly Variant[], request: ComparisonRequest, pictures: number): Variant[] {
  const [first] = variants;
  const recipe = (variant: Variant) => recipeOf(wishesOf(variant, request, request.seeds[0]), pictures, request.device);
  const common = settingsOf(recipe(first));
  return variants.map((variant) => {
    const own = settingsOf(recipe(variant));
    const wished = { ...request.wishes, ...variant.wishes };
    const isOwnNetwork = NETWORK.some((key) => variant.wishes[key] !== request.wishes[key]);
    const { attention, dropPath, objective: _, ...network } = common;
    const differs = NETWORK.some((key) => own[key] !== common[key]);
    const fitted: PretrainWishes = {
      ...variant.wishes,
      ...(differs && !isOwnNetwork ? network : {}),
      ...(wished.dropPath === undefined && own.dropPath !== dropPath ? { dropPath } : {}),
      ...(wished.attention === undefined && own.attention !== attention && !hasOwnStart(own.objective)
        ? { attention }
        : {}),
    };
    recipe({ ...variant, wishes: fitted });
    return { ...variant, wishes: fitted };
  });
}

function settingsOf(recipe: Recipe) {
  const { globalSize: image, localSize: local, locals, preset } = recipe.crops;
  return {
    ...{ model: recipe.model, image, local, locals, preset, dropPath: recipe.dropPath },
    attention: recipe.mimetic ? ('mimetic' as const) : ('random' as const),
    objective: objectiveNameOf(recipe),
  };
}

function hasOwnStart(objective: ObjectiveName): boolean {
  return BY_OBJECTIVE[objective].attention !== undefined;
}
