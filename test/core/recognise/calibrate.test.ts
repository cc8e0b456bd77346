import { describe, expect, test } from 'vitest';
import { calibrate } from '../../../src-main/core/recognise/calibrate.ts';
import { Classifier } from '../../../src-main/core/recognise/classifier.ts';
import type { Examples } from '../../../src-main/core/recognise/examples.ts';
import { toUnitLength } from '../../../src-main/vision/colour.ts';
import { looks, type Made, makeExamples } from './made.ts';

/** Names looks that the classifier has not seen, of every class in turn, and reports how that went. */
async function ask(examples: Examples, made: Made, rounds = 10) {
  const classifier = new Classifier(examples, await calibrate(examples));
  const look = looks(made);
  for (let used = 0; used < examples.labels.length; used++) look(0);
  const answers: { right: boolean; unknown: boolean; confidence: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    for (let label = 0; label < made.classes; label++) {
      const { ranked, unknown, confidence } = classifier.answer(look(label))!;
      answers.push({ right: ranked[0].label === label, unknown, confidence });
    }
  }
  const share = (holds: (answer: (typeof answers)[number]) => boolean) => answers.filter(holds).length / answers.length;
  return {
    right: share((answer) => answer.right),
    unknown: share((answer) => answer.unknown),
    confidence: answers.reduce((sum, answer) => sum + answer.confidence, 0) / answers.length,
  };
}

describe('the classifier sets itself up on the labels that are there', () => {
  test('it relies on what tells the SKUs apart and leaves noise alone', async () => {
    const made = { classes: 20, perClass: 8, noise: { learned: 6, colour: 0.8 } };
    const { weights, statistics } = await calibrate(makeExamples(made));
    expect(weights.colour).toBeGreaterThanOrEqual(0.7);
    expect(weights.learned + weights.colour).toBeCloseTo(1);
    expect(statistics.alone.colour).toBeGreaterThan(statistics.alone.learned! + 0.3);
  });

  test('two ways of seeing that err differently are both used, and together beat either', async () => {
    const { weights, statistics } = await calibrate(
      makeExamples({ classes: 30, perClass: 10, noise: { learned: 1.8, colour: 1.8 } }),
    );
    expect(weights.learned).toBeGreaterThan(0.2);
    expect(weights.colour).toBeGreaterThan(0.2);
    expect(statistics.accuracy).toBeGreaterThan(Math.max(statistics.alone.learned!, statistics.alone.colour!));
  });

  test('its confidence is honest: the mean confidence is about the share that is right', async () => {
    const made = { classes: 25, perClass: 10, noise: { learned: 2.2, colour: 2.2 } };
    const { right, confidence } = await ask(makeExamples(made), made);
    expect(right).toBeGreaterThan(0.4);
    expect(Math.abs(confidence - right)).toBeLessThan(0.12);
  });

  test('a product that is not in the catalogue is mostly answered with Unknown, one that is seldom', async () => {
    const made = { classes: 20, perClass: 8, noise: { learned: 0.8, colour: 0.8 } };
    const examples = makeExamples(made);
    const classifier = new Classifier(examples, await calibrate(examples));
    const look = looks({ ...made, seed: 1 });
    const share = (labels: number[]) =>
      labels.filter((label) => classifier.answer(look(label))!.unknown).length / labels.length;
    expect(share(Array.from({ length: 60 }, (_, i) => 100 + i))).toBeGreaterThan(0.7);
    expect(share(Array.from({ length: 60 }, (_, i) => i % 20))).toBeLessThan(0.2);
  });

  test('the same labels give the same setting', async () => {
    const made = { classes: 6, perClass: 5, noise: { learned: 1, colour: 2 } };
    expect(await calibrate(makeExamples(made))).toEqual(await calibrate(makeExamples(made)));
  });

  test('regions of one photo do not vouch for one another', async () => {
    const examples = makeExamples({ classes: 10, perClass: 4, noise: { learned: 1 } });
    // All four of a class on one photo: nothing is known of how it looks on another.
    const together = { ...examples, photos: examples.labels };
    const { statistics } = await calibrate(together);
    expect(statistics.trials).toBe(0);
    expect(statistics.accuracy).toBeNull();
    expect(statistics.assumed).toBe(true);
  });

  test('photos taken in one go count as one, unless a SKU has no others', async () => {
    const examples = makeExamples({ classes: 10, perClass: 4, noise: { learned: 1 } });
    const at = (spread: number) => ({
      ...examples,
      moments: [...examples.labels.keys()].map((i) => ({ camera: 'Phone', at: Math.floor(i / 20) * spread })),
    });
    // Two goes of two photos of each SKU: all can be asked about, with the two of the other go to compare with.
    expect((await calibrate(at(3_600_000))).statistics.trials).toBe(40);
    expect((await calibrate(at(1))).statistics.trials).toBe(40);
  });

  test('a series of one facing does not make its kind of likeness look reliable', async () => {
    // Each SKU in three series of four: colour is alike within a series only, shape within the SKU.
    const made = { classes: 12, perClass: 12, noise: { learned: 1.2, colour: 9 } };
    const plain = makeExamples(made);
    const colour = plain.spaces[1];
    const rows = colour.rows.slice();
    const width = colour.dimensions;
    for (let i = 0; i < plain.labels.length; i++) {
      const first = (Math.floor(i / 12 / 4) * 4 * 12 + (i % 12)) * width;
      for (let j = 0; j < width; j++) rows[i * width + j] = rows[first + j] + 0.05 * rows[i * width + j];
      toUnitLength(rows.subarray(i * width, (i + 1) * width));
    }
    const inSeries: Examples = { ...plain, spaces: [plain.spaces[0], { ...colour, rows }] };
    const { statistics } = await calibrate(inSeries);
    expect(statistics.alone.colour).toBeLessThan(0.7);
    expect(statistics.alone.learned).toBeGreaterThan(0.5);
  });

  test('a copy of a photo under another name does not make an answer sure', async () => {
    const made = { classes: 12, perClass: 3, noise: { learned: 4 } };
    const examples = makeExamples(made);
    const twice = <T extends Int32Array | Float32Array>(values: T) => {
      const result = new (values.constructor as { new (length: number): T })(values.length * 2);
      result.set(values);
      result.set(values, values.length);
      return result;
    };
    const copied: Examples = {
      ...examples,
      labels: twice(examples.labels),
      photos: Int32Array.from(twice(examples.photos).keys()),
      moments: [...examples.moments, ...examples.moments],
      spaces: examples.spaces.map((space) => ({ ...space, rows: twice(space.rows) })),
    };
    expect((await calibrate(copied)).statistics.accuracy).toBeLessThan(
      (await calibrate(examples)).statistics.accuracy! + 0.25,
    );
    expect((await calibrate(copied)).statistics.accuracy).toBeLessThan(0.6);
  });
});

