import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { normaliseRows } from '../../../src-main/pretrain/watch/features.ts';
import { NeighbourAlbum, type NeighbourLook } from '../../../src-main/pretrain/watch/neighbour-album.ts';
import {
  chooseQueries,
  NeighbourWatch,
  nearestOnOtherPhotos,
} from '../../../src-main/pretrain/watch/neighbour-watch.ts';
import type { Probe } from '../../../src-main/pretrain/watch/probe.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-neighbours-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const shelf = (photo: string, label: string | null = null) => ({ photo, label });

describe('the pictures that are asked about', () => {
  it('are labelled ones first, one a SKU, and never two of one photo', () => {
    const pictures = [
      shelf('a'),
      shelf('b', 'cola'),
      shelf('b', 'tea'),
      shelf('c', 'cola'),
      shelf('d', 'milk'),
      shelf('e'),
      shelf('a', null),
    ];
    expect(chooseQueries(pictures)).toEqual([1, 4, 3, 0, 5]);
    expect(chooseQueries([shelf('a'), shelf('a')])).toEqual([0]);
  });
});

describe('the neighbours of a picture', () => {
  it('are the most similar pictures of other photos, its own photo left out', () => {
    const features = Float32Array.from([1, 0, 0.99, 0.1, 0.8, 0.6, 0, 1, -1, 0]);
    normaliseRows(features, 2);
    const found = nearestOnOtherPhotos(features, ['a', 'a', 'b', 'c', 'd'], 0, 2);
    expect(found.map(({ place }) => place)).toEqual([2, 3]);
    expect(found[0].similarity).toBeCloseTo(0.8, 6);
    expect(found[1].similarity).toBeCloseTo(0, 6);
  });
});

describe('the album of neighbours', () => {
  const look = (step: number, neighbour: number): NeighbourLook => ({
    ...{ step, epoch: step / 10 },
    queries: [{ picture: 7, label: 'cola', neighbours: [{ picture: neighbour, similarity: 0.5, label: null }] }],
  });

  it('keeps every picture once, and a dozen looks from the first to the last', async () => {
    const album = new NeighbourAlbum(folder);
    const drawn: number[] = [];
    for (let step = 0; step < 40; step++) {
      await album.add(look(step, step % 3), async (picture) => {
        drawn.push(picture);
        return Uint8Array.of(picture);
      });
    }
    expect(drawn).toEqual([7, 0, 1, 2]);
    expect([...(await album.pictures()).keys()]).toEqual([0, 1, 2, 7]);
    const steps = (await album.looks()).map(({ step }) => step);
    expect(steps.length).toBeLessThanOrEqual(12);
    expect([steps[0], steps.at(-1)]).toEqual([0, 39]);
    expect((await album.looks())[0]).toEqual(look(0, 0));
  });
});

describe('a run that is resumed', () => {
  const seen = { width: 2, height: 2, data: new Uint8Array(12) };
  const probeOf = (pictures: readonly { number: number; photo: string; label: string | null }[]) =>
    ({ pictures, inputs: pictures.map(() => seen) }) as unknown as Probe;
  const features = Float32Array.from([1, 0, 0, 1, 0.6, 0.8]);
  const [a, b, c] = ['a', 'b', 'c'].map((photo, number) => ({ number, photo, label: null }));

  it('asks about the same pictures as before, whatever was labelled meanwhile', async () => {
    const album = new NeighbourAlbum(folder);
    const before = await NeighbourWatch.create(probeOf([a, b, c]), album);
    await before.look(features, 0, 0);
    const labelled = [c, { ...b, label: 'cola' }, a];
    const after = await NeighbourWatch.create(probeOf(labelled), album);
    await after.look(features, 4, 1);
    const [first, second] = await album.looks();
    expect(second.queries.map(({ picture }) => picture)).toEqual(first.queries.map(({ picture }) => picture));
    expect(second.queries[1].label).toBe('cola');
    expect(readdirSync(join(folder, 'neighbours')).filter((name) => name.endsWith('.jpg'))).toHaveLength(3);
  });

  it('begins anew where one of them is not looked at any more', async () => {
    const album = new NeighbourAlbum(folder);
    await (await NeighbourWatch.create(probeOf([a, b, c]), album)).look(features, 0, 0);
    const other = { ...c, number: 9 };
    await (await NeighbourWatch.create(probeOf([a, b, other]), album)).look(features, 4, 1);
    const looks = await album.looks();
    expect(looks.map(({ step }) => step)).toEqual([4]);
    expect(looks[0].queries.map(({ picture }) => picture)).toContain(9);
  });
});
