// `gondola search`: the products of a workspace that look most like a picture.
import { relative } from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { Box } from '../../vision/picture.ts';
import { Option, type Verb, wholeNumber } from '../verb.ts';

export const searchVerb: Verb = {
  name: 'search',
  define: (command) =>
    command
      .description('find the products that look most like a picture')
      .argument('<workspace>', 'indexed')
      .argument('<image>', 'a photo of one product; it is read, not imported')
      .addOption(
        new Option(
          '--box <x,y,width,height>',
          'the part of the image that shows the product, in upright pixels',
        ).argParser(readBox),
      )
      .addOption(new Option('-n, --count <number>', 'how many to list').argParser(wholeNumber(1)).default(20))
      .addOption(new Option('--device <name>', 'cpu, webgpu, dml, cuda, coreml or tensorflow').default('cpu'))
      .addHelpText(
        'after',
        `
The score is a similarity: 1 is the same picture, 0 nothing in common. The picture should show the product and little else; --box
cuts it out of a shelf photo.`,
      ),
  run([folder, image], { box, count, device }, { output, call, withWorkspace }) {
    return withWorkspace(folder as string, async (context) => {
      const input = {
        image: image as string,
        box: box as Box | undefined,
        count: count as number,
        device: device as string,
      };
      const { results } = await call('recognise.search', input, context);
      output.table(
        ['score', 'SKU', 'photo', 'at'],
        results.map(({ score, sku, source, path, kind, x, y, width, height }) => [
          score.toFixed(3),
          sku === null ? '' : source === 'knn' ? `${sku} (classifier)` : sku,
          path === null ? 'file lost' : shortest(path),
          kind === 'photo' ? '' : [x, y, width, height].map(Math.round).join(','),
        ]),
      );
      return { results };
    });
  },
};

function readBox(text: string): Box {
  const [x, y, width, height, ...more] = text.split(',').map(Number);
  if (more.length > 0 || ![x, y, width, height].every(Number.isFinite) || width <= 0 || height <= 0) {
    throw new InvalidArgumentError(`expected x,y,width,height, not "${text}".`);
  }
  return { x, y, width, height };
}

/** From here, where that is shorter. */
function shortest(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.length < path.length ? fromHere : path;
}
