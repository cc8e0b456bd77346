// The running app as a test sees it: a page, and the few things that differ between the app's own window and a browser.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';

export const root = join(import.meta.dirname, '../..');

export interface RunningApp {
  readonly page: Page;
  /** Answers the next question for a folder or files with these paths; `ask` presses what makes the app ask. */
  choose(paths: string[], ask: () => Promise<void>): Promise<void>;
  /** Ends the app in good order, as a user does. */
  quit(): Promise<void>;
  /** What went wrong in the page: exceptions and error messages on its console. */
  readonly complaints: string[];
}

export function listen(page: Page): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.stack ?? error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  return complaints;
}

/** Does something with the page in its light and in its dark colours. */
export async function inBothThemes(page: Page, act: (theme: 'light' | 'dark') => Promise<void>): Promise<void> {
  const before = await page.evaluate<string>('document.documentElement.dataset.theme');
  for (const theme of ['light', 'dark'] as const) {
    await page.evaluate(`document.documentElement.dataset.theme = '${theme}'`);
    await act(theme);
  }
  await page.evaluate(`document.documentElement.dataset.theme = '${before}'`);
}

/** A page as a picture in the tests' output. */
export async function picture(page: Page, runner: string, name: string): Promise<void> {
  const folder = join(root, 'test-output', runner);
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
