// `gondola compare`: trains several objectives, or any variants, under one budget, and shows what each came to.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { GondolaError, sentence } from '../../base/errors.ts';
import { writeFileAtomically } from '../../base/files.ts';
import type { JobEvent } from '../../base/progress.ts';
import type { InputOf } from '../../contract/call.ts';
import {
  type Budget,
  type Comparison,
  type ComparisonEntry,
  type compareCalls,
  type Variant,
  variant,
} from '../../contract/compare.ts';
import { OBJECTIVE_NAMES } from '../../pretrain/objectives/objective.ts';
import { csvOf, markdownOf, sentencesOf, tableOf } from '../compare/tables.ts';
import type { Output } from '../output.ts';
import { InvalidArgumentError, numberAbove, Option, type Verb, wholeNumber } from '../verb.ts';

type Request = NonNullable<InputOf<(typeof compareCalls)['compare.run']>['request']>;

const DEFAULT_MINUTES = 5;

export const compareVerb: Verb = {
  name: 'compare',
  define: (command) =>
    command
      .description(
        'train several objectives under the same budget on the same photos, and measure each by kNN and a linear probe',
      )
      .argument('<workspace>', 'with photos and labels: its labelled products are the gallery')
      .addOption(
        new Option(
          '--objectives <names>',
          `several of ${OBJECTIVE_NAMES.join(',')}; all of them without this`,
        ).argParser(words),
      )
      .addOption(
        new Option(
          '--variants <file>',
          'a JSON array of { "name", "wishes" }: any setting of a training can be ablated',
        ),
      )
      .addOption(
        new Option('--minutes <n>', 'for each training: fair in cost')
          .argParser(numberAbove(0))
          .conflicts(['steps', 'epochs']),
      )
      .addOption(
        new Option('--steps <n>', 'for each training: as many updates').argParser(wholeNumber(1)).conflicts('epochs'),
      )
      .addOption(
        new Option('--epochs <n>', 'for each training: as many passes over the photos').argParser(wholeNumber(1)),
      )
      .addOption(
        new Option(
          '--seeds <list>',
          'e.g. 0,1,2: each variant once with each; more of them say how sure a difference is',
        ).argParser(numbers),
      )
      .addOption(
        new Option(
          '--queries <csv>',
          'held-out photos with their answers, as `evaluate` takes them; without it each labelled photo is asked against the others',
        ),
      )
      .addOption(
        new Option(
          '--teacher <encoder>',
          'of distillation: an encoder of the workspace, a weight file, or `best`, the best of the others, which is trained first',
        ),
      )
      .addOption(
        new Option('--model <name>', 'the network of all; the default for the photos and the budget without it'),
      )
      .addOption(new Option('--image <pixels>', 'side of a global crop of all').argParser(wholeNumber(8)))
      .addOption(new Option('--local <pixels>', 'side of a local crop of all').argParser(wholeNumber(8)))
      .addOption(new Option('--locals <n>', 'local crops a photo, of all').argParser(wholeNumber(0)))
      .addOption(new Option('--batch <n>', 'photos a step, of all').argParser(wholeNumber(1)))
      .addOption(
        new Option(
          '--baselines',
          'measure the untrained network, raw pixels and the colour histogram beside them (the default)',
        ),
      )
      .addOption(new Option('--no-baselines', 'leave them out'))
      .addOption(
        new Option('--activate <which>', 'make the best encoder the active model at the end').choices(['best']),
      )
      .addOption(
        new Option(
          '--name <name>',
          'of the comparison; its runs are called NAME-VARIANT; with --resume, which comparison',
        ),
      )
      .addOption(new Option('--device <name>', 'as of pretrain').default('cpu'))
      .addOption(new Option('--resume', 'go on with an unfinished comparison'))
      .addOption(new Option('--show <name>', 'train nothing; show a comparison again').conflicts('resume'))
      .addOption(new Option('--markdown', 'print the table as Markdown, ready for a README'))
      .addOption(new Option('--csv <file>', 'write a line for each training with all figures'))
      .addHelpText(
        'after',
        `
Every training is an ordinary run (see \`status\` and the Pretrain page), one after another. The active model stays what it is.
Network and crops are the same for all; batch and rates are each objective's own unless given. --minutes is fair in cost,
--epochs in what was seen: the table tells images/s, steps and passes. One that fails is told in its row, and the others go on.
Ctrl-C stops and keeps everything; --resume goes on where it was. After a crash, too.`,
      ),
  run([folder], options, { output, call, withWorkspace }) {
    return withWorkspace(folder as string, async (context) => {
      const name = options.name as string | undefined;
      const activate = options.activate === 'best';
      const resume = options.resume === true;
      const comparison =
        options.show !== undefined
          ? await call('compare.one', { name: options.show as string }, context)
          : await call(
              'compare.run',
              { name, activate, resume, ...(resume ? {} : { request: await requestOf(options) }) },
              {
                ...context,
                emit(event) {
                  context.emit(event);
                  if (!output.isJson) tell(event, output);
                },
              },
            );
      tellResult(comparison, options.markdown === true, output);
      if (options.csv) await writeFileAtomically(resolve(options.csv as string), csvOf(comparison));
      if (comparison.state === 'stopped' && options.show === undefined) {
        output.say(`Stopped. \`gondola compare ${folder} --resume\` goes on.`);
      }
      return { ...comparison, exitCode: comparison.state === 'finished' || options.show !== undefined ? 0 : 1 };
    });
  },
};

