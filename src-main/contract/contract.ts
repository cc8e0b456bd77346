import { catalogueCalls } from './catalogue.ts';
import { libraryCalls } from './library.ts';

/** The whole contract: every call by name. Each room's calls are written in the file of that room. */
export const contract = { ...libraryCalls, ...catalogueCalls } as const;

export type Contract = typeof contract;
