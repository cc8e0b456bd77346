// Whether there is room for what is going to be fetched and unpacked, asked before a byte of it is.
import { existsSync } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GondolaError } from '../../base/errors.ts';

/** Bytes that a folder is going to get; it need not be there yet. */
export interface Need {
  readonly folder: string;
  readonly bytes: number;
}

interface Disk {
  /** Tells it from other disks. */
  readonly id: number;
  /** Bytes. */
  readonly free: number;
}

/**
 * What goes onto the same disk is added up.
 * @param diskOf asks the system; only tests ask otherwise
 * @throws GondolaError `setup-disk`
 */
export async function refuseFullDisks(
  needs: readonly Need[],
  diskOf: (folder: string) => Promise<Disk> = diskUnder,
): Promise<void> {
  const disks = await Promise.all(needs.map(async (need) => ({ ...need, ...(await diskOf(need.folder)) })));
  for (const { id, free } of disks) {
    const here = disks.filter((other) => other.id === id);
    const bytes = here.reduce((sum, need) => sum + need.bytes, 0);
    if (free >= bytes) continue;
    throw new GondolaError(
      'setup-disk',
      `${gigabytes(free)} are free on the disk of ${here.map(({ folder }) => folder).join(' and ')}, and ${gigabytes(bytes)} are needed there.`,
      'Free some space and run it again: what was fetched is kept.',
    );
  }
}

async function diskUnder(folder: string): Promise<Disk> {
  let existing = folder;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  return { id: (await stat(existing)).dev, free: bavail * bsize };
}

export function gigabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`;
}
