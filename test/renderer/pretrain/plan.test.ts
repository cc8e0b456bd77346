import { expect, it, vi } from 'vitest';

const answers: Record<string, (input: { wishes: Record<string, unknown> }) => unknown> = {};
vi.mock('../../../src-renderer/lib/client.ts', () => ({
  call: async (name: string, input: { wishes: Record<string, unknown> }) => answers[name](input),
  onCoreEvent: () => () => {},
  CallError: Error,
  shell: null,
}));
const { minuteStops, nearestStop, TrainingPlan } = await import('../../../src-renderer/pages/pretrain/plan.svelte.ts');

const choices = { pictures: 900, choices: [], settings: {}, models: [], devices: [], suggestedMinutes: 30 };

it('minutes go to the nearest stop of the slider', () => {
  expect(minuteStops[nearestStop(30)]).toBe(30);
  expect(minuteStops[nearestStop(100)]).toBe(90);
  expect(minuteStops[nearestStop(9999)]).toBe(1440);
});

it('only what the user decided is a wish; the time is what the photos suggest until somebody moves it', async () => {
  const asked: unknown[] = [];
  answers['training.choices'] = ({ wishes }) => {
    asked.push(wishes);
    return choices;
  };
  answers['training.estimate'] = () => ({ speed: null });
  const plan = new TrainingPlan();
  await plan.refresh();
  expect(asked).toEqual([{ preset: 'products' }]);
  expect(plan.wishes).toEqual({ minutes: 30, preset: 'products' });
  plan.numbers.batch = 16;
  plan.by = 'epochs';
  expect(plan.wishes).toEqual({ batch: 16, epochs: 100, preset: 'products' });
});

it('an answer that a later question overtook is dropped', async () => {
  const plan = new TrainingPlan();
  const gates: (() => void)[] = [];
  answers['training.choices'] = async ({ wishes }) => {
    await new Promise<void>((resolve) => gates.push(resolve));
    return { ...choices, pictures: wishes.model === 'slow' ? 1 : 2 };
  };
  plan.model = 'slow';
  const first = plan.refresh();
  plan.model = 'quick';
  const second = plan.refresh();
  gates[1]();
  await second;
  gates[0]();
  await first;
  expect(plan.choices?.pictures).toBe(2);
});

it('a workspace without photos is told apart from wishes that cannot be', async () => {
  const plan = new TrainingPlan();
  answers['training.choices'] = () => {
    throw Object.assign(new Error('The workspace has no photos to train on.'), { code: 'pretrain-empty' });
  };
  await plan.refresh();
  expect(plan.isEmpty).toBe(true);
  answers['training.choices'] = () => {
    throw Object.assign(new Error('An image of 30 × 30 pixels cannot be cut.'), { code: 'image-size' });
  };
  await plan.refresh();
  expect(plan.isEmpty).toBe(false);
  expect(plan.problem).toBeInstanceOf(Error);
});
