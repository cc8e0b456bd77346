/** The folders that photos lie in, as a tree for a filter. */
import { dirname, sep } from 'node:path';

export interface Folder {
  path: string;
  /** What it is called below its parent in the list; the topmost ones by their whole path. */
  name: string;
  depth: number;
  /** Photo files in it and below. */
  files: number;
}

/**
 * Every folder that holds one of the files, and those above, up to the deepest that all have in common. Folders that only lead on to one other are
 * passed over: nobody filters by them.
 * @param paths of files, absolute and sorted
 */
export function foldersOf(paths: readonly string[]): Folder[] {
  const own = new Map<string, number>();
  const all = new Map<string, number>();
  for (const path of paths) {
    const folder = dirname(path);
    own.set(folder, (own.get(folder) ?? 0) + 1);
  }
  const children = new Map<string, Set<string>>();
  for (const [folder, files] of own) {
    for (let at = folder; ; ) {
      all.set(at, (all.get(at) ?? 0) + files);
      const above = dirname(at);
      if (above === at) break;
      const below = children.get(above) ?? new Set<string>();
      below.add(at);
      children.set(above, below);
      at = above;
    }
  }
  const folders: Folder[] = [];
  const visit = (path: string, parent: string | null, depth: number) => {
    const below = [...(children.get(path) ?? [])].sort();
    const shown = own.has(path) || below.length !== 1;
    if (shown) {
      const name = parent === null ? path : path.slice(parent.endsWith(sep) ? parent.length : parent.length + 1);
      folders.push({ path, name, depth, files: all.get(path) ?? 0 });
    }
    for (const child of below) visit(child, shown ? path : parent, shown ? depth + 1 : depth);
  };
  for (const path of all.keys()) if (dirname(path) === path) visit(path, null, 0);
  return folders;
}
