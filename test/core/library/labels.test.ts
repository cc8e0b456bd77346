import { copyFileSync, renameSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type JobEvent, type Progress, unattended } from '../../../src-main/base/progress.ts';
import { readLabelFile } from '../../../src-main/core/library/label-file.ts';
import { labelFromCsv } from '../../../src-main/core/library/labelling.ts';
import { history, undo } from '../../../src-main/store/journal.ts';
import { effectiveLabels, putLabel, unlabelledProductRegions } from '../../../src-main/store/labels.ts';
import { photos } from '../../../src-main/store/photos.ts';
import { productRegions, wholePhotoRegion } from '../../../src-main/store/regions.ts';
import { skuByName, skus } from '../../../src-main/store/skus.ts';
import { Scene } from './folder.ts';

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});
afterEach(() => scene.close());

/** What the catalogue says, by file: the name of the SKU on each photo's labelled regions. */
function said(): Record<string, (string | null)[]> {
  const { database } = scene.workspace;
  const names: Record<string, (string | null)[]> = {};
  const paths = new Map(photos(database).map((photo) => [photo.id, photo.path?.slice(scene.photos.length + 1) ?? '?']));
  for (const label of effectiveLabels(database)) {
    const name = paths.get(label.photoId) ?? '?';
    names[name] = [...(names[name] ?? []), label.skuName];
  }
  return names;
}

function csv(content: string | Buffer): { csv: string } {
  const path = scene.path('labels.csv');
  writeFileSync(path, content);
  return { csv: path };
}

describe('labels from folder names', () => {
  test('the folder names the SKU, the one above it the category; photos at the top have no label', async () => {
    await scene.photo('Drinks/Cola/a.jpg', 1);
    await scene.photo('Chips/b.jpg', 2);
    await scene.photo('c.jpg', 3);
    const { labels } = await scene.import({ labels: 'folders' });
    expect(labels).toMatchObject({ labelled: 2, newSkus: 2, problems: [] });
    expect(said()).toEqual({ 'Drinks/Cola/a.jpg': ['Cola'], 'Chips/b.jpg': ['Chips'] });
    expect(skuByName(scene.workspace.database, 'Cola')?.category).toBe('Drinks');
    expect(skuByName(scene.workspace.database, 'Chips')?.category).toBeNull();
  });

  test('the same picture in two folders keeps the first name, and the second is reported', async () => {
    const first = await scene.photo('Cola/a.jpg', 1);
    await scene.photo('Fanta/b.jpg', 2);
    copyFileSync(first, scene.path('Fanta', 'copy.jpg'));
    const { labels } = await scene.import({ labels: 'folders' });
    expect(said()['Cola/a.jpg'] ?? said()['Fanta/copy.jpg']).toEqual(['Cola']);
    expect(labels?.problems).toMatchObject([{ where: expect.stringContaining('copy.jpg') }]);
  });
});

