/** Series of runs as charts draw them, and as sentences say them. */
import type { Series } from '../../../src-main/contract/record.ts';
import type { Run } from '../../../src-main/contract/training.ts';

export interface Chart {
  readonly title: string;
  readonly lines: readonly Line[];
  /** How a value is written. */
  readonly format: (value: number) => string;
}

export interface Line {
  /** Names of the series to draw, the first that is there: points between epochs where they were kept, else epochs. */
  readonly names: readonly string[];
  readonly title: string;
  readonly dashed?: boolean;
  /** Has a scale of its own, at the right. */
  readonly right?: boolean;
}

const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });
const plain = (value: number): string => number.format(value);

/** What every run has. */
export const charts: readonly Chart[] = [
  { title: 'Loss', lines: [{ names: ['step.loss', 'loss'], title: 'loss' }], format: plain },
  {
    title: 'Entropy and KL',
    lines: [
      { names: ['step.teacherEntropy', 'teacherEntropy'], title: 'entropy' },
      { names: ['step.divergence', 'divergence'], title: 'KL', dashed: true },
    ],
    format: plain,
  },
  {
    title: 'Feature spread and effective rank',
    lines: [
      { names: ['step.featureSpread', 'featureSpread'], title: 'spread' },
      { names: ['effectiveRank'], title: 'rank', dashed: true, right: true },
    ],
    format: plain,
  },
  {
    title: 'kNN accuracy',
    lines: [{ names: ['knn'], title: 'accuracy' }],
    format: (value) => `${(100 * value).toFixed(1)} %`,
  },
];

/** Measures that the charts above do not draw and that are none of the network: how fast it went, and what was counted. */
const notDrawn = new Set(['imagesPerSecond', 'waiting', 'seconds', 'gigaflopsPerSecond', 'epoch', 'knnAsked']);
const schedules = new Set(['learningRate', 'weightDecay', 'teacherMomentum', 'teacherTemperature']);

/**
 * The charts of some runs: those of every run that have a point, and one for each measure that only their objectives have, whatever its name.
 */
export function chartsOf(runs: readonly { readonly series: readonly Series[] }[]): Chart[] {
  const known = new Set(charts.flatMap(({ lines }) => lines.flatMap(({ names }) => names)));
  const found = new Set(
    runs.flatMap(({ series }) => series.filter(({ steps }) => steps.length > 1).map(({ name }) => name)),
  );
  const others = [...found]
    .filter((name) => !known.has(name))
    .map((name) => name.replace(/^step\./, ''))
    .filter((name, i, all) => all.indexOf(name) === i && !known.has(name) && !notDrawn.has(name));
  const chartOf = (name: string): Chart => ({
    title: inWords(name),
    lines: [{ names: [`step.${name}`, name], title: inWords(name).toLowerCase() }],
    format: plain,
  });
  const drawn = charts.filter(
    ({ title, lines }) =>
      title !== 'Entropy and KL' || lines.some(({ names }) => names.some((name) => found.has(name))),
  );
  return [
    ...drawn,
    ...others.filter((name) => !schedules.has(name)).map(chartOf),
    ...others.filter((name) => schedules.has(name)).map(chartOf),
  ];
}

/** `learningRate` as it is read: Learning rate. */
function inWords(name: string): string {
  const words = name.replace(/([a-z])([A-Z])/g, (_, end: string, start: string) => `${end} ${start.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A line of one run. */
export interface Drawn {
  readonly run: string;
  readonly line: Line;
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

/** What a chart shows of these runs, line by line. */
export function drawnLines(
  { lines }: Chart,
  runs: readonly { readonly run: Pick<Run, 'name'>; readonly series: readonly Series[] }[],
): Drawn[] {
  return runs.flatMap(({ run, series }) =>
    lines.flatMap((line) => {
      const found = line.names
        .map((name) => series.find((one) => one.name === name))
        .find((one) => one !== undefined && one.steps.length > 0);
      return found ? [{ run: run.name, line, steps: found.steps, values: found.values }] : [];
    }),
  );
}

/** Lines over one axis of steps, as uPlot takes them; null where a line has no point. */
export function aligned(lines: readonly Drawn[]): [number[], ...(number | null)[][]] {
  const steps = [...new Set(lines.flatMap((line) => line.steps))].sort((a, b) => a - b);
  const places = new Map(steps.map((step, place) => [step, place]));
  const columns = lines.map((line) => {
    const column: (number | null)[] = Array(steps.length).fill(null);
    for (const [i, step] of line.steps.entries()) column[places.get(step)!] = line.values[i];
    return column;
  });
  return [steps, ...columns];
}

/** A chart in words, for those who do not see it and those who want the figures. */
export function summary(chart: Chart, lines: readonly Drawn[]): string {
  const sentences = lines.map(({ run, line, steps, values }) => {
    const last = values.length - 1;
    const what = `${run}, ${line.title}`;
    if (last === 0) return `${what}: ${chart.format(values[0])} at step ${steps[0]}.`;
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return `${what}: from ${chart.format(values[0])} to ${chart.format(values[last])} at step ${steps[last]}; between ${chart.format(least)} and ${chart.format(most)}.`;
  });
  return sentences.length > 0 ? sentences.join(' ') : 'Nothing measured yet.';
}

/** Series with what an event measured; a step that is there already stays as it is. */
export function withPoint(
  series: readonly Series[],
  event: { readonly kind: 'point' | 'epoch'; readonly step: number } & Readonly<Record<string, unknown>>,
): Series[] {
  const prefix = event.kind === 'point' ? 'step.' : '';
  const { kind: _, step, steps: __, epochs: ___, eta: ____, measures: own, ...common } = event;
  const measures = { ...(own as Record<string, unknown> | undefined), ...common };
  const grown = new Map(series.map((one) => [one.name, one]));
  for (const [measure, value] of Object.entries(measures)) {
    if (typeof value !== 'number') continue;
    const name = `${prefix}${measure}`;
    const known = grown.get(name) ?? { name, steps: [], values: [] };
    if (step <= (known.steps.at(-1) ?? -1)) continue;
    grown.set(name, { name, steps: [...known.steps, step], values: [...known.values, value] });
  }
  return [...grown.values()];
}

/** Colours of runs side by side, apart from each other for every kind of sight; light and dark. */
const colours = [
  ['#0b5f4f', '#4cc9ac'],
  ['#b3480e', '#ff9d5c'],
  ['#5b3fb5', '#b7a3ff'],
  ['#1f6fb2', '#7dbcff'],
  ['#96296f', '#ff9ade'],
  ['#6a6110', '#e0d260'],
] as const;

export function colourOf(place: number, dark: boolean): string {
  return colours[place % colours.length][dark ? 1 : 0];
}

/** Settings that are not the same in all of these runs, with the value of each run. */
export function differences(runs: readonly Pick<Run, 'name' | 'settings'>[]): { setting: string; values: string[] }[] {
  const settings = runs[0]?.settings.map(({ setting }) => setting) ?? [];
  return settings.flatMap((setting) => {
    const values = runs.map((run) => run.settings.find((one) => one.setting === setting)?.value ?? '–');
    return new Set(values).size > 1 ? [{ setting, values }] : [];
  });
}
