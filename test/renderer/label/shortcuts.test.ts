import { beforeEach, describe, expect, test, vi } from 'vitest';
import { chordKeys, chordOf, type KeyPress } from '../../../src-renderer/state/chords.ts';
import {
  type ShortcutStorage,
  Shortcuts,
  shortcutActions,
  shortcutIds,
} from '../../../src-renderer/state/shortcuts.svelte.ts';

const press = (key: string, changes: Partial<KeyPress> = {}): KeyPress => ({
  ...{ key, code: /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : '' },
  ...{ ctrlKey: false, metaKey: false, altKey: false, shiftKey: false },
  ...changes,
});

describe('chords', () => {
  test('one text serves Ctrl and ⌘', () => {
    expect(chordOf(press('z', { ctrlKey: true }), false)).toBe('Mod+Z');
    expect(chordOf(press('z', { metaKey: true }), true)).toBe('Mod+Z');
    expect(chordKeys('Mod+Shift+Z', false)).toEqual(['Ctrl', 'Shift', 'Z']);
    expect(chordKeys('Mod+Shift+Z', true)).toEqual(['⌘', '⇧', 'Z']);
  });

  test('a character that needs Shift is itself; a letter with Shift is another chord', () => {
    expect(chordOf(press('?', { shiftKey: true, code: 'Slash' }), false)).toBe('?');
    expect(chordOf(press('X', { shiftKey: true }), false)).toBe('Shift+X');
    expect(chordOf(press(' ', { code: 'Space' }), false)).toBe('Space');
    expect(chordKeys('+')).toEqual(['+']);
    expect(chordKeys('Mod++', false)).toEqual(['Ctrl', '+']);
  });

  test('letters work on a Greek or Russian keyboard by their place; modifiers alone are nothing', () => {
    expect(chordOf(press('ы', { code: 'KeyS' }), false)).toBe('S');
    expect(chordOf(press('Shift', { shiftKey: true }), false)).toBeNull();
  });
});

describe('shortcuts of one’s own', () => {
  let kept: Map<string, string>;
  let storage: ShortcutStorage;
  beforeEach(() => {
    kept = new Map();
    storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
  });

  test('the app’s own do not conflict with each other', () => {
    const shortcuts = new Shortcuts(storage);
    for (const id of shortcutIds) expect([id, shortcuts.conflict(id, shortcutActions[id].chord)]).toEqual([id, null]);
  });

  test('a chosen key works at once, and after a restart', () => {
    new Shortcuts(storage).set('label.skip', 'K');
    const shortcuts = new Shortcuts(storage);
    expect(shortcuts.actionOf(press('k'), 'label')).toBe('label.skip');
    expect(shortcuts.actionOf(press('s'), 'label')).toBeUndefined();
    expect(shortcuts.isChanged('label.skip')).toBe(true);
    expect(shortcuts.reset('label.skip')).toBeNull();
    expect(new Shortcuts(storage).chord('label.skip')).toBe('S');
  });

  test('a key that is taken, or that lists need, is refused with a sentence and changes nothing', () => {
    const shortcuts = new Shortcuts(storage);
    expect(shortcuts.set('label.skip', 'U')).toBe('U is taken by “Unknown product”.');
    expect(shortcuts.set('label.skip', 'Mod+Z')).toContain('is taken by “Undo”');
    expect(shortcuts.set('label.skip', '5')).toContain('chooses a suggestion');
    expect(shortcuts.set('label.skip', 'ArrowUp')).toContain('moves through lists');
    expect(shortcuts.chord('label.skip')).toBe('S');
  });

  test('the app’s own key cannot be had back while another action has it', () => {
    const shortcuts = new Shortcuts(storage);
    shortcuts.set('label.skip', 'K');
    shortcuts.set('label.unknown', 'S');
    expect(shortcuts.reset('label.skip')).toContain('is taken');
    shortcuts.resetAll();
    expect([shortcuts.chord('label.skip'), shortcuts.chord('label.unknown')]).toEqual(['S', 'U']);
  });

  test('what cannot be read, or belongs to another version, is told and left aside', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    kept.set('gondola.shortcuts', '{');
    expect(new Shortcuts(storage).chord('label.skip')).toBe('S');
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
    kept.set('gondola.shortcuts', JSON.stringify({ 'label.gone': 'K', 'label.skip': 7, 'label.unknown': 'K' }));
    const shortcuts = new Shortcuts(storage);
    expect([shortcuts.chord('label.skip'), shortcuts.chord('label.unknown')]).toEqual(['S', 'K']);
  });
});
