// Encoders that come and go as files, as the command line and the page ask for it.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unattended } from '../../../src-main/base/progress.ts';
import { contract } from '../../../src-main/contract/contract.ts';
import { importPhotos } from '../../../src-main/core/library/import.ts';
import { services } from '../../../src-main/core/services.ts';
import { connectDirectly } from '../../../src-main/host/direct.ts';
import { activeModel } from '../../../src-main/store/models.ts';
import { Workspace } from '../../../src-main/store/workspace.ts';
import { expected, featuresOf, fixture, furthest } from '../../model/weights/fixtures.ts';
import { drawPhotos } from '../../pretrain/photos.ts';

let folder: string;
let workspace: Workspace;
const call = connectDirectly(contract, services);
const context = () => ({ ...unattended, workspace });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-models-'));
  workspace = Workspace.create(join(folder, 'workspace'));
});
afterAll(() => {
  workspace.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the encoders of a workspace', () => {
  it('a weight file is looked into first, and imported under a name of its own as the active model', async () => {
    const file = fixture('dino-checkpoint.pth');
    const plan = await call('models.inspect', { file, heads: 2 }, context());
    expect(plan).toMatchObject({ name: 'dino-checkpoint', dimensions: 12, inputSize: 16 });
    expect((await call('models.list', {}, context())).models).toEqual([]);

    const result = await call('models.import', { file, heads: 2 }, context());
    expect(result).toMatchObject({ model: 'dino-checkpoint', active: true });
    expect(result.architecture).toContain('2 blocks × 12');
    expect(activeModel(workspace.database)).toMatchObject({
      name: 'dino-checkpoint',
      path: 'models/dino-checkpoint.safetensors',
    });
    const features = await featuresOf(workspace.path('models', 'dino-checkpoint.safetensors'), {});
    expect(furthest(features, expected.features['dino-checkpoint.pth'].values)).toBeLessThan(1e-5);

    const again = await call('models.import', { file, heads: 2, activate: false, input: 24 }, context());
    expect(again).toMatchObject({ model: 'dino-checkpoint-2', active: false, inputSize: 24 });
    await expect(call('models.import', { file, heads: 2, name: 'dino-checkpoint' }, context())).rejects.toMatchObject({
      code: 'model-exists',
    });
    const { models } = await call('models.list', {}, context());
    expect(models.map(({ name, active, importedFrom, run }) => ({ name, active, importedFrom, run }))).toEqual([
      { name: 'dino-checkpoint-2', active: false, importedFrom: 'dino-checkpoint.pth', run: null },
      { name: 'dino-checkpoint', active: true, importedFrom: 'dino-checkpoint.pth', run: null },
    ]);
  });

  it('products are indexed with an imported encoder as with one of its own', { timeout: 60_000 }, async () => {
    await drawPhotos(join(folder, 'photos'), 3);
    await importPhotos(workspace, { paths: [join(folder, 'photos')] }, unattended);
    const summary = await call('recognise.index', {}, context());
    expect(summary).toMatchObject({ embedded: 3, model: 'dino-checkpoint', problems: [] });
    const { models } = await call('models.list', {}, context());
    expect(models.find(({ active }) => active)).toMatchObject({ embeddings: 3 });
  });

  it('leaves for other programs under a name that was not taken, or one that may be replaced', async () => {
    const out = join(folder, 'given', 'away');
    const first = await call('models.export', { model: 'dino-checkpoint', format: 'onnx', out }, context());
    expect(first.file).toBe(join(out, 'dino-checkpoint.onnx'));
    expect(existsSync(first.beside)).toBe(true);
    const both = await call('models.export', { model: 'dino-checkpoint', format: 'safetensors', out }, context());
    expect(both.file).toBe(join(out, 'dino-checkpoint.safetensors'));
    expect(both.beside).not.toBe(first.beside);
    const weights = { model: 'dino-checkpoint', format: 'safetensors', out: join(out, 'x.safetensors') } as const;
    await call('models.export', weights, context());
    await expect(call('models.export', weights, context())).rejects.toMatchObject({ code: 'out-exists' });
    await call('models.export', { ...weights, replace: true }, context());
    await expect(call('models.export', { ...weights, out: join(out, 'x.onnx') }, context())).rejects.toThrow(
      /does not end as safetensors/,
    );
    await expect(call('models.export', { ...weights, model: 'nobody' }, context())).rejects.toThrow(
      /no encoder named nobody.*/,
    );
    writeFileSync(join(folder, 'a-file'), '');
    await expect(
      call('models.export', { ...weights, out: join(folder, 'a-file', 'x.safetensors') }, context()),
    ).rejects.toMatchObject({ code: 'out-unwritable' });
  });

  it('is deleted with its files and its vectors', async () => {
    const { freed } = await call('models.delete', { model: 'dino-checkpoint' }, context());
    expect(freed).toBeGreaterThan(10_000);
    expect(existsSync(workspace.path('models', 'dino-checkpoint.safetensors'))).toBe(false);
    expect(existsSync(workspace.path('models', 'dino-checkpoint.json'))).toBe(false);
    expect(activeModel(workspace.database)).toBeUndefined();
    await expect(call('models.delete', { model: 'dino-checkpoint' }, context())).rejects.toMatchObject({
      code: 'model-unknown',
    });
  });

  it('stays as it was when a file cannot be read', async () => {
    const before = await call('models.list', {}, context());
    await expect(call('models.import', { file: fixture('expected.json') }, context())).rejects.toMatchObject({
      code: 'weights-format',
    });
    await expect(call('models.import', { file: fixture('dino.pth') }, context())).rejects.toMatchObject({
      code: 'weights-heads',
    });
    expect(await call('models.list', {}, context())).toEqual(before);
  });
});
