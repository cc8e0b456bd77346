import { catalogueCalls } from './catalogue.ts';
import { libraryCalls } from './library.ts';
import { sampleCalls } from './sample.ts';

/** The whole contract: every call by name. Each room's calls are written in the file of that room. */
export const contract = { ...libraryCalls, ...catalogueCalls, ...sampleCalls } as const;

export type Contract = typeof contract;
