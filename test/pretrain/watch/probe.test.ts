import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Random } from '../../../src-main/base/random.ts';
import { openRuntime } from '../../../src-main/engine/devices.ts';
import { embeddingWidth } from '../../../src-main/model/backbone.ts';
import { PictureFile } from '../../../src-main/pretrain/pictures/cache.ts';
import { normaliseRows } from '../../../src-main/pretrain/watch/features.ts';
import { leaveOnePhotoOut } from '../../../src-main/pretrain/watch/neighbours.ts';
import { Probe } from '../../../src-main/pretrain/watch/probe.ts';
import { architecture } from '../objectives/tiny.ts';

const folder = mkdtempSync(join(tmpdir(), 'gondola-probe-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const COUNT = 64;
const SIDE = 16;

it('tells what naming would get right: light that all photos vary in does not hide what sets two SKUs apart', async () => {
  const file = join(folder, 'pictures');
  writeFileSync(file, new Uint8Array(COUNT * SIDE * SIDE * 3));
  const cached = Array.from({ length: COUNT }, (_, i) => ({ offset: i * SIDE * SIDE * 3, width: SIDE, height: SIDE }));
  const pictures = cached.map((_, i) => ({ photo: `photo ${i}`, label: i % 2 ? 'cola' : 'tea' }));
  const runtime = await openRuntime('cpu');
  const pictureFile = new PictureFile(file, cached);
  const probe = await Probe.create(runtime, architecture, pictureFile, pictures, { size: SIDE, limit: COUNT });
  const dimensions = embeddingWidth(architecture);
  const random = new Random(1);
  const features = new Float32Array(COUNT * dimensions);
  for (const [row, { label }] of probe.pictures.entries()) {
    for (let i = 0; i < dimensions; i++) features[row * dimensions + i] = 0.01 * random.normal();
    features[row * dimensions] += 5 + 3 * random.normal();
    features[row * dimensions + 1] += label === 'cola' ? 0.6 : -0.6;
    features[row * dimensions + 2] += 3 * random.normal();
  }
  const { knn, asked, placed } = probe.report(features);
  expect(asked).toBe(COUNT);
  expect(knn).toBeGreaterThan(0.95);
  const [labels, photos] = [probe.pictures.map(({ label }) => label!), probe.pictures.map(({ photo }) => photo)];
  expect(leaveOnePhotoOut({ features: placed, dimensions, labels, photos })).toBe(knn);
  normaliseRows(features, dimensions);
  expect(leaveOnePhotoOut({ features, dimensions, labels, photos })).toBeLessThan(0.85);
  await probe.dispose();
  pictureFile.close();
});
