/** A comparison as a table: for a terminal, a README, a spreadsheet. */
import type { Comparison, ComparisonRow, Figures } from '../../contract/compare.ts';

/** Cells as text; the first column names what the row is of. */
export interface Table {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

interface Column {
  readonly heading: string;
  readonly figure: keyof Figures;
  readonly shown: (value: number, deviation: number | null) => string;
}

const number = (digits: number) => (value: number, deviation: number | null) =>
  deviation === null ? value.toFixed(digits) : `${value.toFixed(digits)} ± ${deviation.toFixed(digits)}`;

const share = (value: number, deviation: number | null): string =>
  deviation === null
    ? `${(100 * value).toFixed(1)} %`
    : `${(100 * value).toFixed(1)} ± ${(100 * deviation).toFixed(1)} %`;

const COLUMNS: readonly Column[] = [
  { heading: 'kNN', figure: 'knn', shown: share },
  { heading: 'linear', figure: 'linear', shown: share },
  { heading: 'rank', figure: 'effectiveRank', shown: number(1) },
  { heading: 'images/s', figure: 'imagesPerSecond', shown: number(1) },
  { heading: 'steps', figure: 'steps', shown: (value) => value.toFixed(0) },
  { heading: 'epochs', figure: 'epochs', shown: (value) => value.toFixed(1) },
  { heading: 'seconds', figure: 'seconds', shown: (value) => value.toFixed(0) },
];

const NOTHING = '–';

/** What is compared, the best first, then what it is held against. */
export function tableOf({ rows, pixelTop1, colourTop1 }: Comparison): Table {
  const order = [...rows].sort((a, b) => (b.mean?.knn ?? -1) - (a.mean?.knn ?? -1));
  const plain = (title: string, values: Partial<Record<keyof Figures, number | null>>) => [
    title,
    ...COLUMNS.map(({ figure, shown }) => {
      const value = values[figure] ?? null;
      return value === null ? NOTHING : shown(value, null);
    }),
  ];
  const untrained = new Map(
    order.flatMap(({ untrained: figures }) => (figures ? [[JSON.stringify(figures), figures] as const] : [])),
  );
  return {
    headings: ['', ...COLUMNS.map(({ heading }) => heading)],
    rows: [
      ...order.map((row) => [
        nameOf(row),
        ...COLUMNS.map(({ figure, shown }) => {
          const value = row.mean?.[figure] ?? null;
          return value === null ? NOTHING : shown(value, row.deviation?.[figure] ?? null);
        }),
      ]),
      ...[...untrained.values()].map((figures) => plain('untrained network', figures)),
      ...(colourTop1 === null ? [] : [plain('colour histogram, nearest', { knn: colourTop1 })]),
      ...(pixelTop1 === null ? [] : [plain('raw pixels, nearest', { knn: pixelTop1 })]),
    ],
  };
}

/** For a README: the table, and under it what it says. */
export function markdownOf(comparison: Comparison): string {
  const { headings, rows } = tableOf(comparison);
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = `|${headings.map((_, column) => (column === 0 ? '---' : '--:')).join('|')}|`;
  return [line(headings), rule, ...rows.map(line), '', ...sentencesOf(comparison)].join('\n');
}

/** For a spreadsheet: one line a training, numbers as they are. */
export function csvOf({ entries, rows, budget }: Comparison): string {
  const figures: readonly (keyof Figures)[] = [...COLUMNS.map(({ figure }) => figure), 'images'];
  const headings = [
    'variant',
    'objective',
    'seed',
    'run',
    'state',
    'budget',
    ...figures,
    'untrained_knn',
    'untrained_linear',
    'message',
  ];
  const lines = entries.map((entry) => {
    const row = rows.find(({ variant }) => variant === entry.variant);
    return [
      ...[
        entry.variant,
        row?.objective?.name ?? '',
        entry.seed,
        entry.run,
        entry.state,
        `${budget.amount} ${budget.kind}`,
      ],
      ...figures.map((figure) => entry.figures?.[figure] ?? ''),
      ...[row?.untrained?.knn ?? '', row?.untrained?.linear ?? '', entry.message],
    ];
  });
  const cell = (value: string | number) => {
    const text = String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${[headings, ...lines].map((line) => line.map(cell).join(',')).join('\r\n')}\r\n`;
}

/** What the figures are of. */
export function sentencesOf({ budget, seeds, protocol, leftOut, rows }: Comparison): string[] {
  const each =
    budget.kind === 'minutes'
      ? `${budget.amount} minutes each, preparation, looks and checkpoints included`
      : `${budget.amount} ${budget.kind} each, however long they took`;
  const over = seeds.length > 1 ? `; mean ± standard deviation over ${seeds.length} seeds` : `; one seed (${seeds[0]})`;
  const failures = rows.flatMap(({ variant, failures }) => failures.map((failure) => `${variant} failed: ${failure}`));
  return [
    `Budget: ${each}${over}.`,
    ...(protocol ? [protocol] : []),
    'kNN: weighted vote of the nearest neighbours on the embedding alone. Linear: logistic regression on the frozen embedding.',
    ...leftOut,
    ...failures,
  ];
}

function nameOf({ variant, objective, best }: ComparisonRow): string {
  const title = objective && objective.name === variant ? objective.title : variant;
  return best ? `${title} (best)` : title;
}
