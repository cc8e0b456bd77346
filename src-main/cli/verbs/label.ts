// `gondola label`: says what products are, and keeps the list of SKUs; everything can be undone.
import type { OutputOf } from '../../contract/call.ts';
import type { libraryCalls } from '../../contract/library.ts';
import type { CoreContext } from '../../core/context.ts';
import type { Output } from '../output.ts';
import { type Command, Option, type Verb, type VerbContext, type VerbResult, wholeNumber } from '../verb.ts';

const lists = ['skus', 'regions', 'unlabelled', 'unknown', 'history'] as const;
type List = (typeof lists)[number];

interface LabelOptions {
  csv?: string;
  region?: number[];
  photo?: string[];
  sku?: string;
  unknown?: true;
  notAProduct?: true;
  remove?: true;
  rename?: string;
  merge?: string;
  to?: string;
  category?: string;
  brand?: string;
  gtin?: string;
  removeGtin?: string;
  undo?: true;
  redo?: true;
  list?: List;
}

export const labelVerb: Verb = {
  name: 'label',
  define: (command) =>
    command
      .description('say what products are; rename and merge SKUs; undo and redo')
      .argument('<workspace>', 'a folder made by `gondola init`')
      .addOption(
        new Option('--csv <file>', 'labels for imported photos, in the form that `gondola import --labels` reads'),
      )
      .addOption(regionOption())
      .addOption(new Option('--photo <files...>', 'every product on these imported photos'))
      .addOption(new Option('--sku <name>', 'what the regions show, created if it is new; or the SKU to describe'))
      .addOption(new Option('--unknown', 'the regions show a product that is in no SKU').conflicts('sku'))
      .addOption(
        new Option('--not-a-product', 'the regions show no product: a price tag, an empty place').conflicts([
          'sku',
          'unknown',
        ]),
      )
      .addOption(
        new Option('--remove', 'take the labels of the regions back').conflicts(['sku', 'unknown', 'notAProduct']),
      )
      .addOption(new Option('--brand <name>', 'the brand of --sku'))
      .addOption(new Option('--category <name>', 'the coarser class of --sku'))
      .addOption(new Option('--gtin <digits>', 'a GTIN (8, 12, 13 or 14 digits) of --sku; the check digit is checked'))
      .addOption(new Option('--remove-gtin <digits>', 'take a GTIN from --sku'))
      .addOption(new Option('--rename <sku>', 'give this SKU the name of --to'))
      .addOption(
        new Option('--merge <sku>', 'make this SKU one with that of --to, which keeps its name').conflicts('rename'),
      )
      .addOption(new Option('--to <name>', 'for --rename and --merge'))
      .addOption(new Option('--undo', 'take back the last action, then the one before, as far as you like'))
      .addOption(new Option('--redo', 'do again what was undone').conflicts('undo'))
      .addOption(new Option('--list <what>', 'what there is').choices(lists))
      .addHelpText(
        'after',
        `
Label a few photos of each SKU from different shelves and lights: variety teaches more than number. A label by a person always
wins over an import's, and that over the classifier's. Products that belong to no SKU of yours are worth --unknown:
the classifier then learns where to refuse. Every import of labels is one action: one --undo takes all of it back.

  gondola label shelves --list unlabelled
  gondola label shelves --region 12 13 --sku "Cola 0.33"
  gondola label shelves --photo IMG_1.jpg --sku "Cola 0.33" --category Drinks
  gondola label shelves --merge "Cola 0,33" --to "Cola 0.33"
  gondola label shelves --undo`,
      )
      .hook('preAction', requireUsage),
  run([folder], options, context) {
    return context.withWorkspace(folder as string, (inside) => execute(options as LabelOptions, context, inside));
  },
};

function regionOption(): Option {
  const number = wholeNumber(1);
  return new Option('--region <ids...>', 'regions by their number, as --list shows them').argParser(
    (text: string, before: number[] | undefined) => [...(before ?? []), number(text)],
  );
}

/** Combinations that make no sense are wrong usage (exit 2), told before the workspace is opened. */
function requireUsage(command: Command): void {
  const options = command.opts() as LabelOptions;
  const wrong = (message: string) => command.error(`error: ${message}`, { exitCode: 2 });
  const regions = options.region !== undefined || options.photo !== undefined;
  const answer = options.sku !== undefined || options.unknown || options.notAProduct || options.remove;
  const details = [options.brand, options.category, options.gtin, options.removeGtin].some(
    (value) => value !== undefined,
  );
  if (regions && !answer)
    wrong('say what they show with --sku, --unknown or --not-a-product, or take labels back with --remove.');
  if (!regions && (options.unknown || options.notAProduct || options.remove))
    wrong('name regions with --region or --photo.');
  if (!regions && options.sku !== undefined && !details) {
    wrong('--sku needs --region or --photo, or something to say of the SKU: --brand, --category, --gtin.');
  }
  if (details && options.sku === undefined) wrong('name the SKU with --sku.');
  if ((options.rename ?? options.merge) !== undefined && options.to === undefined)
    wrong('name the other SKU with --to.');
  if (options.to !== undefined && options.rename === undefined && options.merge === undefined) {
    wrong('--to belongs to --rename or --merge.');
  }
  const kinds = [
    options.csv,
    regions || details || undefined,
    options.rename ?? options.merge,
    options.undo,
    options.redo,
    options.list,
  ].filter((kind) => kind !== undefined);
  if (kinds.length === 0) wrong('nothing to do. See the examples under --help.');
  if (kinds.length > 1) wrong('one thing at a time, so that one --undo takes it back.');
}

