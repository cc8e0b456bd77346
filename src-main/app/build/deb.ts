/**
 * `npm run package:deb`: the app as a Debian package, out of what electron-builder leaves unpacked (its own .deb target downloads fpm). Needs dpkg-deb and
 * nothing from the network, given Electron's runtime. `--quick` compresses little, for trying it out.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  globSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { GondolaError } from '../../base/errors.ts';
import { findRuntime } from './runtime.ts';

const root = join(import.meta.dirname, '../../..');
const resources = join(root, 'resources');

/** What Electron's executable is linked with or opens, by Debian's names before and after its move to 64-bit time. */
const depends = [
  'libasound2 | libasound2t64',
  'libatk-bridge2.0-0 | libatk-bridge2.0-0t64',
  'libatk1.0-0 | libatk1.0-0t64',
  'libatspi2.0-0 | libatspi2.0-0t64',
  'libc6 (>= 2.28)',
  'libcairo2',
  'libcups2 | libcups2t64',
  'libdbus-1-3',
  'libdrm2',
  'libexpat1',
  'libgbm1',
  'libglib2.0-0 | libglib2.0-0t64',
  'libgtk-3-0 | libgtk-3-0t64',
  'libnspr4',
  'libnss3',
  'libpango-1.0-0',
  'libstdc++6',
  'libudev1',
  'libx11-6',
  'libxcb1',
  'libxcomposite1',
  'libxdamage1',
  'libxext6',
  'libxfixes3',
  'libxkbcommon0',
  'libxrandr2',
];
/** Found by Chromium while it runs, where they are there: notifications, opening a folder in the file manager. */
const recommends = ['libnotify4', 'xdg-utils'];

function run(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status === 0) return;
  const reason = error ? error.message : `it ended with code ${status}`;
  throw new GondolaError('package-failed', `${command} ${args[0]} did not do its work: ${reason}.`);
}

/** The app beside Electron's runtime, fuses set: dist/linux-unpacked. */
function unpacked(): string {
  const { folder, version, warning } = findRuntime();
  if (warning) console.error(warning);
  const builder = createRequire(import.meta.url).resolve('electron-builder/cli.js');
  run(process.execPath, [
    builder,
    '--linux',
    '--dir',
    '--x64',
    `-c.electronDist=${folder}`,
    `-c.electronVersion=${version}`,
  ]);
  return join(root, 'dist/linux-unpacked');
}

/** Lays the package's files out under a folder as they will lie under /. */
function layOut(app: string, into: string): void {
  const put = (from: string, to: string, mode = 0o644) => {
    mkdirSync(dirname(join(into, to)), { recursive: true });
    copyFileSync(from, join(into, to));
    chmodSync(join(into, to), mode);
  };
  cpSync(app, join(into, 'opt/Gondola'), { recursive: true });
  // Electron's window for developers, and a note for electron-builder.
  for (const name of ['resources/default_app.asar', 'version'])
    rmSync(join(into, 'opt/Gondola', name), { force: true });
  // Where the kernel lets nobody make user namespaces, Chromium's sandbox is set up by this helper.
  chmodSync(join(into, 'opt/Gondola/chrome-sandbox'), 0o4755);
  put(join(resources, 'linux/apparmor-profile'), 'opt/Gondola/resources/apparmor-profile');
  put(join(resources, 'linux/gondola.desktop'), 'usr/share/applications/gondola.desktop');
  put(join(resources, 'icons/gondola.svg'), 'usr/share/icons/hicolor/scalable/apps/gondola.svg');
  for (const icon of globSync('*.png', { cwd: join(resources, 'icons/linux') })) {
    const size = icon.replace('.png', '');
    put(join(resources, 'icons/linux', icon), `usr/share/icons/hicolor/${size}/apps/gondola.png`);
  }
  put(join(root, 'LICENSE'), 'usr/share/doc/gondola/copyright');
  mkdirSync(join(into, 'usr/bin'), { recursive: true });
  symlinkSync('../../opt/Gondola/gondola', join(into, 'usr/bin/gondola'));
}

/** The package's own files: what it is, what it needs, and what happens when it comes and goes. */
function describe(version: string, description: string, into: string): void {
  const files = globSync('**/*', { cwd: into, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const bytes = files.reduce((sum, file) => sum + lstatSync(file).size, 0);
  mkdirSync(join(into, 'DEBIAN'));
  const control = [
    'Package: gondola',
    `Version: ${version}`,
    'Architecture: amd64',
    'Section: graphics',
    'Priority: optional',
    'Maintainer: The Gondola authors <gondola@localhost>',
    `Installed-Size: ${Math.ceil(bytes / 1024)}`,
    `Depends: ${depends.join(', ')}`,
    `Recommends: ${recommends.join(', ')}`,
    `Description: ${description.split(/[:.]/)[0]}`,
    ` ${description}`,
  ];
  writeFileSync(join(into, 'DEBIAN/control'), `${control.join('\n')}\n`);
  const sums = files.map((file) => {
    const sum = createHash('md5').update(readFileSync(file)).digest('hex');
    return `${sum}  ${file.slice(into.length + 1)}`;
  });
  writeFileSync(join(into, 'DEBIAN/md5sums'), `${sums.join('\n')}\n`);
  for (const script of ['postinst', 'prerm', 'postrm']) {
    copyFileSync(join(resources, 'linux', script), join(into, 'DEBIAN', script));
    chmodSync(join(into, 'DEBIAN', script), 0o755);
  }
}

function build(quick: boolean): void {
  const { version, description } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const tree = join(root, 'dist/deb');
  const target = join(root, `dist/gondola_${version}_amd64.deb`);
  const app = unpacked();
  rmSync(tree, { recursive: true, force: true });
  // Folders of a package are everybody's to read, whatever this shell's umask is.
  process.umask(0o022);
  layOut(app, tree);
  describe(version, description, tree);
  const compression = quick ? ['-Zgzip', '-z1'] : ['-Zxz'];
  run('dpkg-deb', [...compression, '--root-owner-group', '--build', tree, target]);
  rmSync(tree, { recursive: true });
  console.log(`${target}: ${(statSync(target).size / 1e6).toFixed(0)} MB`);
}

try {
  build(process.argv.includes('--quick'));
} catch (error) {
  if (!(error instanceof GondolaError)) throw error;
  console.error(`${error.message}\n${error.hint}`.trim());
  process.exitCode = 1;
}