describe('few labels', () => {
  test.each([
    ['one label in all', { classes: 1, perClass: 1 }],
    ['one SKU', { classes: 1, perClass: 5 }],
    ['one label for each SKU', { classes: 15, perClass: 1 }],
    ['two labels for each SKU', { classes: 15, perClass: 2 }],
  ])('%s: answers come, with a confidence between 0 and 1', async (_, shape) => {
    const made = { ...shape, noise: { learned: 0.5, colour: 0.5 } };
    const { right, confidence, unknown } = await ask(makeExamples(made), made);
    expect(right).toBeGreaterThan(0.9);
    expect(confidence).toBeGreaterThan(0);
    expect(confidence).toBeLessThan(1);
    expect(unknown).toBeLessThan(0.5);
  });

  test('with one label for each SKU it says that its confidence is assumed', async () => {
    const { statistics, voters } = await calibrate(makeExamples({ classes: 15, perClass: 1, noise: { learned: 0.5 } }));
    expect(statistics).toMatchObject({ assumed: true, trials: 0, accuracy: null, brier: null });
    expect(voters).toBe(1);
  });
});

test('a thousand SKUs are set up in seconds', async () => {
  const examples = makeExamples({ classes: 1000, perClass: 3, noise: { learned: 0.8, colour: 0.8 } });
  const started = performance.now();
  const { statistics } = await calibrate(examples);
  expect(statistics.classes).toBe(1000);
  expect(statistics.trials).toBe(3000);
  expect(performance.now() - started).toBeLessThan(30_000);
});

test('a query can name every class even where one SKU has hundreds of labels', async () => {
  const few = makeExamples({ classes: 6, perClass: 1, noise: { learned: 0.3 } });
  const many = makeExamples({ classes: 1, perClass: 400, noise: { learned: 0.3 } });
  const examples: Examples = {
    ...few,
    labels: Int32Array.from([...few.labels, ...many.labels]),
    photos: Int32Array.from({ length: 406 }, (_, i) => i),
    moments: [...few.moments, ...many.moments],
    spaces: few.spaces.map((space, i) => ({
      ...space,
      rows: Float32Array.from([...space.rows, ...many.spaces[i].rows]),
    })),
  };
  const answer = new Classifier(examples, await calibrate(examples)).answer(
    looks({ classes: 6, perClass: 1, noise: { learned: 0.3 } })(0),
  )!;
  expect(answer.ranked.length).toBeGreaterThanOrEqual(5);
  expect(answer.ranked[0].label).toBe(0);
});
