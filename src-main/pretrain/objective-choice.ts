// What a training learns from, as wished, with all that the objective has of its own.
import { GondolaError } from '../base/errors.ts';
import { AS_ASKED, type Choice, type Choose } from './choice.ts';
import type { Recipe } from './config.ts';
import { BYOL_DEFAULTS } from './objectives/byol.ts';
import { DISTILLATION_DEFAULTS } from './objectives/distillation.ts';
import type { ObjectiveName } from './objectives/objective.ts';
import { OBJECTIVES } from './objectives/objectives.ts';
import { SIMCLR_DEFAULTS } from './objectives/simclr.ts';
import { SIMDINO_DEFAULTS } from './objectives/simdino.ts';
import { QUEUE_AFTER_PASSES, SWAV_DEFAULTS } from './objectives/swav.ts';
import { teacherIn } from './objectives/teacher.ts';
import type { Wishes } from './recipe.ts';

type OfObjective = Pick<
  Recipe,
  'objective' | 'koleo' | 'ibot' | 'teacher' | 'byol' | 'simclr' | 'swav' | 'simdino' | 'distillation'
>;

/**
 * @param objective as wished, or as the time allows
 * Reads the description of a distillation's teacher, and no other file.
 * @throws GondolaError `pretrain-wishes`, `teacher-missing`, `teacher-unreadable`, `encoder-unreadable`
 */
export function chooseObjective(
  wishes: Wishes,
  objective: ObjectiveName,
  pictures: number,
  choose: Choose,
): OfObjective {
  refuseForeign(wishes, objective);
  choose('objective', wishes.objective, objective, OBJECTIVES[objective].idea);
  switch (objective) {
    case 'dino':
      return { objective, ...chooseAdditions(wishes, choose) };
    case 'byol':
      return { objective, byol: BYOL_DEFAULTS };
    case 'simclr':
      return { objective, simclr: SIMCLR_DEFAULTS };
    case 'swav':
      return {
        objective,
        swav: {
          ...SWAV_DEFAULTS,
          prototypes: wishes.prototypes ?? SWAV_DEFAULTS.prototypes,
          queueAfter: QUEUE_AFTER_PASSES * pictures,
        },
      };
    case 'simdino':
      return { objective, simdino: SIMDINO_DEFAULTS };
    case 'distillation': {
      if (!wishes.teacher)
        throw new GondolaError(
          'teacher-missing',
          'A distillation needs a teacher, and none was named.',
          'Name the weight file of a larger encoder.',
        );
      choose('teacher', wishes.teacher, wishes.teacher, '');
      return { objective, teacher: teacherIn(wishes.teacher), distillation: DISTILLATION_DEFAULTS };
    }
  }
}

function chooseAdditions({ koleo, ibot }: Wishes, choose: Choose): Pick<Recipe, 'koleo' | 'ibot'> {
  if (koleo) choose('koleo', koleo, koleo, '');
  if (ibot) choose('ibot', ibot, ibot, '');
  return { ...(koleo ? { koleo } : {}), ...(ibot ? { ibot } : {}) };
}

/** Settings that not every objective has, and those that have them. */
const OWN: Readonly<Record<string, readonly ObjectiveName[]>> = {
  prototypes: ['dino', 'swav'],
  momentum: ['dino', 'byol', 'simdino'],
  'teacher temperature': ['dino'],
};

/** Without the settings that mean nothing to the objective; of those that were wished it is said. */
export function heeded(choices: readonly Choice[], objective: ObjectiveName): Choice[] {
  return choices.flatMap((choice) => {
    if (OWN[choice.setting]?.includes(objective) ?? true) return choice;
    const reason = `not used: ${OBJECTIVES[objective].title} has none`;
    return choice.reason === AS_ASKED ? { ...choice, reason } : [];
  });
}

/** Wishes that another objective would not heed. */
function refuseForeign({ koleo, ibot, teacher }: Wishes, objective: ObjectiveName): void {
  const { title } = OBJECTIVES[objective];
  if ((koleo || ibot) && objective !== 'dino')
    throw new GondolaError(
      'pretrain-wishes',
      `KoLeo and iBOT are options of DINO, and ${title} was asked for.`,
      'Leave them out, or choose DINO.',
    );
  if (teacher && objective !== 'distillation')
    throw new GondolaError(
      'pretrain-wishes',
      `A teacher was named, and ${title} has none of its own to name.`,
      'Choose distillation, or leave the teacher out.',
    );
}
