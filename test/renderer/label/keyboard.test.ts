import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { meaningOf } from '../../../src-renderer/pages/label/keyboard.ts';
import { Shortcuts } from '../../../src-renderer/state/shortcuts.svelte.ts';

/** An element that lies inside what these selectors name. */
class FakeElement {
  readonly #inside: readonly string[];

  constructor(...inside: string[]) {
    this.#inside = inside;
  }

  closest(selectors: string): FakeElement | null {
    return selectors.split(', ').some((selector) => this.#inside.includes(selector)) ? this : null;
  }

  hasAttribute(name: string): boolean {
    return this.#inside.includes(`[${name}]`);
  }
}

beforeAll(() => {
  vi.stubGlobal('Element', FakeElement);
});
afterAll(() => {
  vi.unstubAllGlobals();
});

const shortcuts = new Shortcuts(null);
const grid = new FakeElement('[role="listbox"]', '[data-label-grid]');

function meaning(key: string, target = grid, changes: Partial<KeyboardEvent> = {}) {
  const code = /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : /^\d$/.test(key) ? `Digit${key}` : '';
  const event = { key, code, target, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...changes };
  const found = meaningOf({ defaultPrevented: false, isComposing: false, repeat: false, ...event } as never, shortcuts);
  return found === null ? null : found.action === 'choose' ? found.number : found.action;
}

describe('a key on the Label page', () => {
  test('is a shortcut among the products: letters, digits, Enter', () => {
    expect([meaning('u'), meaning('7'), meaning('Enter'), meaning('?', grid, { shiftKey: true })]).toEqual([
      'label.unknown',
      7,
      'label.accept',
      'label.help',
    ]);
    expect(meaning('z', grid, { ctrlKey: true })).toBe('app.undo');
    expect(meaning('q')).toBeNull();
  });

  test('is text in the name field, and belongs to dialogs, menus and lists that are open', () => {
    for (const inside of ['input', '[role="dialog"]', '[role="menu"]', '[aria-haspopup]', '[role="listbox"]']) {
      expect([inside, meaning('u', new FakeElement(inside)), meaning('1', new FakeElement(inside))]).toEqual([
        inside,
        null,
        null,
      ]);
    }
  });

  test('Enter and Space press the button that has the focus; other keys work there as everywhere', () => {
    const button = new FakeElement('button');
    expect([meaning('Enter', button), meaning(' ', button), meaning('s', button)]).toEqual([null, null, 'label.skip']);
  });

  test('that is held down answers once, but undoes on and on', () => {
    expect([meaning('Enter', grid, { repeat: true }), meaning('3', grid, { repeat: true })]).toEqual([null, null]);
    expect(meaning('z', grid, { repeat: true, ctrlKey: true })).toBe('app.undo');
  });

  test('digits choose by their place on a French keyboard and on the number pad; Alt and a digit goes to a page', () => {
    expect(meaning('&', grid, { code: 'Digit1' })).toBe(1);
    expect(meaning('4', grid, { code: 'Numpad4' })).toBe(4);
    expect(meaning('End', grid, { code: 'Numpad1' })).toBeNull();
    expect(meaning('4', grid, { altKey: true })).toBeNull();
  });

  test('that writes a word in an input method is left alone', () => {
    expect(meaning('u', grid, { isComposing: true })).toBeNull();
  });
});
