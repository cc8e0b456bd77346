/** What the library page says and offers. */
import { describe, expect, it } from 'vitest';
import { orientationInWords, placeInWords } from '../../../src-renderer/pages/library/facts.ts';
import {
  checkChoices,
  folderChoices,
  labelChoiceOf,
  labelChoices,
  labelsOf,
} from '../../../src-renderer/pages/library/filters.ts';
import { type ImportSummary, summaryInWords } from '../../../src-renderer/pages/library/import.svelte.ts';

const nothing: ImportSummary = {
  found: 0,
  added: 0,
  changed: 0,
  moved: 0,
  duplicates: 0,
  unchanged: 0,
  failed: 0,
  problems: [],
  others: {},
  labels: null,
  seconds: 0,
};

describe('the summary of an import', () => {
  it('says what happened and leaves out what did not', () => {
    expect(summaryInWords(nothing)).toBe('No photos were found.');
    expect(summaryInWords({ ...nothing, found: 3, added: 1, failed: 2 })).toBe(
      '1 photo added, 2 files could not be imported.',
    );
    const labels = {
      labelled: 1200,
      unchanged: 0,
      newBoxes: 1,
      newSkus: 30,
      problems: [{ where: 'line 3', message: 'It has no label.' }],
    };
    expect(summaryInWords({ ...nothing, found: 40, added: 40, labels })).toBe(
      '40 photos added. 1,200 labels given, 1 box drawn, 30 new SKUs. 1 label could not be used.',
    );
  });
});

describe('the filters', () => {
  it('show the choice that they were set by', () => {
    for (const { value } of labelChoices) expect(labelChoiceOf(labelsOf(value))).toBe(value);
  });

  it('offer folders as an indented tree with their counts', () => {
    const folders = [
      { path: '/p', name: '/p', depth: 0, files: 1200 },
      { path: '/p/a', name: 'a', depth: 1, files: 7 },
    ];
    const choices = folderChoices({
      folders,
      firstTaken: null,
      lastTaken: null,
      photos: 1200,
      unchecked: 0,
      problems: 0,
    });
    expect(choices.map(({ label, hint }) => [label.trim(), hint?.trim()])).toEqual([
      ['All folders', undefined],
      ['/p', '1,200'],
      ['a', '7'],
    ]);
    expect(choices[2].label.startsWith('\u2003')).toBe(true);
  });

  it('say how many photos are still to be checked', () => {
    const choices = checkChoices({
      folders: [],
      firstTaken: null,
      lastTaken: null,
      photos: 5,
      unchecked: 3,
      problems: 0,
    });
    expect(choices.find(({ value }) => value === 'unchecked')?.hint).toBe('3');
  });
});

describe('the facts of a photo', () => {
  it('put EXIF into words', () => {
    expect(orientationInWords(1)).toBe('upright');
    expect(orientationInWords(6)).toBe('stored on its left side, shown upright');
    expect(placeInWords(-33.5, 18.25)).toBe('33.50000° S, 18.25000° E');
    expect(placeInWords(null, null)).toBeNull();
  });
});
