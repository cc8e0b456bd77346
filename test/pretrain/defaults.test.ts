import { describe, expect, it } from 'vitest';
import { objectiveOf } from '../../src-main/pretrain/config.ts';
import { gigaflopsPerImage } from '../../src-main/pretrain/cost.ts';
import { BY_PICTURES, BY_TIME } from '../../src-main/pretrain/defaults.ts';
import { chooseRecipe } from '../../src-main/pretrain/recipe.ts';
import { chooseSize } from '../../src-main/pretrain/size-choice.ts';

const PICTURES = [20, 300, 2640, 20_000, 60_000, 500_000];
const MINUTES = [1, 5, 20, 60, 240, 1440, 10_000, 100_000, 1_000_000];
const devices = [
  { device: 'cpu', cores: 2 },
  { device: 'cpu', cores: 16 },
  { device: 'cuda', cores: 8 },
];

describe('the tables of defaults', () => {
  it('hold nothing that cannot be trained', () => {
    for (const row of BY_TIME)
      for (const { upTo } of BY_PICTURES) {
        const pictures = Math.min(upTo, 1_000_000);
        const { model, image, local, locals } = row;
        const wishes = { model, image, local, locals, minutes: 20 };
        const { recipe } = chooseRecipe({ pictures, cores: 2, device: 'cpu' }, wishes);
        expect(objectiveOf(recipe).parameters.length).toBeGreaterThan(10);
        expect(recipe.teacherTemperature[0]).toBeLessThanOrEqual(recipe.teacherTemperature[1]);
        expect(recipe.momentum).toBeGreaterThan(0.5);
        expect(recipe.momentum).toBeLessThan(1);
      }
  });

  it('have an answer for every number of pictures and every time on every device', () => {
    expect(BY_PICTURES.at(-1)!.upTo).toBe(Number.POSITIVE_INFINITY);
    for (const kind of ['cpu', 'accelerator'] as const) {
      const last = BY_TIME.filter(({ device }) => device === kind).at(-1)!;
      expect(last.passes).toBe(0);
      expect(last.upTo).toBeUndefined();
    }
    for (const pictures of PICTURES)
      for (const where of devices)
        for (const minutes of MINUTES) expect(() => chooseRecipe({ pictures, ...where }, { minutes })).not.toThrow();
  });

  it('never choose a lesser row for more time', () => {
    for (const pictures of PICTURES)
      for (const where of devices) {
        const places = MINUTES.map((minutes) =>
          BY_TIME.indexOf(chooseSize({ pictures, ...where }, {}, { kind: 'minutes', minutes }).row),
        );
        expect(places).toEqual([...places].sort((a, b) => b - a));
      }
  });

  it('take no large network for a few photos, over which hundreds of passes are still few steps', () => {
    for (const pictures of [40, 300]) {
      const { recipe } = chooseRecipe({ pictures, cores: 2, device: 'cpu' }, { minutes: 20 });
      expect([recipe.objective, recipe.model]).toEqual(['simclr', 'hvit-nano/16']);
    }
    const { model } = chooseRecipe({ pictures: 40, cores: 2, device: 'cpu' }, { minutes: 1440 }).recipe;
    expect(model).toBe('vit-small/16');
  });

  it('take no large network for few passes, however long these may take', () => {
    const where = { pictures: 2640, cores: 64, device: 'cpu' };
    expect(chooseRecipe(where, { epochs: 100 }).recipe.objective).toBe('dino');
    const { recipe, choices } = chooseRecipe(where, { epochs: 3 });
    expect(recipe.objective).toBe('simclr');
    expect(choices.find(({ setting }) => setting === 'model')!.reason).not.toContain('60 minutes');
  });

  it('give an accelerator at least what they give a processor of the same photos and time', () => {
    const cost = (device: string) => {
      const { model, crops } = chooseRecipe({ pictures: 2640, cores: 2, device }, { minutes: 60 }).recipe;
      return gigaflopsPerImage({ model, image: crops.globalSize, local: crops.localSize, locals: crops.locals });
    };
    expect(cost('cuda')).toBeGreaterThanOrEqual(cost('cpu'));
  });
});

