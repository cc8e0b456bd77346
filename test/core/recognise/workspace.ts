/** Workspaces with photos drawn on the spot and a small untrained encoder, for the stories of recognition. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { type JobContext, unattended } from '../../../src-main/base/progress.ts';
import type { CoreContext } from '../../../src-main/core/context.ts';
import { importPhotos } from '../../../src-main/core/library/import.ts';
import { openRuntime } from '../../../src-main/engine/devices.ts';
import { Encoder } from '../../../src-main/model/encoder.ts';
import { insertModel, type Model, setActiveModel } from '../../../src-main/store/models.ts';
import { Workspace } from '../../../src-main/store/workspace.ts';
import { imageDeviation, imageMean } from '../../../src-main/vision/tensor.ts';

const ARCHITECTURE = { dimensions: 24, depth: 2, heads: 2, patch: 8, image: 32, registers: 0, layerScale: false };

/** A package: a colour, and a shape on it. */
export type Package = readonly [ground: string, print: string, shape: 'circle' | 'bar' | 'cross'];

export const PACKAGES: Readonly<Record<string, Package>> = {
  Cola: ['#c01020', '#ffffff', 'bar'],
  Lemonade: ['#e8d020', '#208020', 'circle'],
  Water: ['#2060d0', '#ffffff', 'cross'],
};

function svg([ground, print, shape]: Package, size: number, shift: number): string {
  const [c, r] = [size / 2 + shift, size / 5];
  const drawn = {
    circle: `<circle cx="${c}" cy="${c}" r="${r}" fill="${print}"/>`,
    bar: `<rect x="0" y="${c - r / 2}" width="${size}" height="${r}" fill="${print}"/>`,
    cross: `<path d="M${c - r} ${c} H${c + r} M${c} ${c - r} V${c + r}" stroke="${print}" stroke-width="${r / 2}"/>`,
  }[shape];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}"><rect width="100%" height="100%" fill="${ground}"/>${drawn}</svg>`;
}

/** A photo of one package; `take` shifts it and changes the light, so that no two have the same bytes. */
export async function photograph(file: string, what: Package, take: number): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const image = sharp(Buffer.from(svg(what, 64, (take % 5) - 2))).modulate({ brightness: 1 - 0.03 * (take % 7) });
  await writeFile(file, await image.jpeg().toBuffer());
}

/** A shelf photo: packages side by side, each 64 pixels wide from x = 0 on. */
export async function photographShelf(file: string, row: readonly Package[], take: number): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const parts = row.map((what, i) => ({ input: Buffer.from(svg(what, 64, (take + i) % 3)), left: 64 * i, top: 0 }));
  const blank = sharp({ create: { width: 64 * row.length, height: 64, channels: 3, background: '#444444' } });
  await writeFile(file, await blank.composite(parts).png().toBuffer());
}

export interface Store {
  readonly folder: string;
  readonly context: CoreContext;
  readonly workspace: Workspace;
  /** Writes `path,label…` rows beside the photos and returns the csv's path. */
  csv(name: string, heading: string, rows: readonly string[]): Promise<string>;
  import(labels?: string): Promise<void>;
  /** With another way to be stopped, or to watch. */
  watched(changes: Partial<JobContext>): CoreContext;
  remove(): void;
}

/** An empty workspace beside a folder `photos`, with an untrained encoder as its active model. */
export async function openStore(): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), 'gondola-recognise-'));
  const workspace = Workspace.create(join(folder, 'workspace'));
  await addModel(workspace, 'first', 1);
  const context: CoreContext = { ...unattended, workspace };
  await mkdir(join(folder, 'photos'));
  return {
    folder,
    context,
    workspace,
    async csv(name, heading, rows) {
      const file = join(folder, name);
      await writeFile(file, [heading, ...rows].join('\n'));
      return file;
    },
    async import(labels) {
      await importPhotos(
        workspace,
        { paths: [join(folder, 'photos')], labels: labels ? { csv: labels } : undefined },
        unattended,
      );
    },
    watched: (changes) => ({ ...context, ...changes }),
    remove() {
      workspace.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Saves an untrained encoder as a model and makes it the active one. */
export async function addModel(workspace: Workspace, name: string, seed: number): Promise<Model> {
  const encoder = Encoder.untrained(await openRuntime('cpu'), ARCHITECTURE, seed);
  const path = `models/${name}.safetensors`;
  await encoder.save(workspace.path(path), { mean: [...imageMean], std: [...imageDeviation] });
  const sha256 = createHash('sha256')
    .update(readFileSync(workspace.path(path)))
    .digest('hex');
  const model = insertModel(workspace.database, {
    name,
    kind: 'encoder',
    dimensions: ARCHITECTURE.dimensions,
    config: ARCHITECTURE,
    path,
    sha256,
  });
  setActiveModel(workspace.database, model.id);
  return model;
}
