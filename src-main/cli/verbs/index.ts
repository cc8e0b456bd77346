// `gondola index`: embeds every region of a workspace.
import { Option, type Verb } from '../verb.ts';

/** How many unreadable photos are listed on a terminal; all of them are under --json. */
const listed = 20;

export const indexVerb: Verb = {
  name: 'index',
  define: (command) =>
    command
      .description('embed every product, so that products can be compared, named and searched')
      .argument('<workspace>', 'with imported photos and a trained model')
      .addOption(new Option('--device <name>', 'cpu, webgpu, dml, cuda, coreml or tensorflow').default('cpu'))
      .addHelpText(
        'after',
        `
Only what is missing is done: run it again after an import, after drawing boxes and after a training. Ctrl-C keeps what is done.
A photo that cannot be read is reported by name and left out; it stops nothing.`,
      ),
  run([folder], { device }, { output, call, withWorkspace }) {
    return withWorkspace(folder as string, async (context) => {
      const summary = await call('recognise.index', { device: device as string }, context);
      const { embedded, present, model, seconds, problems } = summary;
      if (embedded === 0 && problems.length === 0)
        output.say(`All ${present} regions are embedded by ${model} already.`);
      else {
        const rate = (embedded / seconds).toFixed(embedded / seconds < 10 ? 1 : 0);
        const before = present > 0 ? `; ${present} were there already` : '';
        output.say(`${embedded} regions embedded by ${model} in ${seconds.toFixed(1)} s (${rate}/s)${before}.`);
      }
      for (const { path, message, hint } of problems.slice(0, listed)) output.say(`  ${path}\n    ${message} ${hint}`);
      if (problems.length > listed) output.say(`  and ${problems.length - listed} more photos that could not be read.`);
      return summary;
    });
  },
};