describe('labels from a csv', () => {
  test('label and group come along, paths being relative to the csv', async () => {
    await scene.photo('in/a.jpg', 1);
    await scene.photo('in/b.jpg', 2);
    const { labels } = await scene.import({ labels: csv('path,label,group\nin/a.jpg,Cola,Drinks\nin/b.jpg,,\n') });
    expect(labels).toMatchObject({ labelled: 1, newSkus: 1, problems: [] });
    expect(said()).toEqual({ 'in/a.jpg': ['Cola'] });
    expect(skus(scene.workspace.database)).toMatchObject([{ name: 'Cola', category: 'Drinks' }]);
  });

  test('several rows of one photo make its boxes; an empty label makes a product that nobody has named', async () => {
    await scene.photo('shelf.jpg', 1, { width: 100, height: 50 });
    const rows = 'shelf.jpg,Cola,0,0,10.5,50\nshelf.jpg,Fanta,20,0,10,50\nshelf.jpg,,40,0,10,50\n';
    const { labels } = await scene.import({ labels: csv(`path,label,x,y,width,height\n${rows}`) });
    expect(labels).toMatchObject({ labelled: 2, newBoxes: 3 });
    const { database } = scene.workspace;
    expect(productRegions(database).map(({ kind, x, width }) => [kind, x, width])).toEqual([
      ['box', 0, 10.5],
      ['box', 20, 10],
      ['box', 40, 10],
    ]);
    expect(unlabelledProductRegions(database)).toHaveLength(1);
  });

  test('the same csv again changes nothing and leaves no trace in the history', async () => {
    await scene.photo('a.jpg', 1);
    await scene.photo('b.jpg', 2);
    const labels = csv('path,label,group,x,y,width,height\na.jpg,Cola,Drinks,1,1,5,5\nb.jpg,Cola,Drinks,,,,\n');
    await scene.import({ labels });
    const before = [said(), history(scene.workspace.database)];
    const again = await scene.import({ labels });
    expect(again.labels).toMatchObject({ labelled: 0, unchanged: 2, newBoxes: 0, newSkus: 0 });
    expect([said(), history(scene.workspace.database)]).toEqual(before);
  });

  test('photos imported earlier get their labels later, by a further import or without one', async () => {
    await scene.photo('a.jpg', 1);
    await scene.import();
    expect((await scene.import({ labels: csv('path,label\na.jpg,Cola\n') })).labels?.labelled).toBe(1);
    const later = await labelFromCsv(scene.workspace.database, csv('path,label\na.jpg,Fanta\n').csv);
    expect(later.labelled).toBe(1);
    expect(said()).toEqual({ 'a.jpg': ['Fanta'] });
  });

  test("a person's word stands against a later import", async () => {
    await scene.photo('a.jpg', 1);
    await scene.import({ labels: csv('path,label\na.jpg,Cola\n') });
    const { database } = scene.workspace;
    const regionId = wholePhotoRegion(database, photos(database)[0].id);
    putLabel(database, {
      regionId,
      source: 'person',
      verdict: 'unknown',
      skuId: null,
      confidence: null,
      modelId: null,
    });
    await scene.import({ labels: csv('path,label\na.jpg,Fanta\n') });
    expect(effectiveLabels(database)).toMatchObject([{ source: 'person', verdict: 'unknown' }]);
  });

  test('one undo takes all labels of an import back, boxes and new SKUs included', async () => {
    for (let i = 0; i < 5; i++) await scene.photo(`${i}.jpg`, i);
    const rows = Array.from({ length: 5 }, (_, i) => `${i}.jpg,SKU ${i},0,0,5,5`).join('\n');
    await scene.import({ labels: csv(`path,label,x,y,width,height\n${rows}\n`) });
    const { database } = scene.workspace;
    expect(undo(database)).toBe('Import 5 labels and 5 boxes from labels.csv');
    expect([said(), skus(database)]).toEqual([{}, []]);
    expect(productRegions(database).every((region) => region.kind === 'photo')).toBe(true);
  });

  test('what spreadsheets save is understood: byte order mark, CRLF, quotes, semicolons, backslashes, Windows letters', async () => {
    await scene.photo('in/a.jpg', 1);
    await scene.photo('in/b, c.jpg', 2);
    await scene.import({
      labels: csv('\ufeff"path","label"\r\n"in\\a.jpg","Cola, ""classic"""\r\n"in/b, c.jpg",Fanta\r\n'),
    });
    expect(said()).toEqual({ 'in/a.jpg': ['Cola, "classic"'], 'in/b, c.jpg': ['Fanta'] });
    await scene.import({ labels: csv(Buffer.from('Path;Label\r\nin/a.jpg;Käse\r\n', 'latin1')) });
    expect(said()['in/a.jpg']).toEqual(['Käse']);
    await scene.import({ labels: csv(Buffer.from('\ufeffpath\tlabel\nin/a.jpg\tBrot\n', 'utf16le')) });
    expect(said()['in/a.jpg']).toEqual(['Brot']);
  });

  test('a photo that has another path here is known by its bytes', async () => {
    const path = await scene.photo('a.jpg', 1);
    await scene.import();
    renameSync(path, scene.path('elsewhere.jpg'));
    const labels = await labelFromCsv(scene.workspace.database, csv('path,label\nelsewhere.jpg,Cola\n').csv);
    expect(labels).toMatchObject({ labelled: 1, problems: [] });
  });
});

