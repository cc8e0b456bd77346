import { describe, expect, it } from 'vitest';
import { Random } from '../../src-main/base/random.ts';
import { RATE_STEPS, suggestRate, sweepRates } from '../../src-main/pretrain/find-rate.ts';
import { stripedCrops, tinyLearner, tinySettings } from './tiny-dino.ts';

const rates = Array.from({ length: 70 }, (_, i) => 1e-6 * 1e6 ** (i / 69));
const BATCH = 16;

/** Gradient descent on a bowl of curvature 100, stable below a rate of 0.02, while the rate rises. */
function bowl(): { rate: number; loss: number }[] {
  let [x, y] = [1, 1];
  const measured: { rate: number; loss: number }[] = [];
  for (const rate of rates) {
    const loss = 0.5 * (100 * x * x + 10 * y * y);
    if (!Number.isFinite(loss) || loss > 300) break;
    measured.push({ rate, loss });
    x -= rate * 100 * x;
    y -= rate * 10 * y;
  }
  return measured;
}

describe('the learning rate finder', () => {
  it('finds a stable rate on a bowl, at which a descent falls, and thirty times of which it flies out', () => {
    const { rate } = suggestRate(bowl());
    expect(rate).toBeGreaterThan(1e-4);
    expect(rate).toBeLessThan(0.02);
    expect(Math.abs(1 - rate! * 100)).toBeLessThan(1);
    expect(Math.abs(1 - 30 * rate! * 100)).toBeGreaterThan(1);
  });

  it('says that a curve shows nothing, rather than to name a rate by chance', () => {
    const random = new Random(4);
    const flat = rates.map((rate) => ({ rate, loss: 3 + 0.1 * random.normal() }));
    expect(suggestRate(flat)).toMatchObject({ rate: null, sentence: expect.stringContaining('shows nothing') });
    const rising = rates.map((rate, i) => ({ rate, loss: 3 + i / 10 }));
    expect(suggestRate(rising).rate).toBeNull();
    expect(suggestRate(flat.slice(0, 5))).toMatchObject({
      rate: null,
      sentence: expect.stringContaining('beyond all bounds'),
    });
  });

  it('finds a rate for a real DINO step with which the student learns, and learns much faster than at a thirtieth of it', async () => {
    const learner = await tinyLearner(BATCH);
    let step = 0;
    let told = 0;
    const source = () => async () => stripedCrops(step++, BATCH);
    const { rate, points, sentence } = await sweepRates(learner, source, tinySettings(0), (done) => {
      told = done;
    });
    await learner.dispose();
    expect(told).toBe(RATE_STEPS);
    expect(points).toHaveLength(70);
    expect(sentence).toContain(`A learning rate of ${rate}`);
    const before = points[0].smoothed;
    expect(await trainedAt(rate!)).toBeLessThan(0.5 * before);
    expect(await trainedAt(rate! / 30)).toBeGreaterThan(1.5 * (await trainedAt(rate!)));
  });
});

/** What is left to learn of a fixed teacher after 80 steps at a rate: the mean of the last twenty. */
async function trainedAt(learningRate: number): Promise<number> {
  const learner = await tinyLearner(BATCH);
  let sum = 0;
  for (let step = 0; step < 100; step++) {
    const rate = step < 20 ? 0 : learningRate;
    const settings = tinySettings(step, { learningRate: rate, teacherMomentum: 1 });
    const { measures } = await learner.step(stripedCrops(step, BATCH), settings);
    if (step >= 80) sum += measures.divergence / 20;
  }
  await learner.dispose();
  return sum;
}
