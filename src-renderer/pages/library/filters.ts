/** The choices of the filter bar in words. */
import type { LabelState, RegionFilter, RegionOrder } from '../../../src-main/contract/browse.ts';
import { count } from '../../lib/format.ts';
import { labelStateNames } from '../../ui/region-words.ts';
import type { Folders } from './library.svelte.ts';

export interface Choice<Value extends string> {
  readonly value: Value;
  readonly label: string;
  readonly hint?: string;
}

/** The value that stands for no filter: a choice must have one. */
export const anything = 'any';

export const labelChoices: readonly Choice<LabelState | typeof anything | 'given' | 'open'>[] = [
  { value: anything, label: 'Any label' },
  { value: 'given', label: 'Named by people or import' },
  { value: 'open', label: 'Still to name', hint: 'Unlabelled, or unknown to the classifier' },
  ...(Object.keys(labelStateNames) as LabelState[]).map((state) => ({ value: state, label: labelStateNames[state] })),
];
export type LabelChoiceValue = (typeof labelChoices)[number]['value'];

const groups: Readonly<Record<'given' | 'open', LabelState[]>> = {
  given: ['person', 'import'],
  open: ['unlabelled', 'unknown'],
};

export function labelsOf(choice: LabelChoiceValue): LabelState[] | undefined {
  if (choice === anything) return undefined;
  return choice === 'given' || choice === 'open' ? groups[choice] : [choice];
}

export function labelChoiceOf(labels: RegionFilter['labels']): LabelChoiceValue {
  if (labels === undefined || labels.length === 0) return anything;
  if (labels.length === 1) return labels[0];
  return labels.includes('unlabelled') ? 'open' : 'given';
}

type Check = NonNullable<RegionFilter['check']>;

export const checkNames: Readonly<Record<Check, string>> = {
  any: 'Fails any check',
  passed: 'Passes all checks',
  blur: 'Blurred',
  dark: 'Too dark',
  bright: 'Too bright',
  flat: 'Pale',
  glare: 'Glare',
  tilt: 'Tilted shelf',
  small: 'Too few pixels',
  unchecked: 'Not checked yet',
};

export function checkChoices(folders: Folders | null): Choice<Check | 'all'>[] {
  return [
    { value: 'all', label: 'Any photo' },
    ...(Object.keys(checkNames) as Check[]).map((value) => ({
      value,
      label: checkNames[value],
      ...(value === 'unchecked' && folders ? { hint: count(folders.unchecked) } : {}),
    })),
  ];
}

export const orderChoices: readonly Choice<RegionOrder>[] = [
  { value: 'import', label: 'Photo by photo' },
  { value: 'taken', label: 'Date taken' },
  { value: 'sku', label: 'SKU' },
  { value: 'doubt', label: 'Least certain first' },
];

/** Folders as an indented list; the topmost is all of them. */
export function folderChoices(folders: Folders | null): Choice<string>[] {
  const all: Choice<string> = { value: anything, label: 'All folders' };
  if (folders === null) return [all];
  return [
    all,
    ...folders.folders.map(({ path, name, depth, files }) => ({
      value: path,
      label: `${'\u2003'.repeat(depth)}${name}`,
      hint: `${'\u2003'.repeat(depth)}${count(files)}`,
    })),
  ];
}
