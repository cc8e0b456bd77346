import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pretrainWishes } from '../../src-main/contract/training.ts';
import { objectiveOf, type Recipe } from '../../src-main/pretrain/config.ts';
import { gigaflopsPerImage } from '../../src-main/pretrain/cost.ts';
import { OBJECTIVE_NAMES } from '../../src-main/pretrain/objectives/objective.ts';
import { objectives } from '../../src-main/pretrain/objectives/objectives.ts';
import { chooseRecipe, type Wishes } from '../../src-main/pretrain/recipe.ts';
import { tinyRecipe } from './photos.ts';

const laptop = { cores: 2, device: 'cpu', pictures: 2640 };
const choose = (wishes: Wishes) => chooseRecipe(laptop, { minutes: 20, ...wishes });
let folder: string;
let teacher: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-objective-'));
  teacher = join(folder, 'large.safetensors');
  const architecture = { dimensions: 384, depth: 12, heads: 6, patch: 16, image: 96 };
  const description = { architecture, inputSize: 96, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
  writeFileSync(teacher.replace('.safetensors', '.json'), JSON.stringify(description));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the objective of a training', () => {
  it('is SimCLR where there are minutes, DINO where it or an option of it was asked for, and in the recipes of before there was a choice', () => {
    expect(choose({}).recipe.objective).toBe('simclr');
    expect(choose({ koleo: 0.1 }).recipe.objective).toBe('dino');
    const { objective: _, ...old } = tinyRecipe() as Recipe;
    expect(objectiveOf(old).name).toBe('dino');
  });

  it('is any that the contract names, each with its title and paper, and its own settings in the recipe', () => {
    expect(pretrainWishes.shape.objective.unwrap().options).toEqual([...OBJECTIVE_NAMES]);
    for (const { name, title, paper, averages } of objectives) {
      expect(paper).toMatch(/[A-Z][a-z]+ et al\. 20\d\d/);
      const { recipe, choices } = choose({ objective: name, ...(name === 'distillation' ? { teacher } : {}) });
      expect(choices).toContainEqual({ setting: 'objective', value: name, reason: 'as you asked' });
      const objective = objectiveOf(recipe);
      expect(objective.name).toBe(name);
      expect(title.toLowerCase()).toBe(name);
      expect(objective.teacher === 'average').toBe(averages);
      if (name !== 'dino') expect(recipe[name]).toBeDefined();
    }
  });

  it('takes KoLeo and iBOT with DINO alone, and says so otherwise', () => {
    const { recipe } = choose({ koleo: 0.1, ibot: 1 });
    expect(recipe).toMatchObject({ objective: 'dino', koleo: 0.1, ibot: 1 });
    expect(objectiveOf(recipe).draws).toBeDefined();
    expect(objectiveOf(choose({}).recipe).draws).toBeUndefined();
    expect(() => choose({ objective: 'byol', koleo: 0.1 })).toThrow(/options of DINO, and BYOL was asked for/);
  });

  it('has its number of prototypes where SwAV is asked for it', () => {
    expect(choose({ objective: 'swav', prototypes: 77 }).recipe.swav?.prototypes).toBe(77);
    const { recipe, choices } = choose({ objective: 'swav' });
    const told = choices.find(({ setting }) => setting === 'prototypes')!;
    expect(told.value).toBe(String(recipe.swav!.prototypes));
  });

  it('needs other photos beside each where it learns from what sets them apart', () => {
    for (const objective of ['simclr', 'swav', 'byol', 'simdino'] as const)
      expect(() => choose({ objective, batch: 1 })).toThrow(/a batch of 1 has only one/);
    expect(() => chooseRecipe({ pictures: 1, cores: 2, device: 'cpu' }, { minutes: 1 })).toThrow(/only one photo/);
    expect(choose({ objective: 'dino', batch: 1 }).recipe.batch).toBe(1);
  });

  it('costs less to compute without a teacher', () => {
    const cost = { model: 'vit-tiny/16', image: 96, local: 48, locals: 0 };
    const [dino, simclr] = (['dino', 'simclr'] as const).map((objective) => gigaflopsPerImage({ ...cost, objective }));
    expect(simclr / dino).toBeCloseTo(3 / 4, 6);
    expect(gigaflopsPerImage(cost)).toBe(dino);
  });

  it('distils from a named teacher, whose network the recipe keeps', () => {
    const { recipe } = choose({ objective: 'distillation', teacher });
    expect(recipe.teacher).toMatchObject({ file: teacher, architecture: { dimensions: 384 }, mean: [0.5, 0.5, 0.5] });
    const { parameters, teacherParameters } = objectiveOf(recipe);
    const shapeOf = (list: typeof parameters, wanted: string) => list.find(({ name }) => name === wanted)?.shape;
    expect(shapeOf(teacherParameters, 'encoder.cls_token')).toEqual([1, 1, 384]);
    expect(shapeOf(parameters, 'projector.weight')?.[0]).toBe(384);
  });

  it('says what is missing of a teacher', () => {
    expect(() => choose({ objective: 'distillation' })).toThrow(/needs a teacher/);
    expect(() => choose({ teacher })).toThrow(/A teacher was named, and SimCLR/);
    const gone = join(folder, 'gone.safetensors');
    expect(() => choose({ objective: 'distillation', teacher: gone })).toThrow(/gone\.json could not be read/);
    expect(() => choose({ objective: 'distillation', teacher: join(folder, 'net.pth') })).toThrow(/no \.safetensors/);
    writeFileSync(join(folder, 'odd.json'), '{"architecture":{}}');
    expect(() => choose({ objective: 'distillation', teacher: join(folder, 'odd.safetensors') })).toThrow(/odd\.json/);
  });
});
