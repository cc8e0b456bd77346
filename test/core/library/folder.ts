/** Folders with small photos for the import's tests. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { unattended } from '../../../src-main/base/progress.ts';
import { type ImportRequest, importPhotos } from '../../../src-main/core/library/import.ts';
import { Workspace } from '../../../src-main/store/workspace.ts';

/** A temporary folder with an open workspace and a folder for photos; everything is gone after `close`. */
export class Scene {
  readonly root = mkdtempSync(join(tmpdir(), 'gondola-'));
  readonly photos = join(this.root, 'photos');
  workspace: Workspace;

  constructor() {
    mkdirSync(this.photos);
    this.workspace = Workspace.create(join(this.root, 'workspace'));
  }

  path(...parts: string[]): string {
    return join(this.photos, ...parts);
  }

  /** Closes the workspace and opens it again, as a restart does. */
  restart(): void {
    this.workspace.close();
    this.workspace = Workspace.open(this.workspace.folder);
  }

  /** Imports the photos' folder. */
  import(request: Partial<ImportRequest> = {}, context = unattended) {
    return importPhotos(this.workspace, { paths: [this.photos], ...request }, context);
  }

  /** Writes a photo that differs from every other by its number, and returns its path. */
  async photo(name: string, number: number, options: { width?: number; height?: number } = {}): Promise<string> {
    const path = this.path(name);
    mkdirSync(dirname(path), { recursive: true });
    await drawn(number, options).toFile(path);
    return path;
  }

  close(): void {
    this.workspace.close();
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** A plain picture whose colour is its number. */
export function drawn(number: number, { width = 40, height = 30 } = {}): Sharp {
  const background = { r: (number * 37) % 256, g: (number * 91) % 256, b: number % 256 };
  return sharp({ create: { width, height, channels: 3, background } });
}
