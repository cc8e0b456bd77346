import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type JobEvent, type Progress, unattended } from '../../../src-main/base/progress.ts';
import { type ComparisonRequest, comparison, comparisonRequest } from '../../../src-main/contract/compare.ts';
import { compare } from '../../../src-main/core/compare/compare.ts';
import { listedComparison } from '../../../src-main/core/compare/listing.ts';
import { removeComparison } from '../../../src-main/core/compare/remove.ts';
import { compareHandlers } from '../../../src-main/core/compare/service.ts';
import { planVariants, recipeOf, wishesOf } from '../../../src-main/core/compare/variants.ts';
import type { CoreContext } from '../../../src-main/core/context.ts';
import { importPhotos } from '../../../src-main/core/library/import.ts';
import { evaluate } from '../../../src-main/core/recognise/evaluate.ts';
import { indexWorkspace } from '../../../src-main/core/recognise/index.ts';
import { activateModel } from '../../../src-main/core/training/endings.ts';
import { count } from '../../../src-main/store/database.ts';
import { activeModel, modelByName, models } from '../../../src-main/store/models.ts';
import { runByName, runs } from '../../../src-main/store/runs.ts';
import { Workspace } from '../../../src-main/store/workspace.ts';
import { drawPhoto } from '../../pretrain/photos.ts';
import { addModel } from '../recognise/workspace.ts';

// Whole trainings in processes of their own: a second each, more on a busy machine.
const timeout = 120_000;
const tiny = { model: 'vit-nano/16', image: 32, local: 16, locals: 1, batch: 4, prototypes: 32 };
const two = [
  { name: 'hot', wishes: { learningRate: 1e-3 } },
  { name: 'cold', wishes: { learningRate: 1e-5 } },
];

let folder: string;
let workspace: Workspace;
let context: CoreContext;
let queries: string;

const request = (changes: Partial<ComparisonRequest> = {}): ComparisonRequest =>
  comparisonRequest.parse({
    variants: two,
    budget: { kind: 'steps', amount: 2 },
    wishes: tiny,
    queries,
    ...changes,
  });

