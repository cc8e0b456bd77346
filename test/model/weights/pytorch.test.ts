// Exported weights in the official network, where there is a PyTorch to run it.
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { exportEncoder } from '../../../src-main/model/weights/export.ts';
import { importWeights } from '../../../src-main/model/weights/import.ts';
import { expected, fixture, furthest } from './fixtures.ts';

const python = '/usr/bin/python3';
const hasTorch =
  spawnSync(python, ['-c', 'import importlib.util, sys; sys.exit(importlib.util.find_spec("torch") is None)'])
    .status === 0;

describe.skipIf(!hasTorch)('exported safetensors in PyTorch (skipped where python3 has no torch)', () => {
  test.each([
    ['huggingface-dinov2-registers.bin', 4, 16, 3, 1],
    ['timm-bfloat16.pt', 4, 12, 2, 0],
  ])(
    '%s loads strictly into the official network and gives the features of its own code',
    { timeout: 60_000 },
    async (name, ...network) => {
      const folder = await mkdtemp(join(tmpdir(), 'gondola-pytorch-'));
      try {
        const { description, weights } = await importWeights(fixture(name), { heads: 2 });
        const path = join(folder, 'out.safetensors');
        await exportEncoder(path, 'safetensors', description, weights);
        const script = [fixture('reload.py'), path, ...network.map(String)];
        const environment = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
        const { stdout } = await promisify(execFile)(python, script, { env: environment });
        expect(furthest(JSON.parse(stdout), expected.features[name].values)).toBeLessThan(1e-5);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  );
});
