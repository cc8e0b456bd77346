/** Names and other text out of a file from anywhere, on their way into a sentence. */

/** Characters of a sentence that anybody reads. */
const LONGEST = 1000;
const LONGEST_NAME = 120;

/**
 * Control and format characters, which could drive a terminal or turn the text round, are spelt out; names in quotes and whole sentences are cut where they
 * are too long to read.
 */
export function plain(text: string): string {
  const named = text.replace(/"([^"]*)"/g, (whole, name: string) =>
    name.length > LONGEST_NAME ? `"${name.slice(0, LONGEST_NAME)}…"` : whole,
  );
  const short = named.length > LONGEST ? `${named.slice(0, LONGEST)}…` : named;
  return short.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (one) => `\\u{${one.codePointAt(0)!.toString(16)}}`);
}
