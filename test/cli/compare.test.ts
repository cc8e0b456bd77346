import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, describe, expect, it } from 'vitest';
import { unattended } from '../../src-main/base/progress.ts';
import { csvOf, markdownOf, tableOf } from '../../src-main/cli/compare/tables.ts';
import { HumanOutput } from '../../src-main/cli/output.ts';
import { Command, type VerbContext } from '../../src-main/cli/verb.ts';
import { compareVerb } from '../../src-main/cli/verbs/compare.ts';
import type { Comparison, ComparisonEntry, ComparisonRow, Figures } from '../../src-main/contract/compare.ts';
import { compareCalls } from '../../src-main/contract/compare.ts';

const folder = mkdtempSync(join(tmpdir(), 'gondola-compare-verb-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const figures = (knn: number): Figures => ({
  ...{ knn, linear: knn + 0.1, effectiveRank: 12.34, imagesPerSecond: 20.55 },
  ...{ seconds: 300, steps: 100, epochs: 2.5, images: 3200 },
});
const untrained = { knn: 0.08, linear: 0.1, effectiveRank: 3 };
const row = (variant: string, knn: number | null, deviation: number | null = null): ComparisonRow => ({
  ...{ variant, measured: knn === null ? 0 : 1, failures: knn === null ? ['It diverged.'] : [], best: knn === 0.3 },
  objective: variant === 'simclr' ? { name: 'simclr', title: 'SimCLR', paper: '', idea: '' } : null,
  mean: knn === null ? null : figures(knn),
  deviation: deviation === null ? null : { ...figures(deviation), linear: deviation },
  untrained: knn === null ? null : untrained,
});
const entry = (variant: string, knn: number | null): ComparisonEntry => ({
  ...{
    variant,
    seed: 0,
    run: `first-${variant}`,
    model: null,
    active: false,
    message: knn === null ? 'It "diverged", alas.' : '',
  },
  ...{ state: knn === null ? 'failed' : 'measured', figures: knn === null ? null : figures(knn) },
});
const comparison: Comparison = {
  ...{ name: 'first', state: 'finished', message: '', startedAt: '2030-01-01T00:00:00Z', finishedAt: null },
  ...{ budget: { kind: 'minutes', amount: 5 }, seeds: [0, 1], protocol: '9 held-out products.', leftOut: [] },
  rows: [row('small | slow', 0.2), row('simclr', 0.3, 0.012), row('odd', null)],
  entries: [entry('small | slow', 0.2), entry('simclr', 0.3), entry('odd', null)],
  ...{ pixelTop1: 0.04, colourTop1: 0.33, best: { variant: 'simclr', model: 'first-simclr' } },
};

describe('the table of a comparison', () => {
  it('has the best first, deviations where there are seeds, then what everything is held against', () => {
    const { headings, rows } = tableOf(comparison);
    expect(headings.slice(0, 4)).toEqual(['', 'kNN', 'linear', 'rank']);
    expect(rows.map((cells) => cells.slice(0, 3))).toEqual([
      ['SimCLR (best)', '30.0 ± 1.2 %', '40.0 ± 1.2 %'],
      ['small | slow', '20.0 %', '30.0 %'],
      ['odd', '–', '–'],
      ['untrained network', '8.0 %', '10.0 %'],
      ['colour histogram, nearest', '33.0 %', '–'],
      ['raw pixels, nearest', '4.0 %', '–'],
    ]);
  });

  it('as Markdown is a table with its budget and protocol under it, whatever a variant is called', () => {
    const text = markdownOf(comparison);
    expect(text).toContain('| small \\| slow | 20.0 % |');
    expect(text.split('\n')[1]).toBe('|---|--:|--:|--:|--:|--:|--:|--:|');
    expect(text).toMatch(/Budget: 5 minutes each.*2 seeds/);
    expect(text).toContain('odd failed: It diverged.');
  });

  it('as csv has a line for each training with numbers that a spreadsheet reads', () => {
    const lines: Record<string, string>[] = parse(csvOf(comparison), { columns: true });
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatchObject({
      variant: 'simclr',
      objective: 'simclr',
      knn: '0.3',
      images: '3200',
      untrained_knn: '0.08',
    });
    expect(lines[2]).toMatchObject({ variant: 'odd', knn: '', message: 'It "diverged", alas.' });
  });
});

