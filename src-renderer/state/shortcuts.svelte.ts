/**
 * The shortcuts that a user may change: which key does what on which page. The settings page edits them, pages ask
 * `shortcuts.actionOf(event, 'label')` what a key press means and `shortcuts.keys('label.accept')` what to show. Kept in this
 * browser's or app's local storage: shortcuts belong to a person's hands, not to a workspace.
 *
 * Arrow keys, Tab, Space in grids and the digits that choose a candidate are not here: they are what every list does.
 */
import { chordKeys, chordOf, type KeyPress } from './chords.ts';

/** Where a shortcut works. `app` works on every page, so its keys must differ from every page's. */
export type ShortcutScope = 'app' | 'label';

export interface ShortcutAction {
  readonly scope: ShortcutScope;
  /** What it does, as a line in a list. */
  readonly title: string;
  readonly chord: string;
}

export const shortcutActions = {
  'app.undo': { scope: 'app', title: 'Undo', chord: 'Mod+Z' },
  'app.redo': { scope: 'app', title: 'Redo', chord: 'Mod+Shift+Z' },
  'label.accept': { scope: 'label', title: 'Accept the suggestion', chord: 'Enter' },
  'label.name': { scope: 'label', title: 'Type a SKU name', chord: 'N' },
  'label.nameAlso': { scope: 'label', title: 'Type a SKU name (second key)', chord: '/' },
  'label.unknown': { scope: 'label', title: 'Unknown product', chord: 'U' },
  'label.notProduct': { scope: 'label', title: 'Not a product', chord: 'X' },
  'label.skip': { scope: 'label', title: 'Skip this group', chord: 'S' },
  'label.back': { scope: 'label', title: 'Back to the group before', chord: 'B' },
  'label.remove': { scope: 'label', title: 'Take the label off', chord: 'Delete' },
  'label.toggle': { scope: 'label', title: 'Select or deselect the focused product', chord: 'Space' },
  'label.all': { scope: 'label', title: 'Select the whole group', chord: 'Mod+A' },
  'label.agreeing': { scope: 'label', title: 'Select what looks like the suggestion', chord: 'L' },
  'label.clear': { scope: 'label', title: 'Clear the selection', chord: 'Escape' },
  'label.rest': { scope: 'label', title: 'Name the rest', chord: 'R' },
  'label.help': { scope: 'label', title: 'Show the shortcuts', chord: '?' },
} as const satisfies Record<string, ShortcutAction>;

export type ShortcutId = keyof typeof shortcutActions;

export const shortcutIds = Object.keys(shortcutActions) as ShortcutId[];

const KEY = 'gondola.shortcuts';
/** Keys that lists need for themselves. */
const reserved = new Set([
  'Tab',
  'Shift+Tab',
  'ArrowLeft',
  'ArrowRight',
  'ArrowUp',
  'ArrowDown',
  'Home',
  'End',
  'PageUp',
  'PageDown',
]);

/** Where the choices are kept; the browser's localStorage, or a stand-in in tests. */
export type ShortcutStorage = Pick<Storage, 'getItem' | 'setItem'>;

export class Shortcuts {
  #chosen: Partial<Record<ShortcutId, string>> = $state({});
  readonly #storage: ShortcutStorage | null;

  constructor(storage: ShortcutStorage | null) {
    this.#storage = storage;
    this.#chosen = read(storage);
  }

  chord(id: ShortcutId): string {
    return this.#chosen[id] ?? shortcutActions[id].chord;
  }

  /** What to show in `Kbd`s, one entry a key. */
  keys(id: ShortcutId): string[] {
    return chordKeys(this.chord(id));
  }

  /** Whether the user chose another key than the app's own. */
  isChanged(id: ShortcutId): boolean {
    return this.chord(id) !== shortcutActions[id].chord;
  }

  /** Why a chord cannot be this action's, as a sentence; null where it can. */
  conflict(id: ShortcutId, chord: string): string | null {
    const shown = chordKeys(chord).join(' + ');
    const { scope } = shortcutActions[id];
    if (reserved.has(chord)) return `${shown} moves through lists and pages.`;
    if (/^[1-9]$/.test(chord)) return `${shown} chooses a suggestion on the Label page.`;
    const other = shortcutIds.find(
      (each) => each !== id && this.chord(each) === chord && overlap(shortcutActions[each].scope, scope),
    );
    return other === undefined ? null : `${shown} is taken by “${shortcutActions[other].title}”.`;
  }

  /** Gives an action another key; returns the sentence of the conflict and changes nothing where there is one. */
  set(id: ShortcutId, chord: string): string | null {
    const conflict = this.conflict(id, chord);
    if (conflict !== null) return conflict;
    this.#keep({ ...this.#chosen, [id]: chord });
    return null;
  }

  /** Back to the app's own key; returns the conflict where another action has taken it meanwhile. */
  reset(id: ShortcutId): string | null {
    return this.set(id, shortcutActions[id].chord);
  }

  resetAll(): void {
    this.#keep({});
  }

  /** What a key press means on a page; undefined where it means nothing. */
  actionOf(press: KeyPress, scope: ShortcutScope): ShortcutId | undefined {
    const chord = chordOf(press);
    if (chord === null) return undefined;
    return shortcutIds.find((id) => shortcutActions[id].scope === scope && this.chord(id) === chord);
  }

  #keep(chosen: Partial<Record<ShortcutId, string>>): void {
    const changed = Object.entries(chosen).filter(([id, chord]) => chord !== shortcutActions[id as ShortcutId].chord);
    this.#chosen = Object.fromEntries(changed);
    this.#storage?.setItem(KEY, JSON.stringify(this.#chosen));
  }
}

function overlap(a: ShortcutScope, b: ShortcutScope): boolean {
  return a === b || a === 'app' || b === 'app';
}

/** What is stored, without anything that this version does not know: another version, or a hand, may have written it. */
function read(storage: ShortcutStorage | null): Partial<Record<ShortcutId, string>> {
  const text = storage?.getItem(KEY);
  if (!text) return {};
  try {
    const entries = Object.entries(JSON.parse(text) as object);
    return Object.fromEntries(entries.filter(([id, chord]) => id in shortcutActions && typeof chord === 'string'));
  } catch (error) {
    console.warn('The stored shortcuts cannot be read; the usual ones are used.', error);
    return {};
  }
}

export const shortcuts = new Shortcuts(typeof localStorage === 'undefined' ? null : localStorage);
