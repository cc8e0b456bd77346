import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AttentionAlbum, type AttentionSnapshot } from '../../../src-main/pretrain/watch/album.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-album-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const look = (step: number): AttentionSnapshot => ({
  ...{ step, epoch: step / 10, heads: 1, rows: 1, columns: 2 },
  values: Uint8Array.of(step, 255),
});

it('an album gives back its pictures and looks, in the order of the steps', async () => {
  const album = new AttentionAlbum(folder);
  expect(await album.pictures()).toEqual([]);
  expect(await album.snapshots()).toEqual([]);
  await album.writePictures([Uint8Array.of(1), Uint8Array.of(2)]);
  await album.add(look(20));
  await album.add(look(3));
  expect(await album.pictures()).toEqual([Uint8Array.of(1), Uint8Array.of(2)]);
  expect(await album.snapshots()).toEqual([look(3), look(20)]);
});

it('an album of a long run stays small and still covers it from the first look to the last', async () => {
  const album = new AttentionAlbum(folder);
  for (let step = 0; step < 100; step++) await album.add(look(step));
  const steps = (await album.snapshots()).map(({ step }) => step);
  expect(steps.length).toBeLessThanOrEqual(12);
  expect(steps[0]).toBe(0);
  expect(steps.at(-1)).toBe(99);
  expect(steps[3]).toBeGreaterThan(10);
});

it('a run that goes back to its checkpoint loses the looks after it', async () => {
  const album = new AttentionAlbum(folder);
  for (const step of [0, 10, 20]) await album.add(look(step));
  await album.forgetAfter(10);
  expect((await album.snapshots()).map(({ step }) => step)).toEqual([0, 10]);
});
