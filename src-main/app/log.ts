/** The app's log: what its processes print, in a file of bounded size beside its settings. */
import { appendFileSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Bytes; then a new file begins, and the one before is kept until the next time. */
const MOST_BYTES = 5e6;

/**
 * libvips (in sharp) and GTK (in Electron) each bring their own GLib on Linux, whose type systems complain of each other at every photo. Nothing
 * is wrong, and thousands of such lines would bury what is.
 */
const harmless = /GLib-GObject-CRITICAL|GLib-GObject-WARNING/;

/** @returns a function that adds what was printed */
export function openLog(file: string): (text: string) => void {
  mkdirSync(dirname(file), { recursive: true });
  if (existsSync(file) && statSync(file).size > MOST_BYTES) renameSync(file, `${file}.1`);
  return (text) => {
    const lines = text.split('\n').filter((line) => line.trim() !== '' && !harmless.test(line));
    if (lines.length > 0) appendFileSync(file, `${lines.join('\n')}\n`);
  };
}
