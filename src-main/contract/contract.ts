import { adaptCalls } from './adapt.ts';
import { browseCalls } from './browse.ts';
import { catalogueCalls } from './catalogue.ts';
import { compareCalls } from './compare.ts';
import { exportCalls } from './export.ts';
import { libraryCalls } from './library.ts';
import { modelCalls } from './models.ts';
import { pictureCalls } from './pictures.ts';
import { recogniseCalls } from './recognise.ts';
import { reviewCalls } from './review.ts';
import { sampleCalls } from './sample.ts';
import { segmentCalls } from './segment.ts';
import { settingsCalls } from './settings.ts';
import { trainingCalls } from './training.ts';

/** The whole contract: every call by name. Each room's calls are written in the file of that room. */
export const contract = {
  ...libraryCalls,
  ...browseCalls,
  ...pictureCalls,
  ...catalogueCalls,
  ...recogniseCalls,
  ...adaptCalls,
  ...reviewCalls,
  ...sampleCalls,
  ...segmentCalls,
  ...exportCalls,
  ...trainingCalls,
  ...compareCalls,
  ...modelCalls,
  ...settingsCalls,
} as const;

export type Contract = typeof contract;
