import { describe, expect, it } from 'vitest';
import { settingsOf } from '../../src-main/pretrain/config.ts';
import { gigaflopsPerImage } from '../../src-main/pretrain/cost.ts';
import { chooseRecipe, planOf, type Wishes } from '../../src-main/pretrain/recipe.ts';

const laptop = { cores: 2, device: 'cpu' };
const choose = (pictures: number, wishes: Wishes = {}) => chooseRecipe({ ...laptop, pictures }, wishes);

describe('the chosen defaults', () => {
  it('are small crops on a small network when a laptop has minutes', () => {
    const { recipe } = choose(2640, { minutes: 20 });
    expect(recipe.model).toBe('hvit-nano/16');
    expect(recipe.objective).toBe('simclr');
    expect(recipe.embedding).toEqual({ blocks: 1, input: 144 });
    expect(recipe.crops).toMatchObject({ globalSize: 96, localSize: 48, preset: 'products' });
    expect(recipe.head.prototypes).toBe(1024);
  });

  it('grow with the time there is', () => {
    const sizes = [20, 60 * 12, 60 * 24 * 30].map((minutes) => {
      const { model, crops } = choose(2640, { minutes }).recipe;
      return gigaflopsPerImage({ model, image: crops.globalSize, local: crops.localSize, locals: crops.locals });
    });
    expect(sizes[0]).toBeLessThan(sizes[1]);
    expect(sizes[1]).toBeLessThan(sizes[2]);
  });

  it('have more prototypes for more pictures', () => {
    const prototypes = [1000, 30_000, 90_000, 1_000_000].map((pictures) => choose(pictures).recipe.head.prototypes);
    expect(prototypes).toEqual([1024, 2048, 4096, 65_536]);
  });

  it('give way to every wish, and every one of them is told with its reason', () => {
    const wishes = {
      objective: 'dino',
      model: 'vit-small/8',
      image: 64,
      local: 32,
      locals: 3,
      epochs: 5,
      batch: 12,
      preset: 'paper',
      seed: 9,
      prototypes: 77,
      learningRate: 0.01,
    } as const;
    const { recipe, choices } = choose(500, wishes);
    expect(recipe).toMatchObject({
      model: 'vit-small/8',
      crops: { globalSize: 64, localSize: 32, locals: 3, preset: 'paper' },
      length: { kind: 'epochs', epochs: 5 },
      batch: 12,
      seed: 9,
      head: { prototypes: 77 },
      learningRate: 0.01,
    });
    expect(choices.every(({ value, reason }) => value !== '' && reason !== '')).toBe(true);
    expect(choices.filter(({ reason }) => reason === 'as you asked')).toHaveLength(Object.keys(wishes).length);
  });

  it('are those of the objective: what it has none of is not told, and a wish for it is said to be in vain', () => {
    const settings = ({ choices }: ReturnType<typeof choose>) => choices.map(({ setting }) => setting);
    expect(settings(choose(500, { objective: 'dino' }))).toEqual(expect.arrayContaining(['prototypes', 'momentum']));
    expect(settings(choose(500, { objective: 'simclr' }))).not.toContain('prototypes');
    const { choices } = choose(500, { objective: 'simclr', prototypes: 77 });
    expect(choices).toContainEqual({ setting: 'prototypes', value: '77', reason: 'not used: SimCLR has none' });
  });

  it('fit the patch of a model that was asked for', () => {
    const { crops } = choose(500, { model: 'vit-tiny/14' }).recipe;
    expect(crops.globalSize % 14).toBe(0);
    expect(crops.localSize % 14).toBe(0);
  });

  it('are never a batch larger than the pictures there are', () => {
    const { recipe, choices } = choose(5);
    expect(recipe.batch).toBe(5);
    expect(choices.some(({ reason }) => reason.includes('no more pictures'))).toBe(true);
  });

  it('refuse what cannot be: sizes off the patch, unknown models, two lengths', () => {
    expect(() => choose(100, { image: 100 })).toThrow('100 × 100 pixels cannot be cut into patches');
    expect(() => choose(100, { model: 'resnet-50' })).toThrow('There is no model "resnet-50"');
    expect(() => choose(100, { epochs: 1, minutes: 1 })).toThrow('Both epochs and minutes');
  });

  it('cost what the field measured: 31 GFLOP an image for ViT-Ti/16, 115 for ViT-S/16', () => {
    const crops = { image: 224, local: 96, locals: 8 };
    expect(gigaflopsPerImage({ model: 'vit-tiny/16', ...crops })).toBeCloseTo(31, -1);
    expect(gigaflopsPerImage({ model: 'vit-small/16', ...crops })).toBeCloseTo(115, -1);
  });
});

describe('the plan of a run', () => {
  const { recipe } = choose(2640, { minutes: 20 });

  it('warms up for a tenth of a short run, and looks back over far fewer steps than it has', () => {
    for (const steps of [50, 300, 3000, 100_000]) {
      const plan = planOf(recipe, steps, 82);
      expect(plan.warmupSteps).toBeLessThanOrEqual(Math.ceil(0.1 * steps));
      expect(plan.frozenSteps).toBeLessThanOrEqual(Math.ceil(0.05 * steps));
      expect(1 / (1 - plan.momentum)).toBeLessThan(steps / 4);
    }
  });

  it('ends its schedules with its last step', () => {
    const settings = settingsOf(recipe, planOf(recipe, 400, 82));
    expect(settings(399).learningRate).toBeLessThan(recipe.learningRate / 100);
    expect(settings(399).teacherMomentum).toBeGreaterThan(0.999);
    expect(settings(399).weightDecay).toBeCloseTo(recipe.weightDecay[1], 2);
    expect(settings(0).lastLayerFrozen).toBe(true);
    expect(settings(399).lastLayerFrozen).toBe(false);
  });

  it('holds for a run of a single step', () => {
    const { learningRate, teacherTemperature } = settingsOf(recipe, planOf(recipe, 1, 1))(0);
    expect(Number.isFinite(learningRate)).toBe(true);
    expect(teacherTemperature).toBeGreaterThan(0);
  });
});
