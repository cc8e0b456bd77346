// Which network on which crops: the most demanding row of the table that the device gets through often enough in the time.
import { vitNamed } from '../model/vit.ts';
import type { Length } from './config.ts';
import { gigaflopsPerImage } from './cost.ts';
import { BY_TIME, DEFAULT_MINUTES, type SizeRow, SPEED_OF_ACCELERATOR, SPEED_PER_CORE } from './defaults.ts';
import type { Wishes } from './recipe.ts';

/** What the choice depends on. */
export interface Circumstances {
  readonly pictures: number;
  /** CPU cores. */
  readonly cores: number;
  readonly device: string;
}

/** The most demanding row, wishes included, that sees every picture often enough in the time; else the least demanding. */
export function chooseSize({ pictures, cores, device }: Circumstances, wishes: Wishes, length: Length) {
  const count = pictures.toLocaleString('en-US');
  const onCpu = device === 'cpu';
  const speed = onCpu ? SPEED_PER_CORE * cores : SPEED_OF_ACCELERATOR;
  const seconds = 60 * (length.kind === 'minutes' ? length.minutes : DEFAULT_MINUTES);
  const rows = BY_TIME.filter(
    (row) => row.device === (onCpu ? 'cpu' : 'accelerator') && pictures <= (row.upTo ?? pictures),
  );
  const candidates = rows.map((row) => {
    const { model, image, local, locals } = row;
    const objective = objectiveWished(wishes) ?? row.objective;
    const size = fitted({ model, image, local, locals, ...wanted(wishes) }, wishes);
    return {
      ...size,
      objective,
      row,
      passes: (seconds * speed) / (gigaflopsPerImage({ ...size, objective }) * pictures),
    };
  });
  const chosen = candidates.find(({ row, passes }) => passes >= row.passes)!;
  const passes = chosen.passes >= 10 ? chosen.passes.toFixed(0) : chosen.passes.toFixed(1);
  const where = onCpu ? `${cores} cores` : device;
  const time = `${Number((seconds / 60).toPrecision(2))} minutes on ${where}`;
  const reason =
    chosen.row.passes > 0
      ? `the largest that sees each of ${count} pictures ${chosen.row.passes} times or more in ${time}`
      : `the smallest, since ${time} usually allow about ${passes} passes over ${count} pictures, and many passes matter more than size`;
  return { ...chosen, reason };
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
  const local = wishes.local ?? multiple(Math.min(size.local, image / 2));
  vitNamed(size.model, image);
  vitNamed(size.model, local);
  return { ...size, image, local };
}

/** What a row sets itself. */
export function settingsOfRow({
  device: _,
  upTo: __,
  passes: ___,
  objective: ____,
  attention: _____,
  ...settings
}: SizeRow) {
  return settings;
}
