import type { Verb } from './verb.ts';
import { benchVerb } from './verbs/bench.ts';

/** Every verb, in the order of a first session: this is the order of the help. */
export const verbs: readonly Verb[] = [benchVerb];
