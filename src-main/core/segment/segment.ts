/** Masks, cut-outs and attention panels for many photos, resumable: what lies in the folder and is still true is not made again. */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { GondolaError, stopIfAsked } from '../../base/errors.ts';
import { writeFileAtomically } from '../../base/files.ts';
import { type JobContext, ProgressMeter } from '../../base/progress.ts';
import type { Region } from '../../store/regions.ts';
import { decodeUpright, readPhotoFile } from '../../vision/decode.ts';
import { type Picture, wholeBox } from '../../vision/picture.ts';
import { unwritable } from '../export/unwritable.ts';
import { type FileProblem, fileProblem } from '../library/problems.ts';
import type { Attender } from './attender.ts';
import { bestHead } from './attention.ts';
import { cutoutPng, maskPng } from './cutout.ts';
import { fileNames, Ledger, type LedgerEntry, type LedgerRegion } from './ledger.ts';
import { emptyMask, type Mask, maskArea, paintMask, resizeMask } from './mask.ts';
import { photoMask, regionMask } from './object-mask.ts';
import { overview } from './overview.ts';
import { attentionPanel } from './panel.ts';

/** A photo to be segmented. */
export interface SegmentTask {
  readonly path: string;
  /** Products on it; without any, the photo is searched for its object. */
  readonly boxes: readonly Pick<Region, 'id' | 'x' | 'y' | 'width' | 'height'>[];
  /** The workspace's whole-photo region; undefined for a photo outside a workspace. */
  readonly photoRegion?: number;
}

export interface SegmentOptions {
  readonly out: string;
  /** Makes again what is there already. */
  readonly force: boolean;
  /** Told every mask by the region it belongs to. */
  readonly keep?: (
    region: number,
    box: { x: number; y: number; width: number; height: number },
    mask: Mask,
  ) => Promise<void>;
}

export interface SegmentSummary {
  /** Photos segmented now. */
  readonly segmented: number;
  /** Photos whose files were there already. */
  readonly present: number;
  /** Masks of products in boxes, among the segmented. */
  readonly regions: number;
  /** Photos, of all looked at, on which nothing stood out. */
  readonly empty: number;
  readonly problems: FileProblem[];
  readonly photos: LedgerEntry[];
  readonly seconds: number;
}

/** Raised when the method begins to give other masks for the same photo. */
const method = 1;

/**
 * @throws GondolaError `out-unwritable`; `cancelled` after the photo in hand. A photo that cannot be read is a problem in the summary.
 */
export async function segmentPhotos(
  tasks: readonly SegmentTask[],
  attender: Attender,
  options: SegmentOptions,
  job: JobContext,
): Promise<SegmentSummary> {
  const started = performance.now();
  const folder = resolve(options.out);
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw unwritable(folder, error);
  });
  const ledger = await Ledger.open(folder);
  const meter = new ProgressMeter(tasks.length, job.progress);
  const problems: FileProblem[] = [];
  const photos: LedgerEntry[] = [];
  let present = 0;
  let regions = 0;

  /** Waits for a photo's files, which are compressed in other threads while the next photo is being looked at. */
  const settle = async (task: SegmentTask, finished: Promise<Finished>): Promise<void> => {
    try {
      const { entry, isNew } = await finished;
      photos.push(entry);
      if (isNew) regions += entry.regions.length;
      else present++;
    } catch (error) {
      // A full disk would fail for every photo that follows; what is wrong with one photo would not.
      if (error instanceof GondolaError && error.code === 'out-unwritable') throw error;
      problems.push(fileProblem(task.path, error));
    }
    meter.advance(1, task.path);
  };

  let last: Promise<void> = Promise.resolve();
  try {
    for (const task of tasks) {
      stopIfAsked(job.signal);
      const files = await begin(task, attender, ledger, folder, options).catch(
        (error: unknown) => () => Promise.reject(error),
      );
      await last;
      last = settle(task, files());
      // Awaited above or below; until then its failure is nobody's surprise.
      last.catch(() => {});
    }
  } finally {
    await last;
  }
  return {
    segmented: photos.length - present,
    present,
    regions,
    empty: photos.filter(({ share }) => share === 0).length,
    problems,
    photos,
    seconds: (performance.now() - started) / 1000,
  };
}

