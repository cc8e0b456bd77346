// Which network on which crops: the most demanding row of the table that the device gets through often enough in the time.
import { vitNamed } from '../model/vit.ts';
import type { Length } from './config.ts';
import { gigaflopsPerImage } from './cost.ts';
import {
  BY_PICTURES,
  BY_TIME,
  DEFAULT_MINUTES,
  rowFor,
  type SizeRow,
  SPEED_OF_ACCELERATOR,
  SPEED_PER_CORE,
} from './defaults.ts';
import type { Wishes } from './recipe.ts';

/** What the choice depends on. */
export interface Circumstances {
  readonly pictures: number;
  /** CPU cores. */
  readonly cores: number;
  readonly device: string;
}

/** The most demanding row, wishes included, that sees every picture often enough in the time, in steps enough; else the least demanding. */
export function chooseSize({ pictures, cores, device }: Circumstances, wishes: Wishes, length: Length) {
  const onCpu = device === 'cpu';
  const speed = onCpu ? SPEED_PER_CORE * cores : SPEED_OF_ACCELERATOR;
  const minutes = length.kind === 'minutes' ? length.minutes : DEFAULT_MINUTES;
  const batch = Math.min(pictures, wishes.batch ?? rowFor(BY_PICTURES, pictures).batch);
  const most = passesAsked(length, batch / pictures);
  const rows = BY_TIME.filter(
    (row) => row.device === (onCpu ? 'cpu' : 'accelerator') && pictures <= (row.upTo ?? pictures),
  );
  const candidates = rows.map((row) => {
    const { model, image, local, locals } = row;
    const objective = objectiveWished(wishes) ?? row.objective;
    const size = fitted({ model, image, local, locals, ...wanted(wishes) }, wishes);
    const inTime = (60 * minutes * speed) / (gigaflopsPerImage({ ...size, objective }) * pictures);
    return { ...size, objective, row, passes: Math.min(most, inTime) };
  });
  const chosen = candidates.find(
    ({ row, passes }) => passes >= row.passes && (passes * pictures) / batch >= row.steps,
  )!;
  const where = `${Number(minutes.toPrecision(2))} minutes on ${onCpu ? `${cores} cores` : device}`;
  return { ...chosen, reason: reasonFor(chosen, pictures, where, length) };
}

/** As many as the length says; a time says nothing. @param share of the pictures that a step sees */
function passesAsked(length: Length, share: number): number {
  if (length.kind === 'minutes') return Number.POSITIVE_INFINITY;
  return length.kind === 'epochs' ? length.epochs : length.steps * share;
}

function reasonFor(
  { row, passes }: { row: SizeRow; passes: number },
  pictures: number,
  where: string,
  length: Length,
): string {
  const count = pictures.toLocaleString('en-US');
  if (row.passes > 0)
    return `the largest that sees each of ${count} pictures ${row.passes} times or more in ${where}, in ${row.steps.toLocaleString('en-US')} steps or more`;
  const number = passes >= 10 ? passes.toFixed(0) : passes.toFixed(1);
  return length.kind === 'minutes'
    ? `the smallest, since ${where} usually allow about ${number} passes over ${count} pictures, and many steps matter more than size`
    : `the smallest, since larger ones learn more only where there are many more steps, in hours`;
}

/** KoLeo and iBOT are DINO's. */
function objectiveWished({ objective, koleo, ibot }: Wishes) {
  return objective ?? (koleo || ibot ? 'dino' : undefined);
}

function wanted({ model, image, local, locals }: Wishes) {
  const given = { model, image, local, locals };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [Key in keyof typeof given]?: NonNullable<(typeof given)[Key]>;
  };
}

/** Sizes that nobody wished for are rounded to what the patch divides; a local crop follows a wished global one. */
function fitted<Size extends { model: string; image: number; local: number }>(size: Size, wishes: Wishes): Size {
  const patch = Number(/\/(\d+)/.exec(size.model)?.[1] ?? 16);
  const multiple = (side: number) => Math.max(patch, Math.round(side / patch) * patch);
  const image = wishes.image ?? multiple(size.image);
  // Without local crops their size means nothing, wished or not.
  const local = (wishes.locals === 0 ? undefined : wishes.local) ?? multiple(Math.min(size.local, image / 2));
  vitNamed(size.model, image);
  vitNamed(size.model, local);
  return { ...size, image, local };
}

/** What a row sets itself. */
export function settingsOfRow({
  device: _,
  upTo: __,
  passes: ___,
  steps: ______,
  objective: ____,
  attention: _____,
  ...settings
}: SizeRow) {
  return settings;
}