async function execute(options: LabelOptions, context: VerbContext, inside: CoreContext): Promise<VerbResult> {
  const { call, output } = context;
  if (options.csv !== undefined) {
    const summary = await call('library.labelFromCsv', { file: options.csv }, inside);
    tellLabels(summary, output);
    return summary;
  }
  if (options.list !== undefined) return tellList(options.list, context, inside);
  if (options.undo || options.redo) {
    const { summary } = await call(options.undo ? 'catalogue.undo' : 'catalogue.redo', {}, inside);
    const verb = options.undo ? 'Undone' : 'Done again';
    output.say(summary === null ? `There is nothing to ${options.undo ? 'undo' : 'redo'}.` : `${verb}: ${summary}.`);
    return { summary };
  }
  if (options.to !== undefined && options.rename !== undefined) {
    await call('catalogue.renameSku', { from: options.rename, to: options.to }, inside);
    output.say(`"${options.rename}" is called "${options.to}" now.`);
    return { sku: options.to };
  }
  if (options.to !== undefined && options.merge !== undefined) {
    await call('catalogue.mergeSkus', { from: options.merge, into: options.to }, inside);
    output.say(`"${options.merge}" is part of "${options.to}" now.`);
    return { sku: options.to };
  }
  return labelAndDescribe(options, context, inside);
}

async function labelAndDescribe(options: LabelOptions, { call, output }: VerbContext, inside: CoreContext) {
  const { sku, brand, category, gtin, removeGtin } = options;
  const regions = [...(options.region ?? [])];
  for (const file of options.photo ?? []) {
    regions.push(...(await call('catalogue.regionsOfFile', { file }, inside)).regions);
  }
  const amount = regions.length === 1 ? '1 region' : `${regions.length} regions`;
  if (options.remove) {
    const { removed } = await call('catalogue.removeLabels', { regions }, inside);
    output.say(`Took back the labels of ${removed} of ${amount}.`);
    return { regions, removed };
  }
  if (regions.length > 0) {
    const naming =
      sku !== undefined
        ? { verdict: 'sku' as const, sku }
        : { verdict: options.unknown ? ('unknown' as const) : ('not-a-product' as const) };
    await call('catalogue.label', { regions, naming }, inside);
    output.say(`${amount}: ${sku ?? (options.unknown ? 'unknown' : 'not a product')}.`);
  }
  if (sku !== undefined) {
    if (brand !== undefined || category !== undefined) {
      await call('catalogue.describeSku', { name: sku, brand, category }, inside);
      output.say(`"${sku}": ${[brand, category].filter(Boolean).join(', ')}.`);
    }
    if (gtin !== undefined) {
      const stored = await call('catalogue.addGtin', { sku, gtin }, inside);
      output.say(`"${sku}" has the GTIN ${stored.gtin}.`);
    }
    if (removeGtin !== undefined) {
      await call('catalogue.removeGtin', { sku, gtin: removeGtin }, inside);
      output.say(`"${sku}" has the GTIN ${removeGtin} no more.`);
    }
  }
  return { regions };
}

async function tellList(list: List, { call, output }: VerbContext, inside: CoreContext): Promise<VerbResult> {
  if (list === 'history') {
    const result = await call('catalogue.history', {}, inside);
    output.table(
      ['when', 'what', ''],
      result.entries.map((entry) => [
        entry.at.slice(0, 16).replace('T', ' '),
        entry.summary,
        entry.done ? '' : 'undone',
      ]),
    );
    return result;
  }
  if (list === 'skus') {
    const result = await call('catalogue.skus', {}, inside);
    output.table(
      ['SKU', 'brand', 'category', 'GTIN', 'labelled', 'classified'],
      result.skus.map((sku) => [
        sku.name,
        sku.brand ?? '',
        sku.category ?? '',
        sku.gtins.join(' '),
        sku.labelled,
        sku.classified,
      ]),
    );
    return result;
  }
  const result = await call('catalogue.regions', { which: list === 'regions' ? 'all' : list }, inside);
  output.table(
    ['region', 'shows', 'by', 'place', 'photo'],
    result.regions.map(({ id, label, kind, path, ...box }) => [
      id,
      label === null ? '' : (label.sku ?? label.verdict),
      label?.source ?? '',
      kind === 'photo' ? 'whole photo' : `${box.x},${box.y} ${box.width}×${box.height}`,
      path ?? '(file missing)',
    ]),
  );
  return result;
}

/** What became of labels, in sentences. */
export function tellLabels(labels: OutputOf<(typeof libraryCalls)['library.labelFromCsv']>, output: Output): void {
  const boxes = labels.newBoxes > 0 ? `, ${labels.newBoxes} new boxes` : '';
  const skus = labels.newSkus > 0 ? `, ${labels.newSkus} new SKUs` : '';
  output.say(`Labels: ${labels.labelled} given, ${labels.unchanged} there already${boxes}${skus}.`);
  const listed = 20;
  for (const { where, message } of labels.problems.slice(0, listed)) output.say(`  ${where}: ${message}`);
  const more = labels.problems.length - listed;
  if (more > 0) output.say(`  and ${more} more lines were left out; --json lists all of them.`);
}