describe('a csv with mistakes', () => {
  test('rows that cannot be used are reported with their lines, and the rest is applied', async () => {
    await scene.photo('a.jpg', 1, { width: 40, height: 30 });
    await scene.photo('c.jpg', 2);
    writeFileSync(scene.path('broken.jpg'), 'no picture');
    const rows = [
      'path,label,x,y,width,height',
      'a.jpg,Cola,0,0,10,10', //        2
      'gone.jpg,Cola,,,,', //           3
      'a.jpg,Cola,35,0,10,10', //       4: reaches out on the right
      '', //                            5: blank
      'a.jpg,"two', //                  6: a cell with a line break …
      'lines",5,0,10,10', //            7
      'broken.jpg,Cola,,,,', //         8
      ',Cola,,,,', //                   9
      'a.jpg,Cola,1,x,10,10', //       10
      'a.jpg,Cola,1,1,0,10', //        11
      'a.jpg,Cola,1,1,2,2,2', //       12
      'a.jpg,Fanta,0,0,10,10', //      13: contradicts line 2
      'c.jpg,Fanta,-0.5,0,41,30', //   14: over the edge by rounding
    ];
    const events: JobEvent[] = [];
    const context = { ...unattended, emit: (event: JobEvent) => events.push(event) };
    const { labels } = await scene.import({ labels: csv(rows.join('\n')) }, context);
    expect(labels).toMatchObject({ labelled: 3, newBoxes: 3, newSkus: 3 });
    expect(labels?.problems.map((problem) => problem.where)).toEqual(
      [3, 4, 8, 9, 10, 11, 12, 13].map((line) => `line ${line}`),
    );
    const messages = Object.fromEntries(labels?.problems.map(({ where, message }) => [where, message]) ?? []);
    expect(messages['line 3']).toContain('gone.jpg');
    expect(messages['line 4']).toContain('40 × 30');
    expect(messages['line 8']).toContain('broken.jpg');
    expect(messages['line 13']).toContain('line 2');
    expect(events.filter((event) => event.kind === 'label-problem')).toHaveLength(8);
    expect(said()['c.jpg']).toEqual(['Fanta']);
  });

  test.each([
    ['an unknown column is named', 'path,label,colour,size\n', '"colour", "size"'],
    ['a missing column is named', 'path,group\n', '"label"'],
    ['half a box is no box', 'path,label,x,y\n', '"width", "height"'],
    ['a column given twice is named', 'path,label,label\n', '"label" twice'],
    ['an empty file is told', '', 'is empty'],
  ])('%s, before anything is imported', async (_, content, told) => {
    await scene.photo('a.jpg', 1);
    const wrong = scene.import({ labels: csv(content) });
    await expect(wrong).rejects.toMatchObject({ code: 'labels-columns', message: expect.stringContaining(told) });
    expect(photos(scene.workspace.database)).toHaveLength(0);
  });

  test('an open quote is told, and a missing file', async () => {
    await expect(readLabelFile(csv('path,label\na.jpg,"Cola\n').csv)).rejects.toMatchObject({
      code: 'labels-malformed',
    });
    await expect(readLabelFile(scene.path('none.csv'))).rejects.toMatchObject({ code: 'labels-unreadable' });
  });

  test('two names for one photo that is there twice: the first stands, the second is reported', async () => {
    const first = await scene.photo('a.jpg', 1);
    copyFileSync(first, scene.path('b.jpg'));
    const { labels } = await scene.import({ labels: csv('path,label\na.jpg,Cola\nb.jpg,Fanta\n') });
    expect(effectiveLabels(scene.workspace.database)).toMatchObject([{ skuName: 'Cola' }]);
    expect(labels?.problems).toMatchObject([{ where: 'line 3', message: expect.stringContaining('Cola') }]);
  });
});

test('an import that is stopped labels what it has, and says nothing about photos still to come', async () => {
  for (let i = 0; i < 40; i++) await scene.photo(`${i}.jpg`, i);
  const rows = Array.from({ length: 40 }, (_, i) => `${i}.jpg,Cola`).join('\n');
  const stop = new AbortController();
  const events: JobEvent[] = [];
  const progress = (update: Progress) => {
    if (update.total > 0 && update.done >= 10) stop.abort();
  };
  const context = { ...unattended, signal: stop.signal, progress, emit: (event: JobEvent) => events.push(event) };
  await expect(scene.import({ labels: csv(`path,label\n${rows}`) }, context)).rejects.toMatchObject({
    code: 'cancelled',
  });
  const kept = photos(scene.workspace.database).length;
  expect(kept).toBeGreaterThan(0);
  expect(effectiveLabels(scene.workspace.database)).toHaveLength(kept);
  expect(events).toEqual([]);
});
