/** The first day of an analyst with Gondola, played in whatever shows the app: nearly all of it by keyboard. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { seriousViolations } from './accessibility.ts';
import { inBothThemes, picture, type RunningApp } from './app.ts';
import { personsLabels, type Shelves } from './shelves.ts';

export interface Day {
  readonly app: RunningApp;
  readonly shelves: Shelves;
  /** An empty place on disk. */
  readonly folder: string;
  /** `browser` or `electron`: where its pictures go. */
  readonly runner: string;
}

const minutes = (count: number) => count * 60_000;

/** Goes to a page as a keyboard user does: Alt and its number. */
const pages = ['Library', 'Pretrain', 'SKUs', 'Label', 'Search', 'Segment', 'Export', 'Settings'];
async function go(page: Page, name: string): Promise<void> {
  await page.keyboard.press(`Alt+${pages.indexOf(name) + 1}`);
  await page.getByRole('heading', { level: 1, name }).waitFor();
}

/** Every page is looked at by axe and kept as a picture, in light and in dark. */
async function look({ app, runner }: Day, name: string): Promise<void> {
  await inBothThemes(app.page, async (theme) => {
    await picture(app.page, runner, `${name}-${theme}`);
    expect(await seriousViolations(app.page), `${name}, ${theme}`).toEqual([]);
  });
}

export async function makesWorkspace(day: Day): Promise<void> {
  const { page } = day.app;
  await page.getByRole('heading', { name: 'Gondola' }).waitFor();
  await look(day, '00-welcome');
  await page.getByLabel('Folder').fill(join(day.folder, 'shop'));
  await page.keyboard.press('Enter');
  await page.getByText('No photos yet').waitFor();
  await look(day, '01-library-empty');
}

export async function importsPhotos(day: Day): Promise<void> {
  const { app, shelves } = day;
  const { page } = app;
  await page.getByRole('button', { name: 'Import', exact: true }).press('Enter');
  await app.choose([shelves.photos], () => page.getByRole('button', { name: 'Add a folder' }).press('Enter'));
  await page.getByRole('combobox', { name: /^Labels/ }).press('Enter');
  await page.getByRole('option', { name: /A csv file/ }).click();
  await app.choose([shelves.boxes], () => page.getByRole('button', { name: 'Choose the csv file' }).press('Enter'));
  await page.getByRole('button', { name: 'Start import' }).press('Enter');
  const { products, photos } = shelves.count;
  await page.getByText(`${products} products on ${photos} photos`).waitFor({ timeout: minutes(1) });
  await page.getByRole('gridcell').first().waitFor();
  await look(day, '02-library');
  // The photo with its regions and facts, opened by keyboard.
  await page.getByRole('grid', { name: 'Products' }).press('Home');
  await page.keyboard.press('Enter');
  await page.getByText('shelf-001.jpg').first().waitFor();
  await look(day, '03-library-photo');
}

/** The product that has the focus and no label yet. */
async function focusedRegion(page: Page): Promise<number> {
  const focused = page.locator('[data-label-grid] [role="option"][aria-label*="unlabelled"]:focus');
  await focused.waitFor();
  return Number(/Region (\d+)/.exec((await focused.getAttribute('aria-label'))!)![1]);
}

/** Ten products named by keyboard alone, each by its own name, two SKUs at least. */
export async function labelsTen(day: Day): Promise<Map<number, string>> {
  const { page } = day.app;
  const truth = day.shelves.truth(join(day.folder, 'shop'));
  await go(page, 'Label');
  await page.getByRole('listbox', { name: 'Products of the group' }).waitFor({ timeout: minutes(1) });
  const given = new Map<number, string>();
  while (given.size < 10) {
    const region = await focusedRegion(page);
    const name = truth.get(region)!;
    await page.keyboard.press('Space'); // this one alone, not its group
    await page.getByRole('option', { name: new RegExp(`^Region ${region}\\b`), selected: true }).waitFor();
    await page.keyboard.press('n');
    await page.keyboard.type(name);
    await page
      .getByRole('option', {
        name: given.size > 0 && [...given.values()].includes(name) ? name : `Create SKU “${name}”`,
        exact: true,
      })
      .waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    given.set(region, name);
    await page.getByText(`${given.size} labelled`).first().waitFor();
    // Half of them from other groups, so that there are several SKUs.
    if (given.size % 2 === 0) {
      const before = await focusedRegion(page);
      await page.keyboard.press('s');
      await expect.poll(() => focusedRegion(page), { timeout: 20_000 }).not.toBe(before);
    }
  }
  await look(day, '06-label');
  await page.keyboard.press('Control+z');
  await page.getByText('9 labelled').first().waitFor();
  await page.keyboard.press('Control+Shift+z');
  await page.getByText('10 labelled').first().waitFor();
  expect(personsLabels(join(day.folder, 'shop'))).toEqual(given);
  return given;
}

