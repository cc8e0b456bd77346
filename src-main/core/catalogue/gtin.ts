/** Global Trade Item Numbers (GS1 General Specifications 7.9): GTIN-8, -12 (UPC), -13 (EAN) and -14 with their check digit. */
import { GondolaError } from '../../base/errors.ts';

const lengths = new Set([8, 12, 13, 14]);

/** The check digit of a GTIN's other digits: weights 3 and 1 alternate from the right, and the sum is filled up to a ten. */
export function gtinCheckDigit(digits: string): number {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    sum += Number(digits[digits.length - 1 - i]) * (i % 2 === 0 ? 3 : 1);
  }
  return (10 - (sum % 10)) % 10;
}

/**
 * Reads a GTIN as people write it, with spaces or hyphens, and returns it as 14 digits.
 *
 * @throws GondolaError `gtin-invalid` with what is wrong
 */
export function parseGtin(text: string): string {
  const digits = text.replace(/[\s-]/g, '');
  const wrong = (reason: string, hint: string) =>
    new GondolaError('gtin-invalid', `"${text}" is no GTIN: ${reason}.`, hint);
  if (!/^\d+$/.test(digits)) throw wrong('it holds something else than digits', 'Copy the digits under the bar code.');
  if (!lengths.has(digits.length)) {
    throw wrong(
      `it has ${digits.length} digits`,
      'A GTIN has 8, 12, 13 or 14. Spreadsheets drop leading zeros: put them back.',
    );
  }
  if (/^0+$/.test(digits)) throw wrong('it is all zeros', 'Leave it out where the product has none.');
  const expected = gtinCheckDigit(digits.slice(0, -1));
  if (Number(digits.at(-1)) !== expected) {
    throw wrong(
      `its check digit is ${digits.at(-1)} where ${expected} belongs`,
      'A digit is wrong or two are swapped: compare it with the package.',
    );
  }
  return digits.padStart(14, '0');
}