describe('wishes of a specialist', () => {
  const choose = (wishes: Parameters<typeof chooseRecipe>[1]) =>
    chooseRecipe({ pictures: 2640, cores: 2, device: 'cpu' }, wishes);

  it('are kept as they are, and told as theirs', () => {
    const { recipe, choices } = choose({
      ...{ batch: 256, microBatch: 8, momentum: 0.9995, weightDecay: 0.1, weightDecayEnd: 0.2, dropPath: 0.3, clip: 1 },
      objective: 'dino',
      ...{ warmupTemperature: 0.03, teacherTemperature: 0.05, patience: 7, onCollapse: 'stop', minutes: 5 },
    });
    expect(recipe).toMatchObject({
      ...{ batch: 256, microBatch: 8, momentum: 0.9995, keepMomentum: true, weightDecay: [0.1, 0.2], dropPath: 0.3 },
      ...{ clip: 1, teacherTemperature: [0.03, 0.05], patience: 7, onCollapse: 'stop' },
    });
    expect(choices.filter(({ reason }) => reason === 'as you asked').map(({ setting }) => setting)).toEqual(
      expect.arrayContaining(['batch', 'micro-batch', 'momentum', 'weight decay', 'drop path', 'clip', 'patience']),
    );
  });

  it('are told to be in vain where they are', () => {
    const reasonOf = (wishes: Parameters<typeof chooseRecipe>[1], setting: string) =>
      choose(wishes).choices.find((choice) => choice.setting === setting)!.reason;
    expect(reasonOf({ frozen: 100 }, 'frozen')).toContain('not used');
    const from = { from: 'some.safetensors', model: 'vit-tiny/16' };
    expect(reasonOf({ ...from, attention: 'mimetic' }, 'attention')).toContain('not used');
    expect(reasonOf({ ...from, start: 'components' }, 'first layer')).toContain('not used');
  });

  it('leave the size of local crops alone where there are none', () => {
    expect(choose({ locals: 0, local: 50 }).recipe.crops.locals).toBe(0);
    expect(() => choose({ locals: 2, local: 50 })).toThrow();
  });

  it('keep start and end in order where only one of them is given', () => {
    expect(choose({ weightDecayEnd: 0.01 }).recipe.weightDecay).toEqual([0.01, 0.01]);
    expect(choose({ teacherTemperature: 0.01 }).recipe.teacherTemperature).toEqual([0.01, 0.01]);
  });

  it('are patient with long runs over epochs, and never end a run for a time', () => {
    expect(choose({ epochs: 300 }).recipe.patience).toBeGreaterThan(0);
    expect(choose({ epochs: 10 }).recipe.patience).toBe(0);
    expect(choose({ minutes: 600 }).recipe.patience).toBe(0);
  });

  it('let SimCLR’s rate grow with the batch no further than trainings held, and say so', () => {
    const rateOf = (batch: number) => {
      const { recipe, choices } = choose({ objective: 'simclr', batch });
      return { rate: recipe.learningRate, reason: choices.find(({ setting }) => setting === 'learning rate')!.reason };
    };
    expect(rateOf(8).rate).toBeLessThan(rateOf(16).rate);
    expect(rateOf(256).rate).toBe(rateOf(1024).rate);
    expect(rateOf(256).reason).toContain('collapse');
    expect(choose({ objective: 'swav', batch: 1024 }).recipe.learningRate).toBeGreaterThan(rateOf(1024).rate);
  });

  it('leave the learning rate to a sweep where they say find', () => {
    const { recipe, choices } = choose({ learningRate: 'find' });
    expect(recipe.learningRate).toBeGreaterThan(0);
    expect(choices.find(({ setting }) => setting === 'learning rate')!.reason).toContain('sweep before the training');
  });
});
