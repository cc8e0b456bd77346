// How the weights of a training start: at random but for what the photos and trained networks tell, or from weights that were trained before.
import { AS_ASKED, type Choice, type Choose } from './choice.ts';
import type { Initialisation, Recipe } from './config.ts';
import { PATCH_DEVIATION, type SizeRow } from './defaults.ts';
import type { Wishes } from './recipe.ts';

/** Steps until a new head hands on gradients worth following. */
const HEAD_FIRST = 500;

type Attention = SizeRow['attention'];

const UNUSED = 'not used: it starts from the weights that it goes on from';

/** @param usual how attention starts where nobody wishes otherwise */
export function chooseStart(
  wishes: Wishes,
  usual: Attention,
  choose: Choose,
  choices: Choice[],
): Pick<Recipe, 'initialisation' | 'frozenBackboneSteps' | 'mimetic'> {
  return {
    initialisation: chooseFirstLayer(wishes, choices),
    ...chooseFrozen(wishes, choose, choices),
    mimetic: chooseAttention(wishes, usual, choose, choices),
  };
}

function chooseFirstLayer({ from, start }: Wishes, choices: Choice[]): Initialisation {
  if (from && start) choices.push({ setting: 'first layer', value: start, reason: UNUSED });
  choices.push({
    setting: 'start',
    value: from ?? (start === 'random' ? 'random' : 'principal components'),
    reason:
      (from ?? start)
        ? AS_ASKED
        : 'the first layer starts with what varies between patches of these photos, which a short training has no time to find',
  });
  if (from) return { kind: 'encoder', file: from };
  return start === 'random' ? { kind: 'random' } : { kind: 'principal-components', deviation: PATCH_DEVIATION };
}

function chooseFrozen({ from, frozen }: Wishes, choose: Choose, choices: Choice[]): { frozenBackboneSteps?: number } {
  if (!from) {
    const reason =
      'not used: there are no weights to go on from, and a new encoder has to learn from the first step on';
    if (frozen) choices.push({ setting: 'frozen', value: String(frozen), reason });
    return {};
  }
  const frozenBackboneSteps = choose(
    'frozen',
    frozen,
    HEAD_FIRST,
    'steps, a tenth of all at most, for which the encoder keeps still: the head starts at random and would pull it about',
  );
  return { frozenBackboneSteps };
}

function chooseAttention({ from, attention }: Wishes, usual: Attention, choose: Choose, choices: Choice[]): boolean {
  if (from) {
    if (attention) choices.push({ setting: 'attention', value: attention, reason: UNUSED });
    return false;
  }
  const chosen = choose(
    'attention',
    attention,
    usual,
    usual === 'random'
      ? 'the official start, which a training makes its own'
      : 'starts with the structure that trained networks are found to have, which a short training has no time to find',
  );
  return chosen === 'mimetic';
}