async function requestOf(options: Record<string, unknown>): Promise<Request> {
  const { objectives, model, image, local, locals, batch, seeds, queries, teacher, baselines, device } = options;
  const variants = options.variants ? await readVariants(options.variants as string) : [];
  const given = { model, image, local, locals, batch } as Request['wishes'];
  return {
    objectives: (objectives as string[] | undefined) ?? (variants.length > 0 ? [] : [...OBJECTIVE_NAMES]),
    variants,
    budget: budgetOf(options),
    wishes: given,
    seeds: seeds as number[] | undefined,
    queries: queries ? resolve(queries as string) : null,
    teacher: (teacher as string | undefined) ?? null,
    baselines: baselines !== false,
    device: device as string,
  };
}

function budgetOf({ minutes, steps, epochs }: Record<string, unknown>): Budget {
  if (steps !== undefined) return { kind: 'steps', amount: steps as number };
  if (epochs !== undefined) return { kind: 'epochs', amount: epochs as number };
  return { kind: 'minutes', amount: (minutes as number | undefined) ?? DEFAULT_MINUTES };
}

/** @throws GondolaError `variants-unreadable` */
async function readVariants(file: string): Promise<Variant[]> {
  const fail = (what: string, cause?: unknown) =>
    new GondolaError(
      'variants-unreadable',
      `${file} does not tell variants: ${what}.`,
      'Give a JSON array like [{ "name": "no local crops", "wishes": { "locals": 0 } }].',
      { cause },
    );
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw fail(sentence(error), error);
  }
  // A slip of the pen would otherwise be a variant that is like all others.
  const parsed = z.array(variant.extend({ wishes: variant.shape.wishes.strict() }).strict()).safeParse(json);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  throw fail(`${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`);
}

function tell(event: JobEvent, output: Output): void {
  if (event.kind === 'comparison') {
    const { comparison, trainings } = event as unknown as { comparison: string; trainings: number };
    output.say(`${comparison}: ${trainings} trainings, one after another.`);
  } else if (event.kind === 'comparison-entry') {
    const { run, state, figures, message } = event.entry as ComparisonEntry;
    if (state === 'training') output.say(`${run}: training`);
    else if (state === 'measured' && figures)
      output.say(`${run}: kNN ${percent(figures.knn)}, linear ${percent(figures.linear)}`);
    else if (state === 'failed') output.say(`${run}: failed. ${message}`);
  }
}

function tellResult(comparison: Comparison, asMarkdown: boolean, output: Output): void {
  if (asMarkdown) {
    output.say(markdownOf(comparison));
    return;
  }
  const { headings, rows } = tableOf(comparison);
  output.table(headings, rows);
  for (const told of sentencesOf(comparison)) output.say(told);
}

const percent = (value: number | null): string => (value === null ? 'not known' : `${(100 * value).toFixed(1)} %`);

function words(text: string): string[] {
  const named = text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  if (named.length === 0) throw new InvalidArgumentError('expected names, separated by commas.');
  return named;
}

function numbers(text: string): number[] {
  return words(text).map(wholeNumber(0));
}
