import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unattended } from '../../src-main/base/progress.ts';
import { ADDON, nodeHeaders } from '../../src-main/cli/setup-cuda/build.ts';
import { refuseFullDisks } from '../../src-main/cli/setup-cuda/disk.ts';
import { download, fetchedBytes } from '../../src-main/cli/setup-cuda/download.ts';
import { install, tryOut } from '../../src-main/cli/setup-cuda/install.ts';
import { findWheel, type Host, refuseForeignHost, refuseForeignWheel } from '../../src-main/cli/setup-cuda/wheel.ts';
import { zip } from '../../src-main/core/export/zip.ts';

const host: Host = { platform: 'linux', arch: 'x64', glibc: '2.36' };
const name = 'tensorflow-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl';
const checked = { runtime: 'a test', difference: 1e-6 };
const canCompile = process.platform === 'linux' && nodeHeaders() !== null && existsSync('/usr/bin/c++');

let folder: string;
let server: Server | null = null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-setup-'));
});
afterEach(() => {
  server?.close();
  server = null;
  rmSync(folder, { recursive: true, force: true });
});

function sha256(bytes: Buffer, encoding: 'hex' | 'base64url' = 'hex'): string {
  return createHash('sha256').update(bytes).digest(encoding);
}

/** A library that can be linked against, and nothing more. */
function library(): Buffer {
  const path = join(folder, 'empty.so');
  execFileSync('c++', ['-shared', '-fPIC', '-x', 'c++', '/dev/null', '-o', path]);
  return readFileSync(path);
}

/** A wheel with TensorFlow's layout. @param lies changes a file after its checksum was noted */
function wheel(content: Buffer, lies: (files: Map<string, Buffer>) => void = () => {}): string {
  const files = new Map<string, Buffer>([
    ['tensorflow/libtensorflow_cc.so.2', content],
    ['tensorflow/libtensorflow_framework.so.2', content],
    ['tensorflow/include/tensorflow/c/c_api.h', Buffer.from('#define HERE 1\n')],
    ['tensorflow/include/Eigen/Core.h', Buffer.from('// not wanted\n')],
    ['tensorflow/python/module.py', Buffer.from('pass\n')],
  ]);
  const record = [...files].map(([file, bytes]) => `${file},sha256=${sha256(bytes, 'base64url')},${bytes.length}`);
  files.set('tensorflow-2.21.0.dist-info/RECORD', Buffer.from(record.join('\n')));
  lies(files);
  const path = join(folder, name);
  writeFileSync(path, zip(files));
  return path;
}

/** The package as npm leaves it without its scripts, with an older library in it. */
function packageFolder(): string {
  const own = join(folder, 'package');
  mkdirSync(join(own, 'binding'), { recursive: true });
  mkdirSync(join(own, 'deps'));
  writeFileSync(join(own, 'deps/old'), 'before');
  const source = '#include <node_api.h>\n#include "tensorflow/c/c_api.h"\nextern "C" int here() { return HERE; }\n';
  writeFileSync(join(own, 'binding/tfjs_binding.cc'), source);
  return own;
}

function expectUntouched(own: string): void {
  expect(readdirSync(own).sort()).toEqual(['binding', 'deps']);
  expect(readFileSync(join(own, 'deps/old'), 'utf8')).toBe('before');
}

