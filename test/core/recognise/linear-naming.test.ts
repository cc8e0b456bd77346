import { describe, expect, test } from 'vitest';
import { breather } from '../../../src-main/core/recognise/breathe.ts';
import { someOf } from '../../../src-main/core/recognise/examples.ts';
import { linearNaming, setUpLinear } from '../../../src-main/core/recognise/linear-naming.ts';
import { looks, type Made, makeExamples } from './made.ts';

const breathe = breather(undefined);
const made: Made = { classes: 6, perClass: 8, noise: { learned: 1, colour: 1 } };
const weights = { learned: 0.5, colour: 0.5 };

describe('naming by a linear head', () => {
  test('names what it knows with confidence, and refuses most of what no label shows', async () => {
    const { setup, naming } = await setUpLinear(makeExamples(made), weights, breathe);
    const look = looks({ ...made, seed: 1 });
    const answers = Array.from({ length: 60 }, (_, i) => ({ label: i % 6, answer: naming.answer(look(i % 6))! }));
    const right = answers.filter(({ label, answer }) => answer.ranked[0].label === label);
    expect(right.length).toBeGreaterThan(50);
    expect(setup.statistics.accuracy).toBeGreaterThan(0.8);
    const strangers = Array.from({ length: 60 }, (_, i) => naming.answer(look(50 + (i % 10)))!);
    const unknown = (all: readonly { unknown: boolean }[]) => all.filter((each) => each.unknown).length / all.length;
    const known = answers.map(({ answer }) => answer);
    expect(unknown(strangers)).toBeGreaterThan(unknown(known) + 0.3);
    const mean = (all: readonly { confidence: number }[]) =>
      all.reduce((sum, each) => sum + each.confidence, 0) / all.length;
    expect(mean(known)).toBeGreaterThan(mean(strangers) + 0.2);
    expect(known[0].ranked.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 5);
  });

  test('is the same again from what was measured', async () => {
    const examples = makeExamples(made);
    const { setup, naming } = await setUpLinear(examples, weights, breathe);
    const again = await linearNaming(examples, setup, breathe);
    const look = looks(made)(2);
    expect(again.answer(look)!.ranked[0].share).toBeCloseTo(naming.answer(look)!.ranked[0].share, 5);
  });

  test('regions that the encoder learnt by their label are not what it is measured on', async () => {
    const examples = makeExamples(made);
    const learnt = Uint8Array.from(examples.labels, (_, i) => (i < 30 ? 1 : 0));
    const { setup } = await setUpLinear({ ...examples, learnt }, weights, breathe);
    expect(setup.statistics.trials).toBe(examples.labels.length - 30);
  });

  test('without a SKU on two photos there is nothing to measure, and it still names', async () => {
    const single = someOf(makeExamples(made), [0, 1, 2, 3, 4, 5]);
    const { setup, naming } = await setUpLinear(single, weights, breathe);
    expect(setup.statistics).toMatchObject({ trials: 0, accuracy: null, refused: null });
    const look = looks({ ...made, seed: 1 });
    const answers = Array.from({ length: 30 }, (_, i) => ({ label: i % 6, answer: naming.answer(look(i % 6))! }));
    expect(answers.filter(({ label, answer }) => answer.ranked[0].label === label).length).toBeGreaterThan(15);
    expect(answers.some(({ answer }) => answer.unknown)).toBe(false);
  });
});
