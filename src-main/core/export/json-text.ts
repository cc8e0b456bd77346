/** JSON objects with long lists in them, as text that can be written, and previewed, in parts. */
import type { TextParts } from './destination.ts';

/**
 * The text of an object whose array fields become lists. `pretty` gives exactly what JSON.stringify(value, null, 2) gives, and a newline;
 * `lines` gives each member of a list one line, which keeps large files small and still readable.
 */
export function jsonText(value: object, layout: 'pretty' | 'lines'): TextParts {
  const parts: TextParts[] = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .map(([name, field], index): TextParts => {
      const before = `${index === 0 ? '{\n' : ',\n'}  ${JSON.stringify(name)}: `;
      if (!Array.isArray(field) || field.length === 0) return [before + indented(field, layout, '  ')];
      const members = field.map((member) => `    ${indented(member, layout, '    ')}`);
      return [`${before}[\n`, { members, between: ',\n' }, '\n  ]'];
    });
  return parts.length === 0 ? ['{}\n'] : [...parts.flat(), '\n}\n'];
}

/** Line breaks inside of JSON's strings are escaped, so every one in the text is layout. */
function indented(value: unknown, layout: 'pretty' | 'lines', indent: string): string {
  if (layout === 'lines') return JSON.stringify(value);
  return JSON.stringify(value, null, 2).replaceAll('\n', `\n${indent}`);
}