async function serve(answer: Parameters<typeof createServer>[1]): Promise<string> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server!.address() as AddressInfo).port}`;
}

describe.skipIf(!canCompile)('setting up a wheel of TensorFlow', () => {
  it('lays out libraries and headers, builds the addon, and leaves nothing else behind', async () => {
    const own = packageFolder();
    expect(await install({ folder: own, wheel: wheel(library()), check: async () => checked }, unattended)).toEqual(
      checked,
    );
    expect(readdirSync(own).sort()).toEqual(['binding', 'deps', 'lib']);
    expect(readdirSync(join(own, 'deps/lib')).sort()).toEqual([
      'libtensorflow_cc.so.2',
      'libtensorflow_framework.so.2',
    ]);
    expect(readdirSync(join(own, 'deps/include'))).toEqual(['tensorflow']);
    expect(existsSync(join(own, ADDON))).toBe(true);
  });

  it('puts back what was there when the result does not run, or computes something else', async () => {
    const own = packageFolder();
    const path = wheel(library());
    const broken = async () => {
      throw new Error('it does not load');
    };
    await expect(install({ folder: own, wheel: path, check: broken }, unattended)).rejects.toThrow('does not load');
    expectUntouched(own);
    const wrong = async () => ({ runtime: 'a test', difference: 0.5 });
    await expect(install({ folder: own, wheel: path, check: wrong }, unattended)).rejects.toMatchObject({
      code: 'setup-check',
    });
    expectUntouched(own);
  });

  it('refuses a wheel in which a file is not the one that its list names, or is missing', async () => {
    const own = packageFolder();
    const options = { folder: own, check: async () => checked };
    const swapped = wheel(library(), (files) => files.set('tensorflow/libtensorflow_cc.so.2', Buffer.from('another')));
    await expect(install({ ...options, wheel: swapped }, unattended)).rejects.toThrow(
      'not the file that its RECORD lists',
    );
    const missing = wheel(library(), (files) => files.delete('tensorflow/libtensorflow_framework.so.2'));
    await expect(install({ ...options, wheel: missing }, unattended)).rejects.toThrow(
      'it has no tensorflow/libtensorflow_fra',
    );
    const upwards = wheel(library(), (files) =>
      files.set('tensorflow/include/tensorflow/c/../../../../x.h', Buffer.from('')),
    );
    await expect(install({ ...options, wheel: upwards }, unattended)).rejects.toThrow('would be written elsewhere');
    expectUntouched(own);
  });

  it('refuses a wheel that is cut short', async () => {
    const own = packageFolder();
    const path = wheel(library());
    writeFileSync(path, readFileSync(path).subarray(0, 2000));
    await expect(install({ folder: own, wheel: path, check: async () => checked }, unattended)).rejects.toThrow(
      'cut short',
    );
    expectUntouched(own);
  });
});

describe('what was set up', () => {
  /** A package that does nothing but this when it is loaded. */
  function packageThat(does: string): string {
    const own = join(folder, 'elsewhere');
    mkdirSync(own);
    writeFileSync(join(own, 'package.json'), '{"main": "main.js"}');
    writeFileSync(join(own, 'main.js'), does);
    return own;
  }
  const { signal } = unattended;

  it('is tried out where it is, wherever that is', { timeout: 60_000 }, async () => {
    const own = packageThat('throw new Error("loaded from " + __dirname)');
    await expect(tryOut(own, signal)).rejects.toMatchObject({
      code: 'setup-check',
      message: expect.stringContaining(`loaded from ${own}`),
    });
  });

  it('that hangs is ended when its time is up, or the user asks', { timeout: 60_000 }, async () => {
    const own = packageThat('for (;;);');
    await expect(tryOut(own, signal, 3)).rejects.toThrow('does not run: it gave no answer within 3 s.');
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 1000);
    await expect(tryOut(own, stop.signal)).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('the room that is needed', () => {
  const disks: Record<string, { id: number; free: number }> = {
    '/cache': { id: 1, free: 1e9 },
    '/package': { id: 1, free: 1e9 },
    '/other': { id: 2, free: 1e9 },
  };
  const refuse = (needs: Record<string, number>) =>
    refuseFullDisks(
      Object.entries(needs).map(([path, bytes]) => ({ folder: path, bytes })),
      async (path) => disks[path],
    );

  it('is added up where it is on one disk', async () => {
    await refuse({ '/cache': 0.4e9, '/package': 0.6e9 });
    await refuse({ '/cache': 0.6e9, '/other': 0.6e9 });
    await expect(refuse({ '/cache': 0.6e9, '/package': 0.6e9 })).rejects.toMatchObject({
      code: 'setup-disk',
      message: '1.0 GB are free on the disk of /cache and /package, and 1.2 GB are needed there.',
    });
  });

  it('is asked of the disk under a folder that is not there yet', async () => {
    await refuseFullDisks([{ folder: join(folder, 'a/b'), bytes: 1 }]);
    await expect(refuseFullDisks([{ folder: join(folder, 'a/b'), bytes: 1e18 }])).rejects.toThrow('are needed there');
  });

  it('does not count what was fetched already', async () => {
    const path = join(folder, name);
    expect(await fetchedBytes(path)).toBe(0);
    writeFileSync(`${path}.part`, 'half');
    expect(await fetchedBytes(path)).toBe(4);
    writeFileSync(path, 'all of it');
    expect(await fetchedBytes(path)).toBe(9);
  });
});

describe('the wheel for this machine', () => {
  it('is the newest release with a checksum that this machine’s C library can load', async () => {
    const file = (version: string, platform: string, sha = 'a'.repeat(64)) => ({
      filename: `tensorflow-${version}-cp312-cp312-${platform}.whl`,
      url: `../../files/${version}-${platform}`,
      hashes: sha ? { sha256: sha } : {},
      size: 5,
    });
    const files = [
      file('2.9.1', 'manylinux_2_17_x86_64.manylinux2014_x86_64'),
      file('2.21.0', 'manylinux_2_27_x86_64'),
      file('2.22.0', 'manylinux_2_99_x86_64'),
      file('2.22.0', 'win_amd64'),
      file('2.23.0', 'manylinux_2_27_aarch64'),
      file('2.24.0', 'manylinux_2_27_x86_64', ''),
      file('2.25.0rc1', 'manylinux_2_27_x86_64'),
    ];
    const index = await serve((_, response) => {
      response.setHeader('content-type', 'application/vnd.pypi.simple.v1+json');
      response.end(JSON.stringify({ files }));
    });
    const found = await findWheel('tensorflow', { index: `${index}/simple`, host });
    expect(found).toMatchObject({ version: '2.21.0', url: `${index}/files/2.21.0-manylinux_2_27_x86_64`, size: 5 });
    expect((await findWheel('tensorflow', { index: `${index}/simple`, host, release: '2.9.1' })).version).toBe('2.9.1');
    await expect(findWheel('tensorflow', { index, host, release: '1.0' })).rejects.toMatchObject({
      code: 'setup-no-wheel',
    });
  });

  it('is found on an index that knows only HTML, and asks for a password', async () => {
    const index = await serve((request, response) => {
      if (request.headers.authorization !== `Basic ${btoa('me:secret')}`) return void response.writeHead(401).end();
      response.setHeader('content-type', 'text/html');
      response.end(`<a href="/files/${name}#sha256=${'b'.repeat(64)}">${name}</a>`);
    });
    const found = await findWheel('tensorflow', { index: index.replace('://', '://me:secret@'), host });
    expect(found).toMatchObject({ file: name, sha256: 'b'.repeat(64), url: `${index}/files/${name}` });
    const refused = findWheel('tensorflow', { index: index.replace('://', '://me:wrong@'), host });
    await expect(refused).rejects.toThrow(/answered 401/);
    await expect(refused).rejects.not.toThrow(/wrong/);
  });

  it('is refused where it is for another system', () => {
    expect(() => refuseForeignHost({ ...host, platform: 'darwin' })).toThrow('no library with CUDA');
    expect(() => refuseForeignHost({ platform: 'linux', arch: 'x64' })).toThrow('without the GNU C library');
    expect(() => refuseForeignWheel(name, host)).not.toThrow();
    expect(() => refuseForeignWheel(name, { ...host, glibc: '2.17' })).toThrow('with glibc 2.17');
    expect(() => refuseForeignWheel(name.replace('x86_64', 'aarch64'), host)).toThrow('aarch64');
    expect(() => refuseForeignWheel('holiday.zip', host)).toThrow('not named as a wheel');
  });
});

describe('fetching a wheel', () => {
  const content = Buffer.from('the content of a wheel, byte by byte');

  it('goes on where it was interrupted, and gives the file its name only when the checksum is right', async () => {
    const ranges: (string | undefined)[] = [];
    const url = await serve(({ headers: { range } }, response) => {
      ranges.push(range);
      const from = Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
      response.writeHead(from > 0 ? 206 : 200).end(content.subarray(from));
    });
    const path = join(folder, name);
    writeFileSync(`${path}.part`, content.subarray(0, 10));
    const source = { file: name, version: '2.21.0', url, size: content.length };
    await download({ ...source, sha256: sha256(content) }, path, unattended);
    expect(ranges).toEqual(['bytes=10-']);
    expect(readFileSync(path)).toEqual(content);
    await download({ ...source, sha256: sha256(content) }, path, unattended);
    expect(ranges).toHaveLength(1);
  });

  it('refuses what has another checksum than the index says, and keeps nothing of it', async () => {
    const url = await serve((_, response) => void response.end(content));
    const path = join(folder, name);
    const source = { file: name, version: '2.21.0', url, size: content.length, sha256: 'c'.repeat(64) };
    await expect(download(source, path, unattended)).rejects.toMatchObject({ code: 'setup-checksum' });
    expect(readdirSync(folder)).toEqual([]);
  });
});

const asked = process.env.GONDOLA_TEST_SETUP_CUDA;

describe(`TensorFlow’s own wheel${asked ? '' : ' (skipped: set GONDOLA_TEST_SETUP_CUDA to a folder of @tensorflow/tfjs-node-gpu; it fetches 274 MB)'}`, () => {
  it.skipIf(!asked)(
    'trains, in its build for the processor, with the losses of ONNX Runtime',
    { timeout: 1_200_000 },
    () => {
      const main = join(import.meta.dirname, '../../src-main/cli/main.ts');
      const args = [main, 'setup-cuda', '--wheel', 'tensorflow-cpu', '--into', asked!, '--json'];
      const lines = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim().split('\n');
      const result = JSON.parse(lines.at(-1)!);
      expect(result.runtime).toMatch(/libtensorflow 2\.\d+\.\d+ on the processor/);
      expect(result.difference).toBeLessThan(1e-3);
    },
  );
});
