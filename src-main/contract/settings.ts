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
  /** Whether this build can try it; only a measurement tells that it works. */
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
      devices: z.array(device),
    }),
  ),
  /** A few seconds of real training steps of a small network; fails with the reason where the device cannot be used. */
  'settings.measureDevice': call(
    z.object({ device: z.string().min(1).max(40) }),
    z.object({
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
