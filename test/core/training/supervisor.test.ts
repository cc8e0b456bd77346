import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type JobEvent, unattended } from '../../../src-main/base/progress.ts';
import { superviseTraining } from '../../../src-main/core/training/supervisor.ts';
import type { TrainerProcess } from '../../../src-main/core/training/trainer-process.ts';
import { readCheckpoint } from '../../../src-main/pretrain/checkpoint.ts';
import type { PictureSource } from '../../../src-main/pretrain/pictures/source.ts';
import type { TrainingRequest } from '../../../src-main/pretrain/trainer/messages.ts';
import { drawPhotos, tinyRecipe } from '../../pretrain/photos.ts';

let folder: string;
let sources: PictureSource[];
/** The encoder of a run that nothing happened to. */
let expected: Buffer;

// Whole trainings in processes of their own: seconds each, more on a busy machine.
const timeout = 300_000;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-training-'));
  sources = await drawPhotos(join(folder, 'photos'), 17);
  const { encoder } = await superviseTraining(requestOf('undisturbed'), unattended);
  expected = readFileSync(encoder.path);
}, timeout);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function requestOf(name: string, changes: Partial<TrainingRequest> = {}): TrainingRequest {
  return {
    gondola: 'test',
    recipe: tinyRecipe(),
    sources,
    cacheFolder: join(folder, 'cache'),
    keepCaches: [],
    runFolder: join(folder, 'runs', name),
    encoderFile: join(folder, 'models', `${name}.safetensors`),
    startedAt: null,
    resume: false,
    cores: 2,
    ...changes,
  };
}

const isEpoch = (event: JobEvent, number: number) => event.kind === 'epoch' && event.epoch === number;

describe('a trainer process', () => {
  it('that is killed in the middle is started again and ends in the same weights, bit for bit', {
    timeout: 120_000,
  }, async () => {
    const said: string[] = [];
    const processes: TrainerProcess[] = [];
    const steps: unknown[] = [];
    const context = {
      ...unattended,
      say: (message: string) => said.push(message),
      emit(event: JobEvent) {
        if (event.kind === 'planned') steps.push(event.step);
        if (isEpoch(event, 2) && processes.length === 1) processes[0].kill();
      },
    };
    const disturbed = await superviseTraining(requestOf('disturbed'), context, {
      started: (process) => processes.push(process),
    });

    expect(processes).toHaveLength(2);
    expect(said.join('\n')).toContain('killed (SIGKILL)');
    expect(steps).toEqual([0, 4]);
    expect(disturbed.state).toBe('finished');
    expect(readFileSync(disturbed.encoder.path).equals(expected)).toBe(true);
    expect(await checkpointTensors('disturbed')).toEqual(await checkpointTensors('undisturbed'));
  });

  it('dies with the process that started it, and leaves its last checkpoint', { timeout }, async () => {
    const script = join(folder, 'parent.ts');
    const supervisor = join(import.meta.dirname, '../../../src-main/core/training/supervisor.ts');
    const progress = join(import.meta.dirname, '../../../src-main/base/progress.ts');
    const request = requestOf('orphan', { recipe: tinyRecipe({ length: { kind: 'epochs', epochs: 10_000 } }) });
    writeFileSync(join(folder, 'request.json'), JSON.stringify(request));
    writeFileSync(
      script,
      `import { readFileSync } from 'node:fs';
       import { superviseTraining } from ${JSON.stringify(supervisor)};
       import { unattended } from ${JSON.stringify(progress)};
       const request = JSON.parse(readFileSync(${JSON.stringify(join(folder, 'request.json'))}, 'utf8'));
       let child;
       await superviseTraining(request, { ...unattended, emit: (event) => {
         if (event.kind === 'epoch') process.send({ trainer: child.pid });
       } }, { started: (process) => { child = process; } });`,
    );
    const parent = fork(script, { execArgv: [] });
    const trainer = await new Promise<number>((resolve, reject) => {
      parent.once('message', (message: { trainer: number }) => resolve(message.trainer));
      parent.once('exit', () => reject(new Error('The parent ended before the trainer trained.')));
    });
    parent.kill('SIGKILL');
    await vanished(trainer);
    expect((await readCheckpoint(request.runFolder))?.step).toBeGreaterThanOrEqual(0);
  });

  it('that dies again and again at the same place is given up, with a sentence', { timeout }, async () => {
    let started = 0;
    const hopeless = superviseTraining(requestOf('hopeless'), unattended, {
      started(process) {
        started++;
        process.kill();
      },
    });
    await expect(hopeless).rejects.toMatchObject({ code: 'trainer-died' });
    expect(started).toBe(3);
  });

  it('that is asked to stop leaves a usable encoder, and goes on to the same weights', {
    timeout: 120_000,
  }, async () => {
    const stop = new AbortController();
    const stopped = await superviseTraining(requestOf('stopped'), {
      ...unattended,
      signal: stop.signal,
      progress: ({ done, message }) => message.startsWith('epoch') && done === 5 && stop.abort(),
    });
    expect(stopped.state).toBe('stopped');
    expect(stopped.step).toBeLessThan(12);
    expect(existsSync(stopped.encoder.path)).toBe(true);
    expect(readFileSync(stopped.encoder.path).equals(expected)).toBe(false);
    const resumed = await superviseTraining(requestOf('stopped', { resume: true }), unattended);
    expect(readFileSync(resumed.encoder.path).equals(expected)).toBe(true);
  });

  it('that a signal to its whole group reaches stops in good order, as its parent does', { timeout }, async () => {
    const said: string[] = [];
    const processes: TrainerProcess[] = [];
    const recipe = tinyRecipe({ length: { kind: 'epochs', epochs: 10_000 } });
    const outcome = await superviseTraining(
      requestOf('grouped', { recipe }),
      {
        ...unattended,
        say: (message: string) => said.push(message),
        emit: (event: JobEvent) => isEpoch(event, 1) && process.kill(processes[0].pid!, 'SIGTERM'),
      },
      { started: (started) => processes.push(started) },
    );
    expect(outcome.state).toBe('stopped');
    expect(processes).toHaveLength(1);
    expect(said.join(' ')).not.toContain('trainer was');
  });

  it('that dies when it was asked to stop was stopped, and has not failed', { timeout }, async () => {
    const stop = new AbortController();
    const dying = superviseTraining(
      requestOf('dying'),
      { ...unattended, signal: stop.signal },
      {
        started(process) {
          stop.abort();
          process.kill();
        },
      },
    );
    await expect(dying).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('passes on what the training throws, as the sentence that it is', { timeout }, async () => {
    const failing = superviseTraining(requestOf('failing', { recipe: tinyRecipe({ device: 'abacus' }) }), unattended);
    await expect(failing).rejects.toMatchObject({ code: 'device-unknown' });
  });
});

async function checkpointTensors(name: string): Promise<Record<string, Float32Array>> {
  const checkpoint = await readCheckpoint(join(folder, 'runs', name));
  return Object.fromEntries([...checkpoint!.tensors].map(([key, { values }]) => [key, values]));
}

async function vanished(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
