import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unattended } from '../../../src-main/base/progress.ts';
import { type LabelledRows, linearProbe } from '../../../src-main/core/recognise/linear.ts';
import { openRuntime } from '../../../src-main/engine/devices.ts';
import { Encoder } from '../../../src-main/model/encoder.ts';
import { type FineTuneRequest, fineTune, type TuningExample } from '../../../src-main/pretrain/fine-tune/fine-tune.ts';
import { layerDecay } from '../../../src-main/pretrain/fine-tune/layer-decay.ts';
import { preparePictures } from '../../../src-main/pretrain/pictures/build.ts';
import { PictureFile } from '../../../src-main/pretrain/pictures/cache.ts';
import { identity } from '../../../src-main/pretrain/pictures/source.ts';
import { wholeBox } from '../../../src-main/vision/picture.ts';
import { encoderInput } from '../../../src-main/vision/resize.ts';
import { writeNormalised } from '../../../src-main/vision/tensor.ts';
import { saveUntrained, stripes } from './shapes.ts';

let folder: string;
let examples: TuningExample[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-tune-'));
  examples = await stripes(join(folder, 'photos'), 160);
  await saveUntrained(join(folder, 'first.safetensors'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const request = (name: string, changes: Partial<FineTuneRequest> = {}): FineTuneRequest => ({
  ...{ gondola: 'test', from: join(folder, 'first.safetensors'), fromName: 'first', to: join(folder, name) },
  ...{ examples, classes: 2, cacheFolder: join(folder, 'cache'), device: 'cpu', seconds: 60, seed: 1, cores: 2 },
  ...{ epochs: 60, learningRate: 1e-3 },
  ...changes,
});

/** The features of the learnt and of the watched pictures by an encoder. */
async function features(file: string): Promise<Record<TuningExample['role'], LabelledRows>> {
  const encoder = await Encoder.load(await openRuntime('cpu'), file);
  const sources = examples.map(({ source }) => source);
  const options = { folder: join(folder, 'cache'), shortSide: 45, workers: 1, context: unattended };
  const index = await preparePictures(sources, options);
  const pictures = PictureFile.open(options.folder, index);
  const of = async (role: TuningExample['role']) => {
    const wanted = new Map(examples.filter((each) => each.role === role).map((each) => [identity(each.source), each]));
    const numbers = [...index.pictures.keys()].filter((i) => wanted.has(identity(index.pictures[i])));
    const images = new Float32Array(numbers.length * 3 * 32 * 32);
    for (const [i, number] of numbers.entries()) {
      const picture = pictures.read(number);
      writeNormalised(encoderInput(picture, wholeBox(picture), 32), images, i * 3 * 32 * 32);
    }
    const rows = await encoder.embed(images, numbers.length);
    const labels = Int32Array.from(numbers, (i) => wanted.get(identity(index.pictures[i]))!.label);
    return { rows, dimensions: encoder.dimensions, labels, classes: 2, groups: Int32Array.from(numbers.keys()) };
  };
  const result = { train: await of('train'), watch: await of('watch') };
  pictures.close();
  await encoder.dispose();
  return result;
}

async function probeAccuracy(file: string): Promise<number> {
  const { train, watch } = await features(file);
  const { answers } = await linearProbe(train, watch.rows);
  return answers.filter((answer, i) => answer === watch.labels[i]).length / answers.length;
}

describe('fine-tuning', () => {
  test('learns a shape that the frozen feature does not tell from colours, and its encoder keeps that', async () => {
    const tuned = await fineTune(request('tuned.safetensors'), unattended);
    expect(tuned.watched).toMatchObject({ count: 40 });
    expect(tuned.watched!.accuracy).toBeGreaterThan(0.85);
    const frozen = await probeAccuracy(join(folder, 'first.safetensors'));
    const after = await probeAccuracy(join(folder, 'tuned.safetensors'));
    expect(frozen).toBeLessThan(0.8);
    expect(after).toBeGreaterThan(frozen + 0.15);
    const { made, architecture } = JSON.parse(readFileSync(join(folder, 'tuned.json'), 'utf8'));
    expect(architecture.dimensions).toBe(32);
    expect(made).toMatchObject({ objective: 'fine-tuned', from: 'first', pictures: 120 });
    // Those that were only watched are not among them: they may still be asked.
    const learnt = examples.filter(({ role }) => role === 'train').map(({ source }) => source.photo);
    expect([...made.labelledPhotos].sort()).toEqual([...new Set(learnt)].sort());
  }, 120_000);

  test('tuned from a tuned encoder, it knows what that one learnt from, too', async () => {
    const half = (part: number) => examples.filter((_, i) => i % 4 >= 2 === (part === 1));
    const learnt = async (name: string) =>
      JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')).made.labelledPhotos as string[];
    const train = (part: number) => half(part).map((each) => ({ ...each, role: 'train' as const }));
    await fineTune(request('once.safetensors', { examples: train(0), epochs: 1 }), unattended);
    const from = { from: join(folder, 'once.safetensors'), fromName: 'once' };
    await fineTune(request('twice.safetensors', { ...from, examples: train(1), epochs: 1 }), unattended);
    expect(new Set(await learnt('twice'))).toEqual(new Set(examples.map(({ source }) => source.photo)));
    expect(await learnt('once')).toHaveLength(80);
  }, 120_000);

  test('the same seed gives the same encoder', async () => {
    for (const name of ['a', 'b']) await fineTune(request(`${name}.safetensors`, { epochs: 4 }), unattended);
    expect(readFileSync(join(folder, 'a.safetensors'))).toEqual(readFileSync(join(folder, 'b.safetensors')));
  });

  test('stops early where the watched pictures are named no better, and keeps the best that it was', async () => {
    // Watched under the other name: whatever is learnt makes it worse.
    const crossed = examples.map((each) => (each.role === 'watch' ? { ...each, label: 1 - each.label } : each));
    const tuned = await fineTune(request('crossed.safetensors', { examples: crossed, epochs: 100 }), unattended);
    expect(tuned.stoppedEarly).toBe(true);
    expect(tuned.steps).toBeLessThan(300);
    expect(tuned.keptStep).toBeLessThan(tuned.steps);
  });

  test('ends when its time is up', async () => {
    const tuned = await fineTune(request('short.safetensors', { seconds: 1, epochs: 10_000 }), unattended);
    expect(tuned.seconds).toBeLessThan(8);
    expect(existsSync(join(folder, 'short.safetensors'))).toBe(true);
  });

  test('stopped by hand it leaves no encoder', async () => {
    const stop = new AbortController();
    const context = {
      ...unattended,
      signal: stop.signal,
      progress: ({ message }: { message: string }) => message.startsWith('Fine-tuning') && stop.abort(),
    };
    await expect(fineTune(request('stopped.safetensors'), context)).rejects.toMatchObject({ code: 'cancelled' });
    expect(existsSync(join(folder, 'stopped.safetensors'))).toBe(false);
  });

  test('numbers that are none end it in words', async () => {
    const diverging = request('diverged.safetensors', { learningRate: 1e30 });
    await expect(fineTune(diverging, unattended)).rejects.toMatchObject({ code: 'training-diverged' });
    expect(existsSync(join(folder, 'diverged.safetensors'))).toBe(false);
  });

  test('one SKU alone is too few to learn from', async () => {
    const single = examples.map((each) => ({ ...each, label: 0 }));
    await expect(fineTune(request('single.safetensors', { examples: single }), unattended)).rejects.toMatchObject({
      code: 'labels-too-few',
    });
  });
});

test('the learning rate falls layer by layer from the head to the pixels', () => {
  const decay = layerDecay([
    'backbone.pos_embed',
    'backbone.patch_embed.proj.weight',
    'backbone.blocks.0.attn.qkv.weight',
    'backbone.blocks.1.mlp.fc1.bias',
    'backbone.norm.weight',
    'head.weight',
  ]);
  expect([...decay.values()]).toEqual([0.75 ** 3, 0.75 ** 3, 0.75 ** 2, 0.75, 1, 1]);
});
