/**
 * The licences of everything that is shipped, gathered from node_modules when the pages are built. What is shipped is what the app's package
 * depends on, and what is bundled into the pages.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** One package. */
export interface Licence {
  readonly name: string;
  readonly version: string;
  /** SPDX, as the package says. */
  readonly licence: string;
  /** The licence file; empty where the package brings none. */
  readonly text: string;
}

/** Bundled into the pages, so that they are dependencies of the build only. */
const bundled = [
  'svelte',
  'bits-ui',
  'tailwindcss',
  '@lucide/svelte',
  'virtua',
  'uplot',
  'regl-scatterplot',
  'regl',
  'pub-sub-es',
  '@internationalized/date',
  'electron',
];

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license?: string | { readonly type?: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** @param root the folder with package.json and node_modules */
export function gatherLicences(root: string): Licence[] {
  const own = readPackage(root);
  const found = new Map<string, Licence>();
  const visit = (name: string, from: string): void => {
    const folder = locate(name, from);
    if (!folder) return; // an optional one that was not installed on this platform
    const { version, license, dependencies, optionalDependencies } = readPackage(folder);
    const key = `${name} ${version}`;
    if (found.has(key)) return;
    const licence = typeof license === 'string' ? license : (license?.type ?? 'see its text');
    found.set(key, { name, version, licence, text: licenceText(folder) });
    for (const next of Object.keys({ ...dependencies, ...optionalDependencies })) visit(next, folder);
  };
  for (const name of [...Object.keys(own.dependencies ?? {}), ...bundled]) {
    // Electron is shipped as a program; what its installer needs is not.
    if (name !== 'electron') visit(name, root);
    else {
      const folder = locate(name, root);
      if (folder)
        found.set(name, { name, version: readPackage(folder).version, licence: 'MIT', text: licenceText(folder) });
    }
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
}

function readPackage(folder: string): Package {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** Where Node would find a package that is required from a folder. */
function locate(name: string, from: string): string | null {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (dirname(folder) === folder) return null;
  }
}

function licenceText(folder: string): string {
  const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)(\.|-|$)/i.test(name));
  return file ? readFileSync(join(folder, file), 'utf8').trim() : '';
}

/** A Vite plugin that writes `licences.json` beside the pages. @param root the folder with package.json and node_modules */
export function licences(root: string) {
  return {
    name: 'licences',
    generateBundle(this: { emitFile(file: { type: 'asset'; fileName: string; source: string }): void }) {
      this.emitFile({ type: 'asset', fileName: 'licences.json', source: JSON.stringify(gatherLicences(root)) });
    },
  };
}
