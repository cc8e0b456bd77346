// Fetches a large file so that a break costs nothing: what is there is gone on with, and only what has the right checksum gets its name.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { GondolaError, sentence, stopIfAsked } from '../../base/errors.ts';
import { type JobContext, ProgressMeter } from '../../base/progress.ts';
import { request, shown, type Wheel } from './wheel.ts';

/**
 * The wheel at `path`, fetched unless it is there already.
 * @throws GondolaError `setup-download`, `setup-checksum`; Cancelled, which keeps what was fetched
 */
export async function download(wheel: Wheel, path: string, context: JobContext): Promise<void> {
  if ((await sizeOf(path)) !== null) {
    if ((await sha256Of(path, context)) === wheel.sha256) return;
    await rm(path);
  }
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.part`;
  await fetchInto(part, wheel, context);
  const found = await sha256Of(part, context);
  if (found !== wheel.sha256) {
    await rm(part);
    throw new GondolaError(
      'setup-checksum',
      `${wheel.file} came with the checksum ${found.slice(0, 16)}…, and the index says ${wheel.sha256.slice(0, 16)}…. It was deleted.`,
      'Try again; if it stays so, what lies between this machine and the index changes files.',
    );
  }
  await rename(part, path);
}

async function fetchInto(part: string, wheel: Wheel, context: JobContext): Promise<void> {
  const { signal } = context;
  let have = (await sizeOf(part)) ?? 0;
  if (wheel.size !== null && have >= wheel.size) return;
  const { url, headers } = request(wheel.url);
  const range: Record<string, string> = have > 0 ? { range: `bytes=${have}-` } : {};
  const failed = (error: unknown) => {
    stopIfAsked(signal);
    const why = sentence(error instanceof Error && error.cause ? error.cause : error);
    return new GondolaError(
      'setup-download',
      `${shown(url)} could not be fetched: ${why}.`,
      'Run the same command again: it goes on where it was.',
      { cause: error },
    );
  };
  const response = await fetch(url, { headers: { ...headers, ...range }, signal }).catch((error: unknown) => {
    throw failed(error);
  });
  if (response.status === 416) return; // all of it is there; the checksum tells
  if (!response.ok || !response.body) throw failed(new Error(`the answer was ${response.status}`));
  if (response.status !== 206) have = 0; // a server that knows no ranges begins anew
  const file = await open(part, have > 0 ? 'a' : 'w');
  try {
    const length = Number(response.headers.get('content-length') ?? 0);
    const meter = new ProgressMeter(wheel.size ?? have + length, context.progress, have);
    for await (const piece of response.body) {
      stopIfAsked(signal);
      await file.writeFile(piece);
      meter.advance(piece.length, `bytes of ${basename(wheel.file)}`);
    }
    await file.sync();
  } catch (error) {
    throw failed(error);
  } finally {
    await file.close();
  }
}

/** Lower-case hexadecimal. */
export async function sha256Of(path: string, context: Pick<JobContext, 'signal'>): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) {
    stopIfAsked(context.signal);
    hash.update(piece);
  }
  return hash.digest('hex');
}

/** Bytes of it that are on the disk already. */
export async function fetchedBytes(path: string): Promise<number> {
  return (await sizeOf(path)) ?? (await sizeOf(`${path}.part`)) ?? 0;
}

async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ size }) => size,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    },
  );
}