const run = (
  asked: ComparisonRequest | undefined,
  name: string,
  watched: Partial<CoreContext> = {},
  activate = false,
) => compare({ request: asked, name, resume: asked === undefined, activate }, { ...context, ...watched });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-compare-'));
  for (const part of ['photos', 'held']) {
    mkdirSync(join(folder, part));
    const rows = ['path,label'];
    for (let i = 0; i < (part === 'held' ? 6 : 12); i++) {
      await drawPhoto(join(folder, part, `${i}.png`), i % 3, i + (part === 'held' ? 100 : 0));
      rows.push(`${part}/${i}.png,SKU ${i % 3}`);
    }
    writeFileSync(join(folder, `${part}.csv`), rows.join('\n'));
  }
  queries = join(folder, 'held.csv');
  workspace = Workspace.create(join(folder, 'workspace'));
  context = { ...unattended, workspace };
  await importPhotos(
    workspace,
    { paths: [join(folder, 'photos')], labels: { csv: join(folder, 'photos.csv') } },
    unattended,
  );
});
afterAll(() => {
  workspace.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a comparison', () => {
  it('that is stopped in its second training goes on with that one, and trains the first no second time', {
    timeout,
  }, async () => {
    const before = await addModel(workspace, 'mine', 1);
    const stop = new AbortController();
    const told: string[] = [];
    const emit = (event: JobEvent) => {
      if (event.kind !== 'comparison-entry') return;
      told.push(`${event.position} ${(event.entry as { state: string }).state}`);
      if (event.position === 1) stop.abort();
    };
    const halted = await run(request(), 'first', { signal: stop.signal, emit });
    expect(halted.state).toBe('stopped');
    expect(halted.entries.map(({ state }) => state)).toEqual(['measured', 'stopped']);
    const [done] = halted.entries;

    const updates: Progress[] = [];
    const progress = (update: Progress) => updates.push({ ...update });
    const resumed = await run(undefined, 'first', { emit, progress });
    expect(comparison.parse(resumed)).toEqual(resumed);
    expect(resumed.state).toBe('finished');
    expect(resumed.entries.map(({ run: name, state }) => [name, state])).toEqual([
      ['first-hot', 'measured'],
      ['first-cold', 'measured'],
    ]);
    expect(resumed.entries[0]).toEqual(done);
    // Told as it goes, and the progress is that of the whole.
    expect([...new Set(told)]).toEqual([
      ...['0 training', '0 trained', '0 measured'],
      ...['1 training', '1 trained', '1 measured'],
    ]);
    expect(updates[0].done).toBeGreaterThanOrEqual(1);
    expect(updates.map(({ done }) => done)).toEqual(updates.map(({ done }) => done).sort((a, b) => a - b));
    expect(updates.at(-1)).toMatchObject({ done: 2, total: 2, eta: 0 });
    // The user's encoder is what it was, and no vector lies in the table that the user's own are in.
    expect(activeModel(workspace.database)).toMatchObject({ id: before.id });
    expect(count(workspace.database, 'SELECT count(*) AS n FROM embedding')).toBe(0);
    await expect(run(undefined, 'nowhere')).rejects.toMatchObject({ code: 'comparison-unknown' });
  });

  it('reports of each what evaluate reports of the same encoder, to the last digit', { timeout }, async () => {
    const result = listedComparison(workspace, 'first');
    expect(result.protocol).toContain('6 held-out products of held.csv against 12 labelled products, 3 SKUs');
    for (const { variant, model, figures } of result.entries) {
      expect(figures).toMatchObject({ steps: 2, images: 8 });
      activateModel(workspace, model!);
      await indexWorkspace('cpu', context);
      const evaluated = await evaluate({ file: queries, coarse: false, device: 'cpu' }, context);
      expect(figures!.knn).toBe(evaluated.embeddingTop1);
      expect(figures!.linear).toBe(evaluated.linearTop1);
      const row = result.rows.find((each) => each.variant === variant)!;
      expect(row.untrained).toMatchObject({ knn: evaluated.untrainedTop1, linear: evaluated.untrainedLinearTop1 });
      expect(result).toMatchObject({ pixelTop1: evaluated.pixelTop1, colourTop1: evaluated.colourTop1 });
    }
    activateModel(workspace, 'mine');
  });

  it('whose process was killed while it measured is found stopped, and only measures when it goes on', {
    timeout,
  }, async () => {
    workspace.database.prepare(`UPDATE comparison SET state = 'running', pid = 999999999 WHERE name = 'first'`).run();
    workspace.database.prepare(`UPDATE comparison_entry SET result_json = NULL WHERE run_name = 'first-cold'`).run();
    const again = Workspace.open(workspace.folder);
    try {
      expect(listedComparison(again, 'first')).toMatchObject({
        ...{ state: 'stopped', entries: [{ state: 'measured' }, { state: 'trained' }] },
      });
      const startTrainer = () => {
        throw new Error('Nothing is to be trained.');
      };
      const asked = { name: 'first', resume: true, activate: false };
      const result = await compare(asked, { ...unattended, workspace: again, startTrainer });
      expect(result).toMatchObject({ state: 'finished', entries: [{ state: 'measured' }, { state: 'measured' }] });
    } finally {
      again.close();
    }
  });

  it('measures anew what was measured on other queries: a table answers one question', { timeout }, async () => {
    workspace.database.prepare(`UPDATE comparison SET state = 'stopped' WHERE name = 'first'`).run();
    const all = readFileSync(queries, 'utf8');
    writeFileSync(queries, all.split('\n').slice(0, 3).join('\n'));
    const result = await run(undefined, 'first');
    writeFileSync(queries, all);
    expect(result.protocol).toContain('2 held-out products');
    for (const { figures } of result.entries) expect([0, 0.5, 1]).toContain(figures!.knn);
  });

  it('tells why a variant failed and trains the others, over two seeds, each photo against the others, the best then in use', {
    timeout,
  }, async () => {
    const broken = join(folder, 'broken.safetensors');
    writeFileSync(broken, 'not weights');
    const said: string[] = [];
    const variants = [{ name: 'broken start', wishes: { from: broken } }, two[0]];
    const asked = request({ variants, seeds: [3, 4], queries: null, baselines: false });
    const result = await run(asked, 'seeds', { say: (sentence) => said.push(sentence) }, true);
    expect(result.state).toBe('finished');
    expect(result.entries.map(({ run: name, state }) => [name, state])).toEqual([
      ['seeds-broken-start-seed-3', 'failed'],
      ['seeds-hot-seed-3', 'measured'],
      ['seeds-broken-start-seed-4', 'failed'],
      ['seeds-hot-seed-4', 'measured'],
    ]);
    const [failed, row] = result.rows;
    expect(failed).toMatchObject({ measured: 0, mean: null, best: false });
    expect(failed.failures).toHaveLength(2);
    expect(failed.failures[0]).toContain('broken.safetensors');
    expect(said.join(' ')).toContain('seeds-broken-start-seed-3 failed, and the others go on.');

    const knn = result.entries.flatMap(({ figures }) => (figures ? [figures.knn!] : []));
    expect(row).toMatchObject({ measured: 2, best: true, untrained: null });
    expect(row.mean!.knn).toBeCloseTo((knn[0] + knn[1]) / 2, 12);
    expect(row.deviation!.knn).toBeCloseTo(Math.abs(knn[0] - knn[1]) / Math.SQRT2, 12);
    expect(row.deviation!.steps).toBe(0);
    expect(result.pixelTop1).toBeNull();
    expect(result.protocol).toContain('against those on other photos');
    expect(activeModel(workspace.database)?.name).toBe(result.best!.model);
    expect(JSON.parse(runByName(workspace.database, 'seeds-hot-seed-4')!.configJson).recipe.seed).toBe(4);
    activateModel(workspace, 'mine');
  });
});

