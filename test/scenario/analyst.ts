/** The first day of an analyst with Gondola, played in whatever shows the app: nearly all of it by keyboard. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { seriousViolations } from './accessibility.ts';
import { picture, type RunningApp } from './app.ts';
import type { Shelves } from './shelves.ts';

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

/** Every page is looked at by axe and kept as a picture. */
async function look({ app, runner }: Day, name: string): Promise<void> {
  await picture(app.page, runner, name);
  expect(await seriousViolations(app.page), name).toEqual([]);
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

/** Ten products named by keyboard alone, each by its own name, two SKUs at least. */
export async function labelsTen(day: Day): Promise<Map<number, string>> {
  const { page } = day.app;
  const truth = day.shelves.truth(join(day.folder, 'shop'));
  await go(page, 'Label');
  await page.getByRole('listbox', { name: 'Products of the group' }).waitFor({ timeout: minutes(1) });
  const given = new Map<number, string>();
  while (given.size < 10) {
    const focused = page.locator('[data-label-grid] [role="option"][tabindex="0"]');
    const region = Number(/Region (\d+)/.exec((await focused.getAttribute('aria-label'))!)![1]);
    const name = truth.get(region)!;
    await page.keyboard.press('Space'); // this one alone, not its group
    await page.keyboard.press('n');
    await page.keyboard.type(name);
    await page.getByRole('option', { name: given.size > 0 && [...given.values()].includes(name) ? name : `Create SKU “${name}”`, exact: true }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    given.set(region, name);
    await page.getByText(`${given.size} labelled`).first().waitFor();
    // Half of them from other groups, so that there are several SKUs.
    if (given.size % 2 === 0) await page.keyboard.press('s');
  }
  await look(day, '05-label');
  await page.keyboard.press('Control+z');
  await page.getByText('9 labelled').first().waitFor();
  await page.keyboard.press('Control+Shift+z');
  await page.getByText('10 labelled').first().waitFor();
  return given;
}
