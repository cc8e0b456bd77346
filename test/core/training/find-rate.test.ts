// A training that looks for its learning rate first. Trainers are played here; what they are asked for is the question.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type JobEvent, unattended } from '../../../src-main/base/progress.ts';
import { importPhotos } from '../../../src-main/core/library/import.ts';
import { findLearningRate } from '../../../src-main/core/training/find-rate.ts';
import { pretrain } from '../../../src-main/core/training/pretrain.ts';
import type { FindRateRequest } from '../../../src-main/pretrain/trainer/find-rate.ts';
import type { ToTrainer, TrainingRequest } from '../../../src-main/pretrain/trainer/messages.ts';
import { createRun, endRun } from '../../../src-main/store/runs.ts';
import { Workspace } from '../../../src-main/store/workspace.ts';
import { drawPhotos } from '../../pretrain/photos.ts';
import { playedTrainer } from './played-trainer.ts';

let folder: string;
let workspace: Workspace;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-find-rate-'));
  await drawPhotos(join(folder, 'photos'), 9);
  workspace = Workspace.create(join(folder, 'workspace'));
  await importPhotos(workspace, { paths: [join(folder, 'photos')] }, unattended);
});
afterAll(() => {
  workspace.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Trains until the trainer is asked to, which it then refuses. */
async function asked(minutes: number | undefined, rate: number | null) {
  const found: { sweep?: FindRateRequest; training?: TrainingRequest } = {};
  const events: JobEvent[] = [];
  const start = playedTrainer((message: ToTrainer) => {
    if (message.kind === 'find-rate') {
      found.sweep = message.request;
      const points = [{ rate: 1e-6, loss: 1, smoothed: 1 }];
      return { kind: 'rate-found', found: { rate, sentence: 'It was swept.', points } };
    }
    found.training = (message as Extract<ToTrainer, { kind: 'start' }>).request;
    return { kind: 'failed', error: { code: 'played', message: 'Only asked.', hint: '', stack: '' } };
  });
  const context = { ...unattended, workspace, startTrainer: start, emit: (event: JobEvent) => events.push(event) };
  const wishes = { learningRate: 'find' as const, ...(minutes === undefined ? {} : { minutes }) };
  const input = { wishes, device: 'cpu', resume: false };
  await expect(pretrain(input, context, { start })).rejects.toMatchObject({ code: 'played' });
  return { sweep: found.sweep!, training: found.training!, events };
}

describe('a training that looks for its learning rate', () => {
  it('sweeps with the very recipe that it trains with, for the time that was asked for, the sweep included', async () => {
    for (const minutes of [5, undefined]) {
      const before = Date.now();
      const { sweep, training } = await asked(minutes, 2e-4);
      expect(training.recipe).toEqual({ ...sweep.recipe, learningRate: 2e-4 });
      expect(training.recipe.length).toEqual({ kind: 'minutes', minutes: minutes ?? 60 });
      // Counted from before the sweep.
      expect(training.startedAt).toBeGreaterThanOrEqual(before);
      expect(training.startedAt).toBeLessThan(before + 5000);
    }
  });

  it('tells the rate as found, not as asked for, and hands the sweep on to the record', async () => {
    const { events } = await asked(5, 2e-4);
    const { choices } = events.find(({ kind }) => kind === 'run') as unknown as { choices: object[] };
    expect(choices).toContainEqual({
      ...{ setting: 'learning rate', value: '0.0002', reason: 'found by the sweep before the training' },
    });
    expect(choices).toContainEqual({ setting: 'minutes', value: '5', reason: 'as you asked' });
    const sweep = events.find(({ kind }) => kind === 'rate-found');
    expect(sweep).toMatchObject({ message: 'It was swept.', rate: 2e-4, points: [{ rate: 1e-6 }] });
  });

  it('takes the usual rate where the sweep shows nothing, and says so', async () => {
    const { sweep, training, events } = await asked(5, null);
    expect(training.recipe).toEqual(sweep.recipe);
    expect(events.find(({ kind }) => kind === 'rate-found')?.message).toContain('The training takes the usual one');
  });

  it('with a name that is taken is refused before the sweep', async () => {
    endRun(workspace.database, createRun(workspace.database, 'taken', {}), 'failed');
    const startTrainer = () => expect.unreachable();
    const input = { wishes: { learningRate: 'find' as const }, name: 'taken', device: 'cpu', resume: false };
    const context = { ...unattended, workspace, startTrainer };
    await expect(pretrain(input, context, { start: startTrainer })).rejects.toMatchObject({ code: 'run-exists' });
  });

  it('is no other sweep than the one that is asked for alone', async () => {
    const requests: unknown[] = [];
    const startTrainer = playedTrainer((message) => {
      requests.push((message as { request: unknown }).request);
      return { kind: 'rate-found', found: { rate: 1e-3, sentence: 'It was swept.', points: [] } };
    });
    const input = { wishes: { minutes: 5 }, device: 'cpu' };
    const found = await findLearningRate(input, { ...unattended, workspace, startTrainer });
    expect(found).toMatchObject({ rate: 1e-3, sentence: 'It was swept.' });
    expect(requests).toEqual([(await asked(5, 1e-3)).sweep]);
  });
});
