/**
 * How fast this machine trains, as it was seen: by trainings, and by measurements of seconds. Kept in the workspace, each with the machine
 * that it was seen on, since a workspace may be on a drive that travels.
 */
import { availableParallelism, cpus, hostname } from 'node:os';
import { z } from 'zod';
import { objectiveNameOf, type Recipe } from '../../pretrain/config.ts';
import { gigaflopsPerImage, type ImageCost } from '../../pretrain/cost.ts';
import { OBJECTIVE_NAMES } from '../../pretrain/objectives/objective.ts';
import type { Database } from '../../store/database.ts';
import { readSetting, writeSetting } from '../../store/settings.ts';

const KEY = 'training.speeds';
/** Speeds that are kept, the latest. */
const MOST = 40;

const speed = z.object({
  machine: z.string(),
  device: z.string(),
  model: z.string(),
  image: z.number(),
  local: z.number(),
  locals: z.number(),
  objective: z.enum(OBJECTIVE_NAMES).optional(),
  imagesPerSecond: z.number().positive(),
  /** The run that went at this speed; null where it was measured. */
  run: z.string().nullable(),
  /** ISO 8601. */
  at: z.string(),
});

export type Speed = z.infer<typeof speed>;

/** Tells this machine from others. */
function thisMachine(): string {
  return `${hostname()}, ${availableParallelism()} × ${cpus()[0]?.model.trim() ?? process.arch}`;
}

/** What a picture costs with a recipe. */
export function costOf(recipe: Recipe): ImageCost {
  const { model, crops } = recipe;
  const { globalSize: image, localSize: local, locals } = crops;
  return { model, image, local, locals, objective: objectiveNameOf(recipe) };
}

/** Speeds seen on this machine, the latest last. */
export function speeds(database: Database): Speed[] {
  return all(database).filter(({ machine }) => machine === thisMachine());
}

function all(database: Database): Speed[] {
  const parsed = z.array(speed).safeParse(readSetting(database, KEY) ?? []);
  return parsed.success ? parsed.data : []; // another version wrote them; they are soon measured again
}

/** Notes a speed, in the place of the last one with the same settings on the same device. */
export function recordSpeed(
  database: Database,
  recipe: Recipe,
  imagesPerSecond: number,
  { run = null }: { readonly run?: string | null } = {},
): void {
  const seen: Speed = {
    ...{ machine: thisMachine(), device: recipe.device, ...costOf(recipe) },
    ...{ imagesPerSecond, run, at: new Date().toISOString() },
  };
  const others = all(database).filter((other) => other.machine !== seen.machine || !sameSettings(other, seen));
  writeSetting(database, KEY, [...others, seen].slice(-MOST));
}

/** What a speed was seen with. */
type Setting = Pick<Speed, 'device'> & ImageCost;

/** Forgets the speed with these settings on this device: it cannot be counted on any more. */
export function forgetSpeed(database: Database, recipe: Recipe): void {
  const gone = { machine: thisMachine(), device: recipe.device, ...costOf(recipe) };
  const kept = all(database).filter((other) => other.machine !== gone.machine || !sameSettings(other, gone));
  writeSetting(database, KEY, kept);
}

function sameSettings(a: Setting, b: Setting): boolean {
  return a.device === b.device && sameWork(a, b);
}

/** Whether a picture is as much work, and of the same kind, so that speeds can be compared. */
export function sameWork(a: ImageCost, b: ImageCost): boolean {
  if (a.model !== b.model || (a.objective ?? 'dino') !== (b.objective ?? 'dino')) return false;
  return a.image === b.image && a.local === b.local && a.locals === b.locals;
}

/** Images a second with a recipe, from the speed that was seen with the settings most alike; null where none was. */
export function expectedSpeed(
  database: Database,
  recipe: Recipe,
): { imagesPerSecond: number; exact: boolean; seen: Speed } | null {
  const cost = costOf(recipe);
  const own = gigaflopsPerImage(cost);
  const candidates = speeds(database).filter(({ device }) => device === recipe.device);
  // A picture of another size is converted by its cost; the nearer the costs, the better that holds.
  const distance = (seen: Speed) =>
    Math.abs(Math.log(gigaflopsPerImage(seen) / own)) +
    (seen.model === cost.model ? 0 : 0.5) +
    ((seen.objective ?? 'dino') === cost.objective ? 0 : 0.1);
  const seen = candidates.reduce<Speed | null>(
    (best, next) => (best === null || distance(next) <= distance(best) ? next : best),
    null,
  );
  if (!seen) return null;
  const exact = sameWork(seen, cost);
  return { imagesPerSecond: (seen.imagesPerSecond * gigaflopsPerImage(seen)) / own, exact, seen };
}
