/**
 * Key presses as text: `Mod+Shift+Z`, `x`, `?`, `ArrowLeft`. `Mod` is ⌘ on a Mac and Ctrl elsewhere, so that one stored choice serves both.
 */

/** What of a KeyboardEvent matters here. */
export interface KeyPress {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

const modifiers = new Set([
  'Control',
  'Shift',
  'Alt',
  'AltGraph',
  'Meta',
  'CapsLock',
  'NumLock',
  'Fn',
  'Dead',
  'Process',
]);

export const onMac = (): boolean => typeof navigator !== 'undefined' && /mac/i.test(navigator.platform);

/**
 * The chord of a key press; null where only a modifier was pressed. Letters are told by what they write; where that is no Latin letter
 * (a Greek or Russian keyboard) by their place on the keyboard, so that the shortcuts work there too.
 */
export function chordOf(press: KeyPress, mac = onMac()): string | null {
  if (modifiers.has(press.key)) return null;
  let { key } = press;
  const letter = /^Key([A-Z])$/.exec(press.code)?.[1];
  // Option on a Mac, AltGr elsewhere: the key writes another character than its own.
  if (letter !== undefined && (!/^[a-z]$/i.test(key) || press.altKey) && (key.length > 1 || /[^\x20-\x7e]/.test(key))) {
    key = letter;
  }
  if (key === ' ') key = 'Space';
  const mod = mac ? press.metaKey : press.ctrlKey;
  const other = mac ? press.ctrlKey : press.metaKey;
  const isLetter = /^[a-z]$/i.test(key);
  // `?` is what Shift already made of a key: Shift is no further part of it.
  const shift = press.shiftKey && (isLetter || key.length > 1);
  const parts = [mod && 'Mod', other && (mac ? 'Ctrl' : 'Meta'), press.altKey && 'Alt', shift && 'Shift'];
  return [...parts.filter((part) => part !== false), isLetter ? key.toUpperCase() : key].join('+');
}

const shown: Record<string, string> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Escape: 'Esc',
  Delete: 'Del',
};

/** A chord as it is written on keys, one entry a key: `['Ctrl', 'Shift', 'Z']`. */
export function chordKeys(chord: string, mac = onMac()): string[] {
  // The key may be `+` itself.
  const parts = chord.endsWith('++')
    ? [...chord.slice(0, -2).split('+'), '+']
    : chord === '+'
      ? ['+']
      : chord.split('+');
  return parts.map((part) => {
    if (part === 'Mod') return mac ? '⌘' : 'Ctrl';
    if (part === 'Meta') return mac ? '⌘' : 'Win';
    if (part === 'Alt') return mac ? '⌥' : 'Alt';
    if (part === 'Shift') return mac ? '⇧' : 'Shift';
    return shown[part] ?? part;
  });
}
