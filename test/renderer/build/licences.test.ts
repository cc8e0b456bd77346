import { join } from 'node:path';
import { expect, it } from 'vitest';
import { gatherLicences } from '../../../src-renderer/build/licences.ts';

it('every package that is shipped is listed with its licence, those that it brings along too', () => {
  const licences = gatherLicences(join(import.meta.dirname, '../../..'));
  const names = licences.map(({ name }) => name);
  // A dependency, one of a dependency, one that is bundled into the pages, and the program itself.
  for (const name of ['better-sqlite3', 'onnxruntime-common', 'svelte', 'electron']) expect(names).toContain(name);
  for (const name of ['vitest', '@biomejs/biome']) expect(names).not.toContain(name);
  for (const { licence, version } of licences) expect(`${licence} ${version}`).not.toContain('undefined');
  expect(licences.find(({ name }) => name === 'svelte')!.text).toContain('Permission is hereby granted');
});