/** Trains for a minute and watches the curves. */
export async function pretrains(day: Day): Promise<void> {
  const { page } = day.app;
  await go(page, 'Pretrain');
  await page.getByRole('slider', { name: 'Time' }).press('Home');
  await page.getByText('1 min', { exact: true }).first().waitFor();
  await look(day, '04-pretrain');
  await page.getByRole('button', { name: 'Start training' }).press('Enter');
  await page.getByRole('progressbar', { name: 'Training simclr-1' }).waitFor({ timeout: minutes(1) });
  await page.getByText('Its encoder is the active model.').waitFor({ timeout: minutes(4) });
  await look(day, '05-pretrain-run');
  // What it learnt to take for alike, and the record that it can be repeated from.
  await page.getByRole('img', { name: 'Neighbour 1 of product 1' }).waitFor();
  const kept = join(day.folder, 'kept');
  mkdirSync(kept);
  await day.app.choose([kept], () => page.getByRole('button', { name: 'Save the record' }).press('Enter'));
  await page.getByText('files are in').first().waitFor();
  expect(existsSync(join(kept, 'simclr-1-record', 'record.json'))).toBe(true);
}

/** What else can be asked of encoders: which objective is best, which encoders there are, what few labels are good for. */
export async function looksAtEncoders(day: Day): Promise<void> {
  const { page } = day.app;
  await go(page, 'Pretrain');
  await page.getByRole('tab', { name: 'Compare' }).press('Enter');
  await page.getByText('What to compare').waitFor();
  await look(day, '06-pretrain-compare');
  await page.getByRole('tab', { name: 'Encoders' }).press('Enter');
  await page.getByText('simclr-1').first().waitFor();
  await look(day, '06-pretrain-encoders');
  await page.getByRole('tab', { name: 'Few labels' }).press('Enter');
  const tuning = page.getByRole('checkbox', { name: /^Fine-tune the encoder/ });
  await tuning.press('Space');
  await page.getByRole('button', { name: 'Compare ways of naming' }).press('Enter');
  await page
    .getByText('Linear head')
    .first()
    .waitFor({ timeout: minutes(2) });
  await look(day, '06-pretrain-few-labels');
}

/** The products are looked at by the new model, and the rest gets its names from the ten. */
export async function namesTheRest(day: Day): Promise<void> {
  const { page } = day.app;
  await go(page, 'Label');
  const index = page.getByRole('button', { name: 'Index products' });
  if (await index.isVisible()) await index.press('Enter');
  await expect.poll(() => page.getByRole('note').count(), { timeout: minutes(2) }).toBe(0);
  await page.keyboard.press('r');
  const dialog = page.getByRole('dialog', { name: 'The rest is named' });
  await dialog.waitFor({ timeout: minutes(1) });
  await look(day, '07-label-rest-named');
  await page.keyboard.press('Escape');
  await go(page, 'SKUs');
  await page.getByRole('row').nth(1).waitFor();
  await look(day, '08-skus');
}

