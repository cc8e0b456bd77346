import { initial } from './001-initial.ts';
import { skuReference } from './002-sku-reference.ts';
import { photoChecks } from './003-photo-checks.ts';
import { comparisons } from './004-comparisons.ts';

/**
 * Every step of the schema, oldest first; the step at index n takes a database from user_version n to n + 1. A released step
 * is never edited: what is wrong with it is put right by the next one.
 */
export const migrations: readonly string[] = [initial, skuReference, photoChecks, comparisons];
