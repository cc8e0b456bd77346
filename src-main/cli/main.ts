#!/usr/bin/env node
// The `gondola` command: one verb a file under verbs/. Exit 0 done, 1 failed, 2 wrong usage. Ctrl-C stops the work in good order; a second
// one ends the process at once.
import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { Cancelled, GondolaError } from '../base/errors.ts';
import { HumanOutput, JsonOutput, type Output } from './output.ts';
import { Command, Option, type Verb, verbContext } from './verb.ts';
import { loadVerbs } from './verbs.ts';

const version: string = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;

function report(error: unknown, output: Output): void {
  output.finish();
  if (error instanceof GondolaError) {
    output.json({ error: { code: error.code, message: error.message, hint: error.hint } });
    process.stderr.write(`${error.message}${error.hint ? `\n${error.hint}` : ''}\n`);
    return;
  }
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  output.json({
    error: { code: 'internal', message: 'A defect in Gondola.', hint: 'Please report it with the text on stderr.' },
  });
  process.stderr.write(`This is a defect in Gondola; please report it with the text below.\n${trace}\n`);
}

async function execute(verb: Verb, args: readonly unknown[], options: Record<string, unknown>): Promise<number> {
  const output: Output = options.json ? new JsonOutput() : new HumanOutput();
  const stop = new AbortController();
  const interrupt = () => {
    if (stop.signal.aborted) process.exit(1);
    output.finish();
    process.stderr.write('Stopping in good order; press Ctrl-C again to end at once.\n');
    stop.abort(new Cancelled());
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    const { exitCode = 0, ...result } = await verb.run(args, options, verbContext(output, stop.signal));
    output.finish();
    output.json({ verb: verb.name, ...result });
    return exitCode;
  } catch (error) {
    report(error, output);
    return 1;
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

function program(verbs: readonly Verb[]): Command {
  const root = new Command('gondola')
    .description(
      'Index retail shelf photos on this machine: import, pretrain, recognise, segment, export. Nothing leaves the machine.',
    )
    .version(version)
    .showHelpAfterError()
    .addHelpText(
      'after',
      '\nA first session:\n  gondola init shelves\n  gondola import shelves ~/Photos --labels few.csv\n  gondola pretrain shelves --minutes 20\n  gondola index shelves\n  gondola classify shelves\n  gondola export shelves --format csv --out catalogue',
    );
  for (const verb of verbs) {
    const command = root
      .command(verb.name)
      .addOption(new Option('--json', 'one JSON object a line on stdout, for programs'));
    verb.define(command);
    command.action(async (...all: unknown[]) => {
      const positional = all.slice(0, -2);
      process.exitCode = await execute(verb, positional, command.opts());
    });
  }
  root.exitOverride();
  for (const command of root.commands) command.exitOverride();
  return root;
}

// A reader that has seen enough (`gondola … | head`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

try {
  await program(await loadVerbs(process.argv[2])).parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
