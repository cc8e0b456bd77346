// `gondola segment`: attention, object masks and cut-outs of a workspace's photos, or of any.
import { statSync } from 'node:fs';
import { GondolaError } from '../../base/errors.ts';
import type { OutputOf } from '../../contract/call.ts';
import type { segmentCalls } from '../../contract/segment.ts';
import { fileWeights } from '../../core/segment/attender.ts';
import { segmentWith } from '../../core/segment/service.ts';
import { isWorkspace } from '../../store/workspace.ts';
import type { Output } from '../output.ts';
import { Option, type Verb, type VerbContext } from '../verb.ts';

type Summary = OutputOf<(typeof segmentCalls)['segment.workspace']>;

/** How many problems are listed on a terminal; all of them are under --json. */
const listed = 20;

interface Options {
  out: string;
  model?: string;
  workspace?: string;
  device: string;
  force?: boolean;
}

export const segmentVerb: Verb = {
  name: 'segment',
  define: (command) =>
    command
      .description('cut the products out of photos, and show what the encoder attends to')
      .argument('<workspace|image...>', 'one workspace, or photos; photos are read, not imported')
      .addOption(new Option('--out <dir>', 'the folder for the results').makeOptionMandatory())
      .addOption(
        new Option(
          '--model <name>',
          'a model of the workspace by name, or a .safetensors file with its .json beside it (left out: the workspace’s active one)',
        ),
      )
      .addOption(new Option('--workspace <dir>', 'for photos: whose model looks at them'))
      .addOption(new Option('--device <name>', 'cpu, webgpu, dml, cuda, coreml or tensorflow').default('cpu'))
      .addOption(new Option('--force', 'make again what is there already'))
      .addHelpText(
        'after',
        `
For each photo, upright and named after its file (with its folder's name before it where two would clash):
  STEM.mask.png       0 or 255, the photo's size: the object
  STEM.cutout.png     the object, transparent around it
  STEM.attention.png  to look at: every head's attention, the patches that hold 60 % of it, their mean, the best head, the object
Best is the head whose 60 % patches overlap most with the object mask. segments.jsonl lists what was made, and from what.

A photo with boxes gets, beside these, STEM.region-ID.mask.png and STEM.region-ID.cutout.png for each, of the box's size, and its
own mask is their union. On shelf photos draw or import boxes: a shelf as a whole has no one object. Tight boxes are
good, a margin up to a tenth of the box does no harm. A black mask is an answer: nothing stood out there.

Run it again to go on after Ctrl-C: photos whose files were made from the same bytes, boxes and model are passed over. Without a
trained model the masks come from colour and edges alone, which is said.`,
      ),
  async run([inputs], given, context) {
    const options = given as unknown as Options;
    const summary = await segment(inputs as string[], options, context);
    tell(summary, options.out, context.output);
    // Asked for and none delivered is a failure; some delivered is a result with problems.
    const nothing = summary.photos.length === 0 && summary.problems.length > 0;
    return { ...summary, exitCode: nothing ? 1 : 0 };
  },
};

async function segment(inputs: string[], options: Options, context: VerbContext): Promise<Summary> {
  const { out, model, device, force = false } = options;
  const workspaces = inputs.filter((input) => isWorkspace(input));
  if (workspaces.length > 0) {
    if (inputs.length > 1 || options.workspace !== undefined) {
      throw new GondolaError(
        'input-mixed',
        'Give one workspace, or photos, not both.',
        'For photos seen by a workspace’s model: gondola segment PHOTO… --workspace WORKSPACE --out DIR',
      );
    }
    return context.withWorkspace(inputs[0], (core) =>
      context.call('segment.workspace', { out, model, device, force }, core),
    );
  }
  const folder = inputs.find((input) => statSync(input, { throwIfNoEntry: false })?.isDirectory());
  if (folder !== undefined) {
    throw new GondolaError(
      'not-a-workspace',
      `${folder} is a folder, but no workspace.`,
      'Give photos, e.g. with a pattern, or import the folder into a workspace.',
    );
  }
  if (options.workspace !== undefined) {
    const files = inputs;
    return context.withWorkspace(options.workspace, (core) =>
      context.call('segment.files', { files, out, model, device, force }, core),
    );
  }
  const source = model === undefined ? null : fileWeights(model);
  const tasks = inputs.map((path) => ({ path, boxes: [] }));
  return segmentWith(source, device, tasks, { out, force }, context);
}

const count = (number: number, one: string, many = `${one}s`): string => `${number} ${number === 1 ? one : many}`;

function tell(summary: Summary, out: string, output: Output): void {
  const { segmented, present, regions, empty, problems, seconds } = summary;
  const parts = [`${count(segmented, 'photo')} segmented in ${seconds.toFixed(1)} s`];
  if (regions > 0) parts.push(`${count(regions, 'product')} in boxes`);
  if (present > 0) parts.push(`${present} there already`);
  output.say(`${parts.join(', ')}: ${out}`);
  if (empty > 0) {
    output.say(
      `On ${count(empty, 'photo')} nothing stood out: the mask is black. ${summary.photos
        .filter(({ share }) => share === 0)
        .slice(0, 5)
        .map(({ path }) => path)
        .join(', ')}${empty > 5 ? ', …' : ''}`,
    );
  }
  for (const { path, message, hint } of problems.slice(0, listed)) output.say(`  ${path}\n    ${message} ${hint}`);
  if (problems.length > listed) output.say(`  and ${problems.length - listed} more (all under --json)`);
}
