// Files of weights that a recipe refers to: with the photos, all that a run needs and its record does not hold.
import type { Recipe } from '../../pretrain/config.ts';

export interface WeightFile {
  /** What the recipe does with it: begins with it, or learns from it. */
  readonly use: 'start' | 'teacher';
  readonly file: string;
}

export function weightFilesOf({ initialisation, teacher }: Recipe): WeightFile[] {
  return [
    ...(initialisation.kind === 'encoder' ? [{ use: 'start', file: initialisation.file } as const] : []),
    ...(teacher ? [{ use: 'teacher', file: teacher.file } as const] : []),
  ];
}

/** The recipe with its files where they are now. @param places by their use */
export function withWeightFiles(recipe: Recipe, places: ReadonlyMap<string, string>): Recipe {
  const { initialisation, teacher } = recipe;
  const start = places.get('start');
  const taught = places.get('teacher');
  return {
    ...recipe,
    ...(start !== undefined && initialisation.kind === 'encoder'
      ? { initialisation: { ...initialisation, file: start } }
      : {}),
    ...(taught !== undefined && teacher ? { teacher: { ...teacher, file: taught } } : {}),
  };
}
