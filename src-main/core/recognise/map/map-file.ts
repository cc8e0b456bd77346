/** The map as it lies in the workspace's cache, so that it is there at once when the page is opened again. */
import { mkdir, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileAtomically } from '../../../base/files.ts';
import type { Workspace } from '../../../store/workspace.ts';

/** Raised when the same vectors begin to give another map. */
const VERSION = 1;

const schema = z.object({
  version: z.literal(VERSION),
  /** The models and vectors that it shows: see search-index.ts. */
  madeFrom: z.string(),
  modelId: z.number(),
  model: z.string(),
  landmarks: z.number(),
  ids: z.array(z.number()),
  x: z.array(z.number()),
  y: z.array(z.number()),
});

export type StoredMap = Omit<z.infer<typeof schema>, 'version'>;

const fileOf = (workspace: Workspace) => workspace.path('cache', 'map.json');

export async function keepMap(workspace: Workspace, map: StoredMap): Promise<void> {
  await mkdir(workspace.path('cache'), { recursive: true });
  await writeFileAtomically(fileOf(workspace), JSON.stringify({ version: VERSION, ...map }));
}

/** Null where there is none, or one of another version: the cache may be deleted at any time, and a map is drawn again. */
export async function keptMap(workspace: Workspace): Promise<StoredMap | null> {
  let text: string;
  try {
    text = await readFile(fileOf(workspace), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