describe('gondola compare', () => {
  const asked: unknown[] = [];
  /** Runs the verb as the command line would, up to the call. */
  async function gondola(...words: string[]) {
    const command = new Command('compare').exitOverride().configureOutput({ writeErr: () => {} });
    compareVerb.define(command);
    command.parse(['shelves', ...words], { from: 'user' });
    asked.length = 0;
    const output = new HumanOutput({ write: () => true, isTTY: false } as unknown as NodeJS.WriteStream);
    const context = {
      ...{ ...unattended, output },
      call: async (name: string, input: unknown) => {
        asked.push(name, input);
        return comparison;
      },
      withWorkspace: async (_: string, use: (context: unknown) => Promise<unknown>) => use(unattended),
    } as unknown as VerbContext;
    return compareVerb.run(['shelves'], command.opts(), context);
  }

  it('asks for every objective with the defaults, and what it asks for is what the contract takes', async () => {
    expect(await gondola('--queries', join(folder, 'held.csv'))).toMatchObject({ name: 'first', exitCode: 0 });
    expect(asked[1]).toMatchObject({
      request: {
        objectives: ['dino', 'byol', 'simclr', 'swav', 'simdino', 'distillation'],
        ...{
          budget: { kind: 'minutes', amount: 5 },
          queries: join(folder, 'held.csv'),
          baselines: true,
          teacher: null,
        },
      },
    });
    expect(compareCalls['compare.run'].input.parse(asked[1])).toMatchObject({ request: { seeds: [0], device: 'cpu' } });
  });

  it('takes variants from a file instead, seeds, a budget of passes; and writes the csv', async () => {
    const variants = join(folder, 'variants.json');
    writeFileSync(variants, JSON.stringify([{ name: 'no local crops', wishes: { locals: 0 } }]));
    const csv = join(folder, 'out.csv');
    const options = [
      '--variants',
      variants,
      '--epochs',
      '7',
      '--seeds',
      '3,4',
      '--model',
      'vit-nano/16',
      '--no-baselines',
    ];
    await gondola(...options, '--csv', csv, '--activate', 'best');
    expect(asked[1]).toMatchObject({
      activate: true,
      request: {
        ...{
          objectives: [],
          variants: [{ name: 'no local crops', wishes: { locals: 0 } }],
          seeds: [3, 4],
          baselines: false,
        },
        ...{ budget: { kind: 'epochs', amount: 7 }, wishes: { model: 'vit-nano/16' } },
      },
    });
    expect(readFileSync(csv, 'utf8')).toBe(csvOf(comparison));
  });

  it('tells a slip in a variants file by its place, above all a setting that there is not', async () => {
    const file = join(folder, 'slip.json');
    const refused = async (text: string, message: RegExp) => {
      writeFileSync(file, text);
      await expect(gondola('--variants', file)).rejects.toMatchObject({
        ...{ code: 'variants-unreadable', message: expect.stringMatching(message) },
      });
    };
    await refused('[{ "name": "a", "wishes": { "learningrate": 1 } }]', /0\.wishes.*learningrate/);
    await refused('{ "name": "a" }', /array/);
    await refused('[{', /JSON/);
    expect(asked).toEqual([]);
  });

  it('resumes and shows by name, and takes one budget only', async () => {
    await gondola('--resume', '--name', 'first');
    expect(asked[1]).toEqual({ name: 'first', activate: false, resume: true });
    await gondola('--show', 'first');
    expect(asked).toEqual(['compare.one', { name: 'first' }]);
    await expect(gondola('--steps', '3', '--epochs', '2')).rejects.toThrow('cannot be used with');
  });
});