interface Finished {
  readonly entry: LedgerEntry;
  /** False where the files were there already. */
  readonly isNew: boolean;
}

/** Looks at a photo and finds its masks; the function that comes back writes them. */
async function begin(
  task: SegmentTask,
  attender: Attender,
  ledger: Ledger,
  folder: string,
  options: SegmentOptions,
): Promise<() => Promise<Finished>> {
  const bytes = await readPhotoFile(task.path);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const made = fingerprint(task, attender);
  const known = options.force ? undefined : ledger.finished(sha256, made);
  if (known) return async () => ({ entry: known, isNew: false });
  const picture = await decodeUpright(bytes, { name: task.path });
  const segmented = await findMasks(picture, task, attender);
  return async () => {
    const stem = ledger.claim(task.path, sha256);
    const { width, height } = picture;
    const { share, bestHead: best, regions } = segmented;
    const entry: LedgerEntry = {
      ...{ stem, sha256, made, path: task.path, width, height, share, bestHead: best },
      regions: regions.map(({ region }) => region),
    };
    try {
      await writeFiles(picture, task, segmented, stem, folder, options);
      await ledger.record(entry);
    } catch (error) {
      throw unwritable(folder, error);
    }
    return { entry, isNew: true };
  };
}

function fingerprint(task: SegmentTask, attender: Attender): string {
  const boxes = task.boxes.map(({ id, x, y, width, height }) => [id, x, y, width, height]);
  return createHash('sha256')
    .update(JSON.stringify([method, attender.identity, boxes]))
    .digest('hex')
    .slice(0, 16);
}

interface Segmented {
  readonly mask: Mask;
  readonly share: number;
  /** From 1. */
  readonly bestHead: number;
  readonly regions: readonly { readonly region: LedgerRegion; readonly mask: Mask }[];
  /** PNG. */
  readonly panel: Promise<Uint8Array>;
}

async function findMasks(picture: Picture, { boxes }: SegmentTask, attender: Attender): Promise<Segmented> {
  const small = overview(picture);
  const { map, evidence } = await attender.look(small, wholeBox(small));
  let mask: Mask;
  const regions = boxes.map((box) => {
    const { x, y, mask: part } = regionMask(picture, box);
    const { width, height } = part;
    return { region: { id: box.id, x, y, width, height, share: shareOf(part) }, mask: part };
  });
  if (boxes.length === 0) {
    mask = resizeMask(photoMask(small, evidence), picture.width, picture.height);
  } else {
    mask = emptyMask(picture.width, picture.height);
    for (const { region, mask: part } of regions) paintMask(mask, part, region.x, region.y);
  }
  const object = resizeMask(mask, small.width, small.height);
  const best = bestHead(map, object).head;
  const title = attender.trained
    ? `attention of ${attender.name}`
    : 'untrained encoder: the mask is from colour and edges alone';
  const panel = attentionPanel(small, map, best, object, title);
  panel.catch(() => {}); // awaited when it is written
  return { mask, share: shareOf(mask), bestHead: best + 1, regions, panel };
}

async function writeFiles(
  picture: Picture,
  task: SegmentTask,
  { mask, regions, panel }: Segmented,
  stem: string,
  folder: string,
  { keep }: SegmentOptions,
): Promise<void> {
  const write = async (name: string, bytes: Promise<Uint8Array>) =>
    writeFileAtomically(join(folder, name), await bytes);
  for (const [index, { region, mask: part }] of regions.entries()) {
    await write(fileNames.regionMask(stem, region.id), maskPng(part));
    await write(fileNames.regionCutout(stem, region.id), cutoutPng(picture, part, region));
    await keep?.(region.id, task.boxes[index], part);
  }
  await Promise.all([
    write(fileNames.mask(stem), maskPng(mask)),
    write(fileNames.cutout(stem), cutoutPng(picture, mask)),
    write(fileNames.attention(stem), panel),
    task.photoRegion === undefined ? undefined : keep?.(task.photoRegion, wholeBox(picture), mask),
  ]);
}

function shareOf(mask: Mask): number {
  return maskArea(mask) / mask.data.length;
}
