/** The workspaces that were used last, in a small file beside the program's other settings. Losing it loses nothing but convenience. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../../base/files.ts';
import { isWorkspace } from '../../store/workspace.ts';

const content = z.object({ folders: z.array(z.string()), open: z.string().nullable() });

const MOST = 10;

export class RecentWorkspaces {
  readonly #file: string;
  #folders: string[] = [];
  /** The one that was open last and was not closed by hand. */
  open: string | null = null;

  /** A file that cannot be read counts as empty: it is replaced at the next change. */
  constructor(file: string) {
    this.#file = file;
    if (!existsSync(file)) return;
    const parsed = content.safeParse(parsedJson(readFileSync(file, 'utf8')));
    if (!parsed.success) return;
    this.#folders = parsed.data.folders;
    this.open = parsed.data.open;
  }

  list(): { folder: string; name: string; exists: boolean }[] {
    return this.#folders.map((folder) => ({ folder, name: basename(folder), exists: isWorkspace(folder) }));
  }

  async use(folder: string): Promise<void> {
    this.#folders = [folder, ...this.#folders.filter((other) => other !== folder)].slice(0, MOST);
    this.open = folder;
    await this.#save();
  }

  async closed(): Promise<void> {
    this.open = null;
    await this.#save();
  }

  async forget(folder: string): Promise<void> {
    this.#folders = this.#folders.filter((other) => other !== folder);
    if (this.open === folder) this.open = null;
    await this.#save();
  }

  async #save(): Promise<void> {
    mkdirSync(dirname(this.#file), { recursive: true });
    const json = JSON.stringify({ folders: this.#folders, open: this.open }, null, 2);
    await writeFileAtomically(this.#file, new TextEncoder().encode(`${json}\n`));
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
