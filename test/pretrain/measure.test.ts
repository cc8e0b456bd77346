import { expect, it } from 'vitest';
import { measureSteps } from '../../src-main/pretrain/measure.ts';
import { imagesInMemory, weightBytes } from '../../src-main/pretrain/memory.ts';
import { teacherArchitecture, tiny } from './objectives/tiny.ts';
import { tinyRecipe } from './photos.ts';

const mean = [0.5, 0.5, 0.5] as const;
// No such file: what it holds does not make it faster or slower.
const teacher = {
  file: '/nowhere/teacher.safetensors',
  architecture: { ...teacherArchitecture, patch: 16, image: 32 },
};
const taught = tinyRecipe({
  ...{ objective: 'distillation', model: 'vit-nano/16', dropPath: 0, microBatch: 2 },
  ...{ teacher: { ...teacher, mean, std: mean } },
});

it('a distillation is measured with its teacher, and the micro-batch that was asked for', async () => {
  const { steps, imagesPerSecond } = await measureSteps({ recipe: taught, images: 4, seconds: 0 });
  expect(steps).toBe(1);
  expect(imagesPerSecond).toBeGreaterThan(0);
});

it('a fixed teacher takes memory, and leaves less for images', () => {
  const { parameters } = tiny.simclr;
  const bytes = parameters.reduce((sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0);
  expect(weightBytes(tiny.simclr)).toBe(9 * bytes);
  const large = { ...tiny.distillation, teacherParameters: [{ ...parameters[0], shape: [100_000_000] }] };
  expect(weightBytes(large)).toBe(weightBytes({ ...tiny.distillation, teacherParameters: [] }) + 800_000_000);
  expect(imagesInMemory({ ...large, bytesAnImage: 1e9 })).toBe(1);
  expect(imagesInMemory({ ...tiny.distillation, bytesAnImage: 1e9 })).toBe(2);
});
