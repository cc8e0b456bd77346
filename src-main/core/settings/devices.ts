/** What can compute on this machine, how fast it was seen to, and which of it is used. */
import { arch, availableParallelism, cpus, release, type } from 'node:os';
import { z } from 'zod';
import { GondolaError, stopIfAsked } from '../../base/errors.ts';
import type { OutputOf } from '../../contract/call.ts';
import type { Device, DeviceChoices, settingsCalls } from '../../contract/settings.ts';
import { absence, devices, singleDevices, whatDeviceNeeds } from '../../engine/devices.ts';
import { graphicsCards } from '../../engine/graphics-cards.ts';
import { gigaflopsPerImage } from '../../pretrain/cost.ts';
import type { Database } from '../../store/database.ts';
import { readSetting, writeSetting } from '../../store/settings.ts';
import type { CoreContext } from '../context.ts';
import { examineDevice, refuseBesideWork } from '../training/measure.ts';
import { costOf, forgetSpeed, recordSpeed, type Speed, sameWork, speeds } from '../training/speeds.ts';
import { deviceTitles } from './device-words.ts';
import { judged, measuringRecipe, recommend } from './examine.ts';

const KEY = 'devices';

export async function listDevices({
  database,
}: {
  readonly database: Database;
}): Promise<OutputOf<(typeof settingsCalls)['settings.devices']>> {
  const seen = speeds(database);
  const listed = singleDevices.map((name): Device => {
    const last = seen.findLast(({ device }) => device === name);
    const missing = absence(name);
    return {
      name,
      ...deviceTitles[name],
      offered: missing === null,
      needs: missing === null ? whatDeviceNeeds(name) : `Not here: ${missing}. ${whatDeviceNeeds(name)}`.trim(),
      measured: last
        ? {
            gigaflopsPerSecond: last.imagesPerSecond * gigaflopsPerImage(last),
            imagesPerSecond: last.imagesPerSecond,
            settings: `${last.model} at ${last.image} pixels`,
            at: last.at,
          }
        : null,
    };
  });
  return {
    computer: { processor: cpus()[0]?.model.trim() ?? arch(), cores: availableParallelism(), system: systemInWords() },
    cards: await graphicsCards(),
    devices: listed,
    recommended: recommend(comparable(seen)),
  };
}

/** The last speed, with the settings that all devices are measured with, of each device that is still here. */
function comparable(seen: readonly Speed[]): Speed[] {
  const measured = costOf(measuringRecipe('cpu'));
  const same = seen.filter((speed) => sameWork(speed, measured));
  return singleDevices
    .filter((name) => absence(name) === null)
    .flatMap((name) => same.findLast(({ device }) => device === name) ?? []);
}

export function systemInWords(): string {
  return `${type()} ${release()}, ${arch()}`;
}

/**
 * Notes the speed too. That of a device which does not work as its name says is forgotten, so that nobody is told to train on it.
 * @throws GondolaError `device-unknown`, `measure-busy`, and those of `examineDevice`; Cancelled, and nothing is forgotten
 */
export async function measure(
  device: string,
  context: CoreContext,
): Promise<OutputOf<(typeof settingsCalls)['settings.measureDevice']>> {
  known(device);
  const { database } = context.workspace;
  refuseBesideWork(context);
  const recipe = measuringRecipe(device);
  const doing = (what: string) => context.progress({ done: 0, total: 0, rate: 0, eta: null, message: what });
  const examined = await examineDevice(recipe, { ...context, doing }).catch((error: unknown) => {
    stopIfAsked(context.signal);
    forgetSpeed(database, recipe);
    throw error;
  });
  refuseBesideWork(context);
  const { state } = judged(examined);
  if (state === 'works') recordSpeed(database, recipe, examined.imagesPerSecond);
  else forgetSpeed(database, recipe);
  const { imagesPerSecond, gigaflopsPerSecond, preparing, memory } = examined;
  const { runtime, opening, productGigaflopsPerSecond, difference, resident, instead } = examined;
  return {
    ...{ imagesPerSecond, gigaflopsPerSecond, preparing, memory },
    ...{ runtime, opening, productGigaflopsPerSecond, difference, agrees: state !== 'wrong', resident, instead },
  };
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
