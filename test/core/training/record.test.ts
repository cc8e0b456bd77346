import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type JobEvent, unattended } from '../../../src-main/base/progress.ts';
import { contract } from '../../../src-main/contract/contract.ts';
import { type RunRecord, runRecord } from '../../../src-main/contract/record.ts';
import { importPhotos } from '../../../src-main/core/library/import.ts';
import { services } from '../../../src-main/core/services.ts';
import { currentEnvironment } from '../../../src-main/core/training/environment.ts';
import { reproductionOf } from '../../../src-main/core/training/repetition.ts';
import { connectDirectly } from '../../../src-main/host/direct.ts';
import { modelByName } from '../../../src-main/store/models.ts';
import { Workspace } from '../../../src-main/store/workspace.ts';
import { drawPhotos } from '../../pretrain/photos.ts';

const call = connectDirectly(contract, services);
const quick = { model: 'vit-nano/16', image: 32, local: 16, locals: 1, batch: 4, prototypes: 32, seed: 3 } as const;
const timeout = 300_000;
let folder: string;
let first: Workspace;
/** The same photos under other names, imported in another order, on another analyst's machine. */
let second: Workspace;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-record-'));
  await drawPhotos(join(folder, 'photos'), 9);
  first = Workspace.create(join(folder, 'first'));
  await importPhotos(first, { paths: [join(folder, 'photos')] }, unattended);
  second = Workspace.create(join(folder, 'second'));
  for (const [place, i] of [7, 2, 5, 0, 8, 3, 1, 6, 4].entries()) {
    const own = join(folder, 'elsewhere', `shelf ${place}`);
    mkdirSync(own, { recursive: true });
    copyFileSync(join(folder, 'photos', `photo-${i}.png`), join(own, `IMG_${100 - place}.png`));
    await importPhotos(second, { paths: [own] }, unattended);
  }
});
afterAll(() => {
  first.close();
  second.close();
  rmSync(folder, { recursive: true, force: true });
});

const contextOf = (workspace: Workspace) => ({ ...unattended, workspace });
const fileOf = (workspace: Workspace, run: string) => workspace.path('runs', run, 'record.json');
const recordOf = (workspace: Workspace, run: string): RunRecord =>
  runRecord.parse(JSON.parse(readFileSync(fileOf(workspace, run), 'utf8')));
const weightsOf = (workspace: Workspace, run: string) => readFileSync(workspace.path('models', `${run}.safetensors`));

/** A training that is stopped when it tells of an event. */
function trainUntil(wanted: (event: JobEvent) => boolean, input: object) {
  const stop = new AbortController();
  const emit = (event: JobEvent) => {
    if (wanted(event)) stop.abort();
  };
  return call('training.pretrain', input, { ...contextOf(first), signal: stop.signal, emit });
}

describe('the record of a run', () => {
  it('tells with what, on what and how it was trained, and what came out', { timeout }, async () => {
    await call('training.pretrain', { wishes: { ...quick, epochs: 2 }, name: 'whole' }, contextOf(first));
    const record = recordOf(first, 'whole');
    expect(record.config).toMatchObject({
      recipe: { seed: 3, device: 'cpu', batch: 4 },
      plan: { steps: 4 },
      data: { pictures: 9 },
    });
    expect(record.parts).toMatchObject([{ ...currentEnvironment(), step: 0 }]);
    expect(record.parts[0].onnxRuntime).toMatch(/^\d+\.\d+/);
    expect(record.photos).toHaveLength(9);
    expect(record.photos.map(({ name }) => name)).toContain('photo-0.png');
    expect(record.photos[0].boxes).toEqual([[0, 0, 80, 60]]);
    expect(record.outcome).toMatchObject({
      state: 'finished',
      step: 4,
      encoder: { sha256: modelByName(first.database, 'whole')!.sha256 },
    });
    expect(record.series.find(({ name }) => name === 'loss')!.steps).toEqual([2, 4]);
    const [head, ...rows] = readFileSync(first.path('runs', 'whole', 'curves.csv'), 'utf8')
      .trim()
      .split('\n');
    expect(head.split(',')[0]).toBe('step');
    expect(head.split(',')).toContain('loss');
    expect(rows.every((row) => row.split(',').length === head.split(',').length)).toBe(true);
  });

  it('comes with the crops it began with and the neighbours it found, and can be saved elsewhere', async () => {
    const { record, crops, reproduction } = await call('training.record', { run: 'whole' }, contextOf(first));
    expect(record).toMatchObject({ run: 'whole', repeats: null });
    expect([...crops!.subarray(1, 4)]).toEqual([...Buffer.from('PNG')]);
    expect(reproduction).toBeNull();
    const { pictures, looks } = await call('training.neighbours', { run: 'whole' }, contextOf(first));
    expect(looks[0].step).toBe(0);
    expect(looks.at(-1)!.step).toBe(4);
    const held = new Set(pictures.map(({ picture }) => picture));
    for (const { queries } of looks) {
      expect(queries).toHaveLength(5);
      for (const { picture, neighbours } of queries) {
        expect(neighbours).toHaveLength(6);
        for (const shown of [picture, ...neighbours.map((one) => one.picture)]) expect(held).toContain(shown);
        expect(neighbours.map((one) => one.picture)).not.toContain(picture);
      }
    }
    const saved = await call('training.saveRecord', { run: 'whole', folder }, contextOf(first));
    expect(saved.files).toEqual(['record.json', 'curves.csv', 'crops.png']);
    expect(readFileSync(join(saved.folder, 'record.json'))).toEqual(readFileSync(fileOf(first, 'whole')));
  });

  it('stays one record when the run is stopped and resumed, and says from where it went on', { timeout }, async () => {
    await trainUntil(({ kind, epoch }) => kind === 'epoch' && epoch === 1, {
      wishes: { ...quick, epochs: 3 },
      name: 'paused',
    });
    const paused = recordOf(first, 'paused');
    expect(paused.outcome).toMatchObject({ state: 'stopped' });
    await call('training.pretrain', { name: 'paused', resume: true }, contextOf(first));
    const whole = recordOf(first, 'paused');
    expect(whole.startedAt).toBe(paused.startedAt);
    expect(whole.parts.map(({ step }) => step)).toEqual([0, paused.outcome!.step]);
    expect(whole.outcome).toMatchObject({ state: 'finished', step: 6 });
    expect(whole.photos).toEqual(paused.photos);
    expect(whole.series.find(({ name }) => name === 'loss')!.steps).toEqual([2, 4, 6]);
  });
});

