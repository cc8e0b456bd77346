/** What can compute on this machine, how fast it was seen to, and which of it is used. */
import { arch, availableParallelism, cpus, release, type } from 'node:os';
import { z } from 'zod';
import { GondolaError } from '../../base/errors.ts';
import type { OutputOf } from '../../contract/call.ts';
import type { Device, DeviceChoices, settingsCalls } from '../../contract/settings.ts';
import { type Device as DeviceName, devices, offeredDevices, whatDeviceNeeds } from '../../engine/devices.ts';
import { gigaflopsPerImage } from '../../pretrain/cost.ts';
import { chooseRecipe } from '../../pretrain/recipe.ts';
import type { Database } from '../../store/database.ts';
import { readSetting, writeSetting } from '../../store/settings.ts';
import type { CoreContext } from '../context.ts';
import { measureDevice } from '../training/measure.ts';
import { speeds } from '../training/speeds.ts';

const KEY = 'devices';

const words: Record<DeviceName, { title: string; gives: string }> = {
  cpu: { title: 'Processor', gives: 'Works on every machine and repeats a run bit for bit.' },
  webgpu: { title: 'Graphics card (WebGPU)', gives: 'Any graphics card with a current driver; experimental.' },
  dml: { title: 'Graphics card (DirectML)', gives: 'Any graphics card on Windows.' },
  cuda: { title: 'NVIDIA card (CUDA)', gives: 'The fastest, where NVIDIA’s libraries are installed.' },
  coreml: { title: 'Apple’s accelerator (Core ML)', gives: 'For indexing on a Mac; it does not train.' },
  tensorflow: {
    title: 'TensorFlow',
    gives: 'A second implementation to compare with; slower than the processor above.',
  },
};

export function listDevices({
  database,
}: {
  readonly database: Database;
}): OutputOf<(typeof settingsCalls)['settings.devices']> {
  const offered = new Set<string>(offeredDevices());
  const seen = speeds(database);
  return {
    computer: { processor: cpus()[0]?.model.trim() ?? arch(), cores: availableParallelism(), system: systemInWords() },
    devices: devices.map((name): Device => {
      const last = seen.findLast(({ device }) => device === name);
      return {
        name,
        ...words[name],
        offered: offered.has(name),
        needs: offered.has(name)
          ? whatDeviceNeeds(name)
          : `Not part of this build for ${process.platform}. ${whatDeviceNeeds(name)}`,
        measured: last
          ? {
              gigaflopsPerSecond: last.imagesPerSecond * gigaflopsPerImage(last),
              imagesPerSecond: last.imagesPerSecond,
              settings: `${last.model} at ${last.image} pixels`,
              at: last.at,
            }
          : null,
      };
    }),
  };
}

export function systemInWords(): string {
  return `${type()} ${release()}, ${arch()}`;
}

/** Measures with the smallest network that is ever chosen, so that it takes seconds anywhere. */
export async function measure(
  device: string,
  context: CoreContext,
): Promise<OutputOf<(typeof settingsCalls)['settings.measureDevice']>> {
  known(device);
  const circumstances = { pictures: 1000, cores: availableParallelism(), device };
  const wishes = { model: 'vit-tiny/16', image: 96, local: 48, locals: 4, epochs: 1 };
  const { imagesPerSecond, gigaflopsPerSecond, preparing, memory } = await measureDevice(
    chooseRecipe(circumstances, wishes).recipe,
    context,
  );
  return { imagesPerSecond, gigaflopsPerSecond, preparing, memory };
}

const stored = z.object({ training: z.enum(devices), indexing: z.enum(devices) }).partial();

/** The processor, where nothing else was chosen. */
export function deviceChoices(database: Database): DeviceChoices {
  const parsed = stored.safeParse(readSetting(database, KEY) ?? {});
  return { training: 'cpu', indexing: 'cpu', ...(parsed.success ? parsed.data : {}) };
}

export function chooseDevices(database: Database, wanted: Partial<DeviceChoices>): DeviceChoices {
  for (const device of Object.values(wanted)) if (device !== undefined) known(device);
  writeSetting(database, KEY, { ...deviceChoices(database), ...wanted });
  return deviceChoices(database);
}

function known(device: string): void {
  if ((devices as readonly string[]).includes(device)) return;
  throw new GondolaError('device-unknown', `There is no device “${device}”.`, `Choose one of ${devices.join(', ')}.`);
}
