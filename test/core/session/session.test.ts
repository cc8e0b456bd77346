import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cancelled } from '../../../src-main/base/errors.ts';
import { unattended } from '../../../src-main/base/progress.ts';
import type { AppEvent } from '../../../src-main/contract/events.ts';
import type { Job } from '../../../src-main/contract/jobs.ts';
import { RecentWorkspaces } from '../../../src-main/core/session/recent.ts';
import { Session } from '../../../src-main/core/session/session.ts';
import { failureOf } from '../../../src-main/host/serve.ts';

let root: string;
let session: Session;
let told: AppEvent[];

function start(): Session {
  told = [];
  return new Session({
    recent: new RecentWorkspaces(join(root, 'recent.json')),
    tell: (event) => void told.push(structuredClone(event)),
    failureOf,
  });
}

async function ask<Output>(name: string, input: object = {}, job = unattended): Promise<Output> {
  return (await session.answer(name, input, job)) as Output;
}

async function photos(count: number): Promise<string> {
  const folder = join(root, 'photos');
  mkdirSync(folder, { recursive: true });
  const noise = (channels: 3) => ({
    create: {
      width: 900,
      height: 700,
      channels,
      background: 'white',
      noise: { type: 'gaussian' as const, mean: 128, sigma: 40 },
    },
  });
  const first = await sharp(noise(3)).jpeg().toBuffer();
  // The same picture with other bytes at its end is another photo, and made in no time.
  for (let i = 0; i < count; i++)
    writeFileSync(join(folder, `${i}.jpg`), Buffer.concat([first, Buffer.from(`photo ${i}`)]));
  return folder;
}

const stateOf = (call: string): Job['state'] | undefined =>
  told.findLast((event): event is Extract<AppEvent, { kind: 'job' }> => event.kind === 'job' && event.job.call === call)
    ?.job.state;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gondola-session-'));
  session = start();
});

afterEach(async () => {
  await session.close();
  rmSync(root, { recursive: true, force: true });
});

describe('a workspace', () => {
  it('is asked for before anything else', async () => {
    await expect(ask('library.status')).rejects.toMatchObject({ code: 'no-workspace' });
    await expect(ask('library.import', { paths: [root] })).rejects.toMatchObject({ code: 'no-workspace' });
    expect(told).toEqual([]);
  });

  it('that was open is open again at the next start, unless it was closed by hand', async () => {
    await ask('workspace.create', { folder: join(root, 'shop') });
    await session.close();
    session = start();
    await session.reopen();
    expect(session.state().open?.name).toBe('shop');
    await ask('workspace.close');
    session = start();
    await session.reopen();
    expect(session.state().open).toBeNull();
    expect(session.state().recent).toMatchObject([{ name: 'shop', exists: true }]);
  });

  it('that has gone is still listed, as gone, and can be forgotten', async () => {
    await ask('workspace.create', { folder: join(root, 'shop') });
    await ask('workspace.close');
    rmSync(join(root, 'shop'), { recursive: true });
    expect(session.state().recent).toMatchObject([{ name: 'shop', exists: false }]);
    await ask('workspace.forget', { folder: join(root, 'shop') });
    expect(session.state().recent).toEqual([]);
  });

  it('is not closed under running work', async () => {
    await ask('workspace.create', { folder: join(root, 'shop') });
    const folder = await photos(200);
    const importing = ask('library.import', { paths: [folder] });
    await expect(ask('workspace.close')).rejects.toMatchObject({ code: 'workspace-busy' });
    await importing;
    await ask('workspace.close');
  });
});