describe('a run repeated from its record alone', () => {
  it('ends in the same weights, byte for byte, in another workspace with other file names', { timeout }, async () => {
    const events: JobEvent[] = [];
    const context = { ...contextOf(second), emit: (event: JobEvent) => events.push(event) };
    // Stopped before its first step, it is resumed as any other run.
    const stop = new AbortController();
    stop.abort();
    const repeated = call(
      'training.pretrain',
      { record: { file: fileOf(first, 'whole') } },
      { ...context, signal: stop.signal },
    );
    await expect(repeated).rejects.toMatchObject({ code: 'cancelled' });
    expect(events.find(({ kind }) => kind === 'run')).toMatchObject({ run: 'whole-again-1', pictures: 9 });
    const result = await call('training.pretrain', { name: 'whole-again-1', resume: true }, context);
    expect(result).toMatchObject({ run: 'whole-again-1', state: 'finished', step: 4 });
    expect(result.reproduction).toMatchObject({ of: 'whole', same: true });
    expect(weightsOf(second, 'whole-again-1')).toEqual(weightsOf(first, 'whole'));
    expect(recordOf(second, 'whole-again-1').repeats).toMatchObject({ run: 'whole', step: 4 });
  });

  it('does the steps that were done, where the other one was planned by minutes and stopped early', {
    timeout,
  }, async () => {
    await trainUntil(({ kind, epoch }) => kind === 'epoch' && epoch === 1, {
      wishes: { ...quick, minutes: 2 },
      name: 'early',
    });
    const { outcome, config } = recordOf(first, 'early');
    expect(outcome!.step).toBeLessThan(config.plan.steps);
    const input = { record: { file: fileOf(first, 'early') }, name: 'early-there' };
    const { step, reproduction } = await call('training.pretrain', input, contextOf(second));
    expect(step).toBe(outcome!.step);
    expect(reproduction).toMatchObject({ same: true });
    expect(weightsOf(second, 'early-there')).toEqual(weightsOf(first, 'early'));
  });

  it('says what was not the same where other weights come out', () => {
    const { repeats, ...record } = recordOf(second, 'whole-again-1');
    const [part] = repeats!.parts;
    const parts = [{ ...part, onnxRuntime: '1.0.0', processor: 'Another processor' }];
    const other = { ...repeats!, parts, device: 'cuda', encoder: 'a'.repeat(64) };
    const { same, differences } = reproductionOf({ ...record, repeats: other })!;
    expect(same).toBe(false);
    expect(differences[0]).toContain('cuda');
    expect(differences.join(' ')).toContain('another ONNX Runtime: 1.0.0; here it is');
    expect(differences.join(' ')).toContain('Another processor');
    const unfinished = { ...record, repeats: { ...other, encoder: null } };
    expect(reproductionOf(unfinished)).toMatchObject({ same: null });
  });

  it('is refused with the number and the names of the photos that are not there', async () => {
    const third = Workspace.create(join(folder, 'third'));
    await importPhotos(third, { paths: [join(folder, 'photos', 'photo-1.png')] }, unattended);
    const input = { record: { file: fileOf(first, 'whole') } };
    const refusal = call('training.pretrain', input, contextOf(third));
    await expect(refusal).rejects.toMatchObject({
      code: 'record-photos-missing',
      message: expect.stringMatching(/^8 of the 9 photos .*photo-\d\.png \(SHA-256 .* and 3 more\.$/),
    });
    expect((await call('training.runs', {}, contextOf(third))).runs).toEqual([]);
    third.close();
  });

  it('is refused for what is no record, with settings of its own, or without the weights it began with', async () => {
    const context = contextOf(second);
    const broken = join(folder, 'broken.json');
    writeFileSync(broken, '{"format": "gondola run record 1"}');
    await expect(call('training.pretrain', { record: { file: broken } }, context)).rejects.toMatchObject({
      code: 'record-damaged',
      message: expect.stringContaining(broken),
    });
    await expect(call('training.pretrain', { record: { file: folder } }, context)).rejects.toMatchObject({
      code: 'record-unreadable',
    });
    const file = fileOf(first, 'whole');
    await expect(call('training.pretrain', { record: { file }, wishes: { batch: 2 } }, context)).rejects.toMatchObject({
      code: 'record-wishes',
    });
    const continued = { ...recordOf(first, 'whole') };
    continued.weights = [{ use: 'start', file: join(folder, 'gone.safetensors'), bytes: 1, sha256: 'b'.repeat(64) }];
    writeFileSync(broken, JSON.stringify(continued));
    await expect(call('training.pretrain', { record: { file: broken } }, context)).rejects.toMatchObject({
      code: 'record-weights',
      message: expect.stringContaining('gone.safetensors'),
    });
  });
});
