// Training that goes on from weights which were brought along.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unattended } from '../../../src-main/base/progress.ts';
import { importPhotos } from '../../../src-main/core/library/import.ts';
import { importModel } from '../../../src-main/core/models/import.ts';
import { withWeights } from '../../../src-main/core/training/going-on.ts';
import { pretrain } from '../../../src-main/core/training/pretrain.ts';
import { inspectWeights } from '../../../src-main/model/weights/import.ts';
import { readSafetensors } from '../../../src-main/model/weights/safetensors.ts';
import { chooseRecipe, planOf } from '../../../src-main/pretrain/recipe.ts';
import { Workspace } from '../../../src-main/store/workspace.ts';
import { fixture } from '../../model/weights/fixtures.ts';
import { drawPhotos } from '../../pretrain/photos.ts';

let folder: string;
let workspace: Workspace;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-going-on-'));
  await drawPhotos(join(folder, 'photos'), 8);
  workspace = Workspace.create(join(folder, 'workspace'));
  await importPhotos(workspace, { paths: [join(folder, 'photos')] }, unattended);
});
afterAll(() => {
  workspace.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('going on from imported weights', () => {
  it('takes the network of the weights as the model, and refuses another one', async () => {
    const input = { file: fixture('dinov2-registers.pth'), name: 'brought', heads: 2, activate: false };
    await importModel(input, { ...unattended, workspace });
    const wishes = await withWeights(workspace, { from: 'brought' });
    expect(wishes).toEqual({
      from: workspace.path('models', 'brought.safetensors'),
      model: 'vit-12x2x2/14+2reg+scale+antialias',
      embedding: 'class',
    });
    await expect(withWeights(workspace, { from: 'brought', model: 'vit-tiny/16' })).rejects.toThrow(
      'brought is a vit-12x2x2/14+2reg+scale+antialias, and vit-tiny/16 was asked for',
    );
    await expect(withWeights(workspace, { from: 'nothing' })).rejects.toThrow(
      'neither an encoder of the workspace nor',
    );
  });

  it('starts with a still encoder and a lower rate, and says why', async () => {
    const circumstances = { pictures: 1000, cores: 2, device: 'cpu' };
    const usual = chooseRecipe(circumstances, { model: 'vit-tiny/16' }).recipe;
    const { recipe, choices } = chooseRecipe(circumstances, { from: '/weights', model: 'vit-tiny/16' });
    expect(recipe.learningRate / usual.learningRate).toBeCloseTo(0.2, 2);
    expect(usual.frozenBackboneSteps).toBeUndefined();
    expect(planOf(recipe, 400, 50).frozenBackboneSteps).toBe(40);
    expect(planOf(recipe, 100_000, 50).frozenBackboneSteps).toBe(500);
    const reasons = Object.fromEntries(choices.map(({ setting, reason }) => [setting, reason]));
    expect(reasons.model).toContain('weights that it goes on from');
    expect(reasons.frozen).toContain('the head starts at random');
    expect(reasons['learning rate']).toContain('a fifth of the usual');
    const wished = chooseRecipe(circumstances, {
      from: '/weights',
      model: 'vit-tiny/16',
      frozen: 0,
      learningRate: 1e-4,
    });
    expect(planOf(wished.recipe, 400, 50).frozenBackboneSteps).toBeUndefined();
    expect(wished.recipe.learningRate).toBe(1e-4);
  });

  it('trains on from a workspace’s encoder, whose weights stay as they are while it keeps still', {
    timeout: 120_000,
  }, async () => {
    const wishes = { from: 'brought', image: 28, local: 14, locals: 1, batch: 4, prototypes: 32, epochs: 1 };
    const context = { ...unattended, workspace };
    // Two steps, of which the first one keeps the encoder still; the learning rate begins at zero there.
    const result = await pretrain({ wishes, name: 'onward', device: 'cpu', resume: false }, context);
    expect(result).toMatchObject({ state: 'finished', steps: 2 });
    const path = workspace.path('models', 'onward.safetensors');
    const { description } = await inspectWeights(path);
    expect(description.architecture).toMatchObject({ heads: 2, patch: 14, registers: 2, layerScale: true });
    const [before, after] = [
      await readSafetensors(workspace.path('models', 'brought.safetensors')),
      await readSafetensors(path),
    ];
    const values = (of: typeof before) => of.tensors.get('blocks.0.mlp.fc1.weight')!.values;
    const moved = values(after).map((value, i) => Math.abs(value - values(before)[i]));
    const furthest = moved.reduce((most, value) => Math.max(most, value), 0);
    expect(furthest).toBeLessThan(1e-3);
  });
});
