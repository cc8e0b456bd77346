// Files of weights that a recipe refers to: with the photos, all that a run needs and its record does not hold.
import type { Recipe } from '../../pretrain/config.ts';

export interface WeightFile {
  /** What the recipe does with it. */
  readonly use: 'start';
  readonly file: string;
}

export function weightFilesOf({ initialisation }: Recipe): WeightFile[] {
  return initialisation.kind === 'encoder' ? [{ use: 'start', file: initialisation.file }] : [];
}

/** The recipe with its files where they are now. @param places by their use */
export function withWeightFiles(recipe: Recipe, places: ReadonlyMap<string, string>): Recipe {
  const start = places.get('start');
  if (start === undefined || recipe.initialisation.kind !== 'encoder') return recipe;
  return { ...recipe, initialisation: { ...recipe.initialisation, file: start } };
}
