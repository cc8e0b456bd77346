import type { Verb } from './verb.ts';
import { benchVerb } from './verbs/bench.ts';
import { classifyVerb } from './verbs/classify.ts';
import { demoVerb } from './verbs/demo.ts';
import { evaluateVerb } from './verbs/evaluate.ts';
import { exportVerb } from './verbs/export.ts';
import { importVerb } from './verbs/import.ts';
import { indexVerb } from './verbs/index.ts';
import { initVerb } from './verbs/init.ts';
import { labelVerb } from './verbs/label.ts';
import { pretrainVerb } from './verbs/pretrain.ts';
import { sampleVerb } from './verbs/sample.ts';
import { searchVerb } from './verbs/search.ts';
import { segmentVerb } from './verbs/segment.ts';
import { statusVerb } from './verbs/status.ts';
import { verifyVerb } from './verbs/verify.ts';

/** Every verb, in the order of a first session: this is the order of the help. */
export const verbs: readonly Verb[] = [
  initVerb,
  importVerb,
  labelVerb,
  pretrainVerb,
  indexVerb,
  classifyVerb,
  evaluateVerb,
  searchVerb,
  segmentVerb,
  exportVerb,
  statusVerb,
  sampleVerb,
  demoVerb,
  verifyVerb,
  benchVerb,
];