describe('a distillation beside others', () => {
  it('learns from the best of them, and its run can be taken up without asking again', { timeout }, async () => {
    const said: string[] = [];
    const asked = request({
      ...{ variants: [], objectives: ['distillation', 'simclr'], teacher: 'best', baselines: false },
      budget: { kind: 'steps', amount: 1 },
    });
    const result = await run(asked, 'taught', { say: (sentence) => said.push(sentence) });
    expect(result.entries.map(({ run: name, state }) => [name, state])).toEqual([
      ['taught-simclr', 'measured'],
      ['taught-distillation', 'measured'],
    ]);
    expect(result.rows.map(({ objective }) => objective?.title)).toEqual(['SimCLR', 'Distillation']);
    expect(said.join(' ')).toContain('taught-distillation learns from taught-simclr');
    const { recipe } = JSON.parse(runByName(workspace.database, 'taught-distillation')!.configJson);
    expect(JSON.stringify(recipe.teacher)).toContain('taught-simclr.safetensors');
  });
});

describe('before anything is trained', () => {
  it('a slip in any of the variants is told, and nothing is begun', async () => {
    const before = [runs(workspace.database).length, models(workspace.database).length];
    const refused = async (changes: Partial<ComparisonRequest>, code: string) =>
      expect(run(request(changes), 'never')).rejects.toMatchObject({ code });
    await refused({ variants: [] }, 'compare-empty');
    await refused({ variants: [two[0], two[0]] }, 'compare-twice');
    await refused({ variants: [{ name: 'longer', wishes: { epochs: 3 } }] }, 'compare-wishes');
    await refused({ variants: [two[0], { name: 'odd', wishes: { image: 33 } }] }, 'image-size');
    await refused({ variants: [], objectives: ['magic'] }, 'objective-unknown');
    await refused({ teacher: 'nobody' }, 'teacher-missing');
    await refused({ queries: join(folder, 'nothing.csv') }, 'labels-unreadable');
    await expect(run(request(), 'first')).rejects.toMatchObject({ code: 'run-exists' });
    await expect(compare({ resume: false, activate: false }, context)).rejects.toMatchObject({
      code: 'compare-request',
    });
    expect([runs(workspace.database).length, models(workspace.database).length]).toEqual(before);
  });

  it('distillation waits for its teacher: left out without one, last where it is to be the best of the others', () => {
    const objectives = ['distillation', 'dino', 'simclr'];
    const planned = (teacher: string | null) =>
      planVariants(workspace, request({ variants: [], objectives, teacher }), 12);
    const names = ({ variants }: ReturnType<typeof planVariants>) => variants.map(({ name }) => name);
    expect(names(planned(null))).toEqual(['dino', 'simclr']);
    expect(planned(null).leftOut.join(' ')).toMatch(/distillation is left out.*none was given/);
    expect(names(planned('best'))).toEqual(['dino', 'simclr', 'distillation']);
    const [named] = planned('mine').variants;
    expect(named.wishes).toMatchObject({
      ...{ objective: 'distillation', teacher: workspace.path('models/mine.safetensors') },
    });
    expect(() =>
      planVariants(workspace, request({ variants: [], objectives: ['distillation'], teacher: 'best' }), 12),
    ).toThrow('no others beside it');
  });

  // Objectives cost differently, so that each by itself would get another row of the defaults where the time is near its edge.
  it.each([
    ['minutes', 12, 5],
    ['minutes', 200, 20],
    ['minutes', 2640, 900],
    ['epochs', 2640, 3],
  ] as const)('what nobody wished for is the same for all in %s (%i photos, %i)', (kind, pictures, amount) => {
    const objectives = ['simclr', 'byol', 'swav', 'simdino', 'dino'];
    const asked = request({ ...{ variants: [], objectives, wishes: {} }, budget: { kind, amount } });
    const recipes = planVariants(workspace, asked, pictures).variants.map((each) =>
      recipeOf(wishesOf(each, asked, 0), pictures, 'cpu'),
    );
    const [{ model, crops, dropPath, mimetic }] = recipes;
    for (const recipe of recipes) {
      expect(recipe).toMatchObject({ model, crops, dropPath });
      expect(recipe.mimetic).toBe(recipe.objective === 'swav' ? mimetic : recipe.objective === 'simclr' && mimetic);
    }
  });

  it('the plan tells what is shared and how many trainings there would be', async () => {
    const plan = await compareHandlers['compare.plan'](request({ seeds: [0, 1] }), context);
    expect(plan).toMatchObject({
      pictures: 12,
      encoder: 'vit-nano/16, crops of 2 × 32 + 1 × 16 pixels',
    });
    expect(plan.trainings).toHaveLength(4);
    expect(plan.teachers[0]).toBe('mine');
    const minutes = await compareHandlers['compare.plan'](
      request({ budget: { kind: 'minutes', amount: 3 }, seeds: [0, 1] }),
      context,
    );
    expect(minutes.seconds).toBe(4 * 180);
  });
});

describe('afterwards', () => {
  it('a comparison is deleted with its runs, but for the encoder that is in use', async () => {
    activateModel(workspace, 'first-cold');
    const { freed } = await removeComparison(workspace, 'first', true);
    expect(freed).toBeGreaterThan(1e6);
    expect(runByName(workspace.database, 'first-hot')).toBeUndefined();
    expect(modelByName(workspace.database, 'first-hot')).toBeUndefined();
    expect(activeModel(workspace.database)?.name).toBe('first-cold');
    await expect(removeComparison(workspace, 'first', true)).rejects.toMatchObject({ code: 'comparison-unknown' });
  });
});
