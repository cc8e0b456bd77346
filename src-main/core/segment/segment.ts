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
import { type FileProblem, fileProblem } from '../library/problems.ts';
import type { Attender } from './attender.ts';
import { bestHead } from './attention.ts';
import { cutoutPng, maskPng } from './cutout.ts';
import { fileNames, Ledger, type LedgerEntry, type LedgerRegion } from './ledger.ts';
import { emptyMask, type Mask, maskArea, paintMask } from './mask.ts';
import { photoMask, regionMask } from './object-mask.ts';
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
 * @throws GondolaError `folder-unusable`; `cancelled` after the photo in hand. A photo that cannot be read is a problem in the summary.
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
    throw new GondolaError('folder-unusable', `${options.out} cannot be made a folder.`, 'Choose another --out.', {
      cause: error,
    });
  });
  const ledger = await Ledger.open(folder);
  const meter = new ProgressMeter(tasks.length, job.progress);
  const problems: FileProblem[] = [];
  const photos: LedgerEntry[] = [];
  let present = 0;
  let regions = 0;
  for (const task of tasks) {
    stopIfAsked(job.signal);
    try {
      const bytes = await readPhotoFile(task.path);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const made = fingerprint(task, attender);
      const known = options.force ? undefined : ledger.finished(sha256, made);
      if (known) {
        present++;
        photos.push(known);
      } else {
        const picture = await decodeUpright(bytes, { name: task.path });
        const stem = ledger.claim(task.path, sha256);
        const result = await segmentPhoto(picture, task, attender, folder, stem, options);
        const { width, height } = picture;
        const entry = { stem, sha256, made, path: task.path, width, height, ...result };
        await ledger.record(entry);
        photos.push(entry);
        regions += entry.regions.length;
      }
    } catch (error) {
      // A full disk or a lost folder would fail for every photo that follows; what is wrong with one photo would not.
      if (isAboutWriting(error)) throw error;
      problems.push(fileProblem(task.path, error));
    }
    meter.advance(1, task.path);
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

function fingerprint(task: SegmentTask, attender: Attender): string {
  const boxes = task.boxes.map(({ id, x, y, width, height }) => [id, x, y, width, height]);
  return createHash('sha256')
    .update(JSON.stringify([method, attender.identity, boxes]))
    .digest('hex')
    .slice(0, 16);
}

function isAboutWriting(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return (
    code === 'ENOSPC' || code === 'EROFS' || code === 'EDQUOT' || (error as { syscall?: string }).syscall === 'rename'
  );
}

async function segmentPhoto(
  picture: Picture,
  task: SegmentTask,
  attender: Attender,
  folder: string,
  stem: string,
  { keep }: SegmentOptions,
): Promise<Pick<LedgerEntry, 'share' | 'bestHead' | 'regions'>> {
  const write = (name: string, bytes: Uint8Array) => writeFileAtomically(join(folder, name), bytes);
  const { map, evidence } = await attender.look(picture, wholeBox(picture));
  const regions: LedgerRegion[] = [];
  let mask: Mask;
  if (task.boxes.length === 0) {
    mask = photoMask(picture, evidence);
  } else {
    mask = emptyMask(picture.width, picture.height);
    for (const box of task.boxes) {
      const part = regionMask(picture, box);
      paintMask(mask, part.mask, part.x, part.y);
      await write(fileNames.regionMask(stem, box.id), await maskPng(part.mask));
      await write(fileNames.regionCutout(stem, box.id), await cutoutPng(picture, part.mask, part));
      await keep?.(box.id, box, part.mask);
      const { width, height } = part.mask;
      regions.push({ id: box.id, x: part.x, y: part.y, width, height, share: shareOf(part.mask) });
    }
  }
  const best = bestHead(map, mask).head;
  const title = attender.trained
    ? `attention of ${attender.name}`
    : 'untrained encoder: the mask is from colour and edges alone';
  await Promise.all([
    maskPng(mask).then((bytes) => write(fileNames.mask(stem), bytes)),
    cutoutPng(picture, mask).then((bytes) => write(fileNames.cutout(stem), bytes)),
    attentionPanel(picture, map, best, mask, title).then((bytes) => write(fileNames.attention(stem), bytes)),
    task.photoRegion === undefined ? undefined : keep?.(task.photoRegion, wholeBox(picture), mask),
  ]);
  return { share: shareOf(mask), bestHead: best + 1, regions };
}

function shareOf(mask: Mask): number {
  return maskArea(mask) / mask.data.length;
}
