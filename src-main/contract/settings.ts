/** The machine that Gondola works on, what it keeps there, and choices that hold for a workspace. */
import { z } from 'zod';
import { call } from './call.ts';

const nothing = z.object({});

/** Something that can compute. */
export const device = z.object({
  /** As calls take it. */
  name: z.string(),
  title: z.string(),
  /** What it is good for, as a sentence. */
  gives: z.string(),
  /** Whether it can be tried here; only a measurement tells that it works. */
  offered: z.boolean(),
  /** Why not, or what it needs, as a sentence; may be empty. */
  needs: z.string(),
  /** The last speed that was seen on it. */
  measured: z
    .object({ gigaflopsPerSecond: z.number(), imagesPerSecond: z.number(), settings: z.string(), at: z.string() })
    .nullable(),
});

export type Device = z.infer<typeof device>;

export const cache = z.object({
  name: z.enum(['pictures', 'regions', 'photos', 'masks']),
  title: z.string(),
  /** What it is for and what clearing it costs, as a sentence. */
  what: z.string(),
  bytes: z.number(),
});

export type Cache = z.infer<typeof cache>;

export const memory = z.object({
  /** Bytes. */
  total: z.number(),
  available: z.number(),
  /** Of the process that answers. */
  process: z.number(),
  caches: z.array(cache),
});

export type Memory = z.infer<typeof memory>;

/** Where trainings and indexing compute unless something else is said. */
const deviceChoices = z.object({ training: z.string(), indexing: z.string() });

export type DeviceChoices = z.infer<typeof deviceChoices>;

export const settingsCalls = {
  'settings.devices': call(
    nothing,
    z.object({
      computer: z.object({ processor: z.string(), cores: z.number(), system: z.string() }),
      /** Names of the graphics cards, where the system tells them. */
      cards: z.array(z.string()),
      devices: z.array(device),
      /** The device to train on, by what was measured here, and why, as a sentence. */
      recommended: z.object({ device: z.string(), why: z.string() }),
    }),
  ),
  /**
   * Opens a device, multiplies matrices, compares its losses with the processor's and trains a small network for seconds; fails with the reason
   * where the device cannot be used, hangs or dies, and beside other work.
   */
  'settings.measureDevice': call(
    z.object({ device: z.string().min(1).max(40) }),
    z.object({
      /** What it turned out to run on. */
      runtime: z.string(),
      /** Seconds until it was open. */
      opening: z.number(),
      /** Of large matrix products alone. */
      productGigaflopsPerSecond: z.number(),
      /** Largest relative difference of the losses of a few steps from the processor's. */
      difference: z.number(),
      /** Whether that is no more than rounding. */
      agrees: z.boolean(),
      /** Whether weights, moments and teacher stay on the device between steps. */
      resident: z.boolean(),
      /** What it does without the card that it is named for, in sentences; null where it is what its name says. */
      instead: z.string().nullable(),
      imagesPerSecond: z.number(),
      gigaflopsPerSecond: z.number(),
      /** Seconds until the first step was through. */
      preparing: z.number(),
      /** The most that it took, bytes. */
      memory: z.number(),
    }),
  ),
  'settings.memory': call(nothing, memory),
  'settings.clearCache': call(z.object({ name: cache.shape.name }), z.object({ freed: z.number() })),
  'settings.deviceChoices': call(nothing, deviceChoices),
  'settings.chooseDevices': call(deviceChoices.partial(), deviceChoices),
  'settings.about': call(nothing, z.object({ version: z.string(), node: z.string(), system: z.string() })),
};
