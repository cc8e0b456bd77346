// How long a training is, and what ends it before.
import { GondolaError } from '../base/errors.ts';
import { AS_ASKED, type Choice, type Choose } from './choice.ts';
import type { Length } from './config.ts';
import { DEFAULT_MINUTES, PATIENCE, PATIENT_FROM_EPOCHS } from './defaults.ts';
import type { Wishes } from './recipe.ts';

export function chooseEnding(wishes: Wishes, length: Length, choose: Choose) {
  const isPatient = length.kind === 'epochs' && length.epochs >= PATIENT_FROM_EPOCHS;
  const patience = choose(
    'patience',
    wishes.patience,
    isPatient ? PATIENCE : 0,
    isPatient
      ? 'looks without a better kNN accuracy after which a long run ends; its best encoder is kept. Needs labels'
      : 'a run whose end is near is never ended early: it gains most while its learning rate falls',
  );
  const onCollapse = choose(
    'on collapse',
    wishes.onCollapse,
    'warn',
    'says so and goes on, since most collapses at the start of a run pass',
  );
  return { patience, onCollapse };
}

export function chooseLength(wishes: Wishes, choices: Choice[]): Length {
  const given = (['epochs', 'steps', 'minutes'] as const).filter((length) => wishes[length] !== undefined);
  if (given.length > 1) {
    throw new GondolaError('pretrain-wishes', `Both ${given[0]} and ${given[1]} were given.`, 'Give one of them.');
  }
  if (wishes.epochs !== undefined) {
    choices.push({ setting: 'epochs', value: String(wishes.epochs), reason: AS_ASKED });
    return { kind: 'epochs', epochs: wishes.epochs };
  }
  if (wishes.steps !== undefined) {
    choices.push({ setting: 'steps', value: String(wishes.steps), reason: AS_ASKED });
    return { kind: 'steps', steps: wishes.steps };
  }
  const minutes = wishes.minutes ?? DEFAULT_MINUTES;
  choices.push({
    setting: 'minutes',
    value: String(minutes),
    reason: wishes.minutes === undefined ? 'a first useful result; longer is better' : AS_ASKED,
  });
  return { kind: 'minutes', minutes };
}
