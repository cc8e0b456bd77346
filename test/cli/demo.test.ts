// The whole job through the command itself; slow, because it trains, if only for a moment.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
let home: string;
let folder: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'gondola-demo-'));
  folder = join(home, 'demo');
});
afterAll(() => rm(home, { recursive: true, force: true }));

type Line = Record<string, unknown>;

/** Runs the demo with little to draw and a moment to train. @param watch is told each line of its JSON */
async function demo(watch: (line: Line, child: ChildProcess) => void = () => {}) {
  const options = ['--photos', '3', '--skus', '5', '--minutes', '0.02', '--json'];
  const child = spawn(process.execPath, [join(root, 'src-main/cli/main.ts'), 'demo', folder, ...options]);
  const lines: Line[] = [];
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  createInterface(child.stdout).on('line', (text) => {
    const line: Line = JSON.parse(text);
    lines.push(line);
    watch(line, child);
  });
  const code = await new Promise<number | null>((ended) => child.on('close', ended));
  return { code, lines, errors };
}

describe('gondola demo', () => {
  it('does the whole job, from drawing photos to a catalogue, and says how right it was', async () => {
    const { code, lines, errors } = await demo();
    expect({ code, errors: code === 0 ? '' : errors }).toEqual({ code: 0, errors: '' });
    expect(lines.filter(({ kind }) => kind === 'step').map(({ step }) => step)).toEqual([
      'sample',
      'import',
      'pretrain',
      'index',
      'classify',
      'evaluate',
      'segment',
      'export',
    ]);
    const result = lines.at(-1) as Line & { unlabelled: { asked: number; answered: number; unknown: number } };
    expect(result).toMatchObject({ verb: 'demo', sample: { photos: 3, skus: 5 } });
    expect(result.unlabelled.asked).toBeGreaterThan(0);
    expect(result.unlabelled.answered + result.unlabelled.unknown).toBe(result.unlabelled.asked);
    expect((await sharp(join(folder, 'demo.png')).metadata()).width).toBe(1200);
    expect((await readdir(join(folder, 'export'))).sort()).toEqual(['coco', 'csv', 'imagefolder', 'json', 'xlsx']);
    expect(JSON.parse(await readFile(join(folder, 'demo.json'), 'utf8'))).toMatchObject({ gondola: 'demo' });
  }, 240_000);

  it('begins anew in the folder of a former demo, and stops at Ctrl-C', async () => {
    const { code, lines, errors } = await demo(({ step }, child) => {
      if (step === 'import') child.kill('SIGINT');
    });
    expect(code).toBe(1);
    expect(lines.at(-1)).toMatchObject({ error: { code: 'cancelled' } });
    expect(errors).toContain('What the demo has made so far is in its folder.');
    expect((await readdir(folder)).sort()).toEqual(['demo.json', 'sample', 'workspace']);
  }, 120_000);
});