/** From a product in the library to the ones that look like it, and to the map of all. */
export async function searches(day: Day): Promise<void> {
  const { page } = day.app;
  await go(page, 'Library');
  await page.getByRole('grid', { name: 'Products' }).press('Home');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Find alike' }).press('Enter');
  const nearest = page.getByRole('list', { name: 'The nearest products' });
  await nearest.waitFor({ timeout: minutes(1) });
  expect(await nearest.getByRole('button', { name: /score 0\.\d+: search with it/ }).count()).toBeGreaterThan(10);
  await look(day, '09-search');
  await page.getByRole('tab', { name: 'Map' }).press('Enter');
  await page.getByRole('button', { name: 'Draw the map' }).press('Enter');
  // As points where the machine can draw them, as a list of its groups where it cannot.
  const map = page.getByRole('application', { name: /^Map of/ });
  await map
    .or(page.getByRole('button', { name: /^Select group 1:/ }))
    .first()
    .waitFor({ timeout: minutes(1) });
  await look(day, '09-search-map');
}

/** The attention on a photo, a cut-out of it on disk. */
export async function segments(day: Day): Promise<void> {
  const { page } = day.app;
  await go(page, 'Segment');
  await page.getByRole('radio', { name: 'Head 1' }).waitFor({ timeout: minutes(1) });
  await page.getByRole('slider', { name: 'Threshold of the mass mask' }).press('ArrowLeft');
  await page.getByRole('checkbox', { name: 'Object masks' }).check();
  await look(day, '10-segment');
  const folder = join(day.folder, 'cut-outs');
  mkdirSync(folder);
  await day.app.choose([folder], () => page.getByRole('button', { name: 'Save photo …' }).press('Enter'));
  await page
    .getByRole('status')
    .getByText(/^1 photo .*cut out/)
    .waitFor({ timeout: minutes(1) });
  expect(readdirSync(folder).filter((name) => name.endsWith('.cutout.png')).length).toBeGreaterThan(1);
}

/** The catalogue as a spreadsheet; every row of it is there. */
export async function exportsCatalogue(day: Day): Promise<void> {
  const { page } = day.app;
  await go(page, 'Export');
  await page.getByText('What will be written').waitFor();
  await look(day, '11-export');
  const folder = join(day.folder, 'catalogue');
  await page.getByRole('textbox', { name: 'Folder' }).fill(folder);
  await page.getByRole('button', { name: 'Export', exact: true }).press('Enter');
  await page.getByRole('status', { name: 'Result' }).getByText(`Wrote ${day.shelves.count.products} rows`).waitFor();
  const rows = readFileSync(join(folder, 'catalogue.csv'), 'utf8').trim().split('\n');
  expect(rows).toHaveLength(day.shelves.count.products + 1);
  expect(existsSync(join(folder, 'gondola-export.json'))).toBe(true);
}

/** After a restart: the workspace is open, its photos, labels, models and SKUs are there, and an undo still works. */
export async function findsEverythingAgain(day: Day, given: ReadonlyMap<number, string>): Promise<void> {
  const { page } = day.app;
  const { products, photos } = day.shelves.count;
  await page.getByText(`${products} products on ${photos} photos`).waitFor();
  await go(page, 'SKUs');
  for (const name of new Set(given.values())) await page.getByText(name, { exact: true }).first().waitFor();
  await go(page, 'Pretrain');
  await page.getByText('simclr-1').first().waitFor();
  await go(page, 'Label');
  await page.getByText('10 labelled').first().waitFor();
  await page.keyboard.press('Control+z');
  await page.getByText('9 labelled').first().waitFor();
  await page.keyboard.press('Control+Shift+z');
  await page.getByText('10 labelled').first().waitFor();
  await go(page, 'Settings');
  await look(day, '12-settings');
}

/** The whole day. `restart` ends the app and starts it again. */
export async function wholeDay(day: Day, restart: () => Promise<RunningApp>): Promise<void> {
  let { app } = day;
  try {
    await makesWorkspace(day);
    await importsPhotos(day);
    await pretrains(day);
    const given = await labelsTen(day);
    await namesTheRest(day);
    await looksAtEncoders(day);
    await searches(day);
    await segments(day);
    await exportsCatalogue(day);
    expect(app.complaints).toEqual([]);
    app = await restart();
    await findsEverythingAgain({ ...day, app }, given);
    expect(app.complaints).toEqual([]);
  } catch (error) {
    await picture(app.page, day.runner, 'failed');
    throw error;
  }
}
