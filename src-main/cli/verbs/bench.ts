// `gondola bench`: the measurements under test/bench, each of them a ratio to a reference taken in the same run.
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GondolaError, stopIfAsked } from '../../base/errors.ts';
import type { Verb } from '../verb.ts';

const folder = join(import.meta.dirname, '../../../test/bench');

/** A file of the folder is a benchmark when it has the name of one: bench.ts itself holds what they share. */
function benchmarks(): string[] {
  if (!existsSync(folder)) {
    throw new GondolaError(
      'bench-missing',
      'The benchmarks are not part of an installed app.',
      'Run them from a checkout of the sources.',
    );
  }
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && file !== 'bench.ts')
    .map((file) => basename(file, '.ts'))
    .sort();
}

export const benchVerb: Verb = {
  name: 'bench',
  define: (command) =>
    command
      .description('measure this machine: JSON lines { bench, value, unit, reference, ratio, target, ok }')
      .argument('[names...]', 'app, engine, pretrain, import, search, index; all of them without a name')
      .addHelpText(
        'after',
        '\nvalue and reference come from the same run, medians of interleaved repetitions, because machines differ and drift.\nClose other programs first: the ratio survives a busy machine, the value does not. Exit 1 when a target is missed.',
      ),
  async run([names], _options, { output, signal }) {
    const available = benchmarks();
    const wanted = (names as string[]).length > 0 ? (names as string[]) : available;
    for (const name of wanted) {
      if (!available.includes(name)) {
        throw new GondolaError(
          'bench-unknown',
          `There is no benchmark "${name}".`,
          `There are: ${available.join(', ')}.`,
        );
      }
    }
    const lines: { ok: boolean }[] = [];
    for (const name of wanted) {
      stopIfAsked(signal);
      const { run } = await import(pathToFileURL(join(folder, `${name}.ts`)).href);
      const report = (line: { ok: boolean }) => {
        lines.push(line);
        // The lines are the result for people and programs alike.
        if (output.isJson) output.json(line);
        else output.say(JSON.stringify(line));
      };
      await run(report, (sentence: string) => output.say(sentence));
    }
    return {
      lines: lines.length,
      missed: lines.filter((line) => !line.ok).length,
      exitCode: lines.every((line) => line.ok) ? 0 : 1,
    };
  },
};
