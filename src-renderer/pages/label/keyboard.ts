/** What a key press means on the Label page, given where it happened. */
import type { ShortcutId, Shortcuts } from '../../state/shortcuts.svelte.ts';

export interface KeyMeaning {
  readonly action: ShortcutId | 'choose';
  /** Of the candidate, 1 … 9, for `choose`. */
  readonly number: number;
}

/** Whatever of these has the focus keeps its keys to itself. */
const ownKeys = 'input, textarea, select, [contenteditable="true"], [role="dialog"], [role="menu"], [aria-haspopup]';
/** These are pressed by Enter and Space. */
const pressable = 'button, a[href], [role="button"]';
/** Actions that a held key may repeat. */
const repeatable = new Set<string>(['app.undo', 'app.redo', 'label.toggle']);

/** Null where the key means nothing here, or belongs to what has the focus. */
export function meaningOf(event: KeyboardEvent, shortcuts: Shortcuts): KeyMeaning | null {
  if (event.defaultPrevented || event.isComposing) return null;
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest(ownKeys)) return null;
  const list = target?.closest('[role="listbox"]');
  if (list && !list.hasAttribute('data-label-grid')) return null;
  if ((event.key === 'Enter' || event.key === ' ') && target?.closest(pressable)) return null;
  const digit = candidateNumber(event);
  if (digit !== null) return event.repeat ? null : { action: 'choose', number: digit };
  const action = shortcuts.actionOf(event, 'label') ?? shortcuts.actionOf(event, 'app');
  if (action === undefined || (event.repeat && !repeatable.has(action))) return null;
  return { action, number: 0 };
}

/** By the key's place: on a French keyboard the digits need Shift, and nobody wants to hold it a thousand times. */
function candidateNumber(event: KeyboardEvent): number | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.key.length !== 1) return null;
  const place = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1] ?? /^[1-9]$/.exec(event.key)?.[0];
  return place === undefined ? null : Number(place);
}