describe('an import', () => {
  beforeEach(async () => {
    await ask('workspace.create', { folder: join(root, 'shop') });
  });

  it('tells every page how far it is, and that photos have come', async () => {
    await ask('library.import', { paths: [await photos(40)] });
    const jobs = told.flatMap((event) => (event.kind === 'job' ? [event.job] : []));
    expect(jobs[0]).toMatchObject({ call: 'library.import', state: 'running', title: 'Importing photos' });
    expect(jobs.at(-1)).toMatchObject({ state: 'finished' });
    expect(jobs.some(({ progress }) => progress !== null && progress.total === 40)).toBe(true);
    expect(told.some((event) => event.kind === 'changed' && event.topics.includes('photos'))).toBe(true);
  });

  it('is no time to measure a device', async () => {
    const importing = ask('library.import', { paths: [await photos(200)] });
    await expect(ask('settings.measureDevice', { device: 'cpu' })).rejects.toMatchObject({
      code: 'measure-busy',
      message: expect.stringContaining('Importing photos is under way'),
    });
    await importing;
  });

  it('goes on when the page that began it is closed', async () => {
    const page = new AbortController();
    const importing = ask<{ added: number }>(
      'library.import',
      { paths: [await photos(60)] },
      { ...unattended, signal: page.signal },
    );
    page.abort({ code: 'connection-closed' });
    expect((await importing).added).toBe(60);
  });

  it('is cancelled when the page says so', async () => {
    const page = new AbortController();
    const importing = ask('library.import', { paths: [await photos(300)] }, { ...unattended, signal: page.signal });
    const ended = expect(importing).rejects.toMatchObject({ code: 'cancelled' });
    page.abort(new Cancelled());
    await ended;
    expect(stateOf('library.import')).toBe('cancelled');
  });

  it('pauses, and goes on where it was', async () => {
    const importing = ask('library.import', { paths: [await photos(400)] });
    const ended = expect(importing).rejects.toMatchObject({ code: 'job-paused' });
    const { jobs } = await ask<{ jobs: Job[] }>('jobs.list');
    await ask('jobs.pause', { id: jobs[0].id });
    await ended;
    expect(stateOf('library.import')).toBe('paused');
    await ask('jobs.resume', { id: jobs[0].id });
    await expect.poll(() => stateOf('library.import'), { timeout: 20_000 }).toBe('finished');
    const status = await ask<{ photos: { total: number } }>('library.status', { check: false });
    expect(status.photos.total).toBe(400);
  });

  it('runs once at a time', async () => {
    const folder = await photos(200);
    const first = ask('library.import', { paths: [folder] });
    await expect(ask('library.import', { paths: [folder] })).rejects.toMatchObject({ code: 'job-busy' });
    await first;
  });

  it('that was interrupted by the end of the program is offered again at the next start', async () => {
    const importing = ask('library.import', { paths: [await photos(400)] });
    const ended = expect(importing).rejects.toMatchObject({ code: 'job-paused' });
    await expect
      .poll(() => told.some((event) => event.kind === 'job' && (event.job.progress?.total ?? 0) > 0))
      .toBe(true);
    await session.close(); // pauses
    await ended;
    session = start();
    await session.reopen();
    const { jobs } = await ask<{ jobs: Job[] }>('jobs.list');
    expect(jobs).toMatchObject([{ call: 'library.import', state: 'paused' }]);
    await ask('jobs.resume', { id: jobs[0].id });
    await expect.poll(() => stateOf('library.import'), { timeout: 20_000 }).toBe('finished');
  });

  it('goes on by itself in a core that took the place of one that died', async () => {
    const folder = await photos(30);
    session.takeUp([
      { call: 'library.import', input: { paths: [folder] } },
      { call: 'export.catalogue', input: {} },
    ]);
    const notices = told.flatMap((event) => (event.kind === 'notice' ? [event.message] : []));
    expect(notices).toEqual([
      'Importing photos was interrupted and goes on where it was.',
      'Exporting the catalogue was interrupted and has to be started again.',
    ]);
    await expect.poll(() => stateOf('library.import'), { timeout: 20_000 }).toBe('finished');
  });

  it('that fails stays on the list with its sentence until it is dismissed', async () => {
    await expect(ask('library.import', { paths: [join(root, 'nowhere')] })).rejects.toMatchObject({
      code: 'path-missing',
    });
    const { jobs } = await ask<{ jobs: Job[] }>('jobs.list');
    expect(jobs).toMatchObject([{ state: 'failed', error: { code: 'path-missing' } }]);
    await ask('jobs.dismiss', { id: jobs[0].id });
    expect(await ask('jobs.list')).toMatchObject({ jobs: [] });
  });
});
