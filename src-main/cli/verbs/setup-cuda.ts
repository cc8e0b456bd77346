// `gondola setup-cuda`, `npm run setup:cuda`: gives TensorFlow.js a current TensorFlow library, so that it computes on an NVIDIA card.
import { rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { GondolaError, stopIfAsked } from '../../base/errors.ts';
import { gigabytes, refuseFullDisks } from '../setup-cuda/disk.ts';
import { download, fetchedBytes, sha256Of } from '../setup-cuda/download.ts';
import { install } from '../setup-cuda/install.ts';
import { packageFolder } from '../setup-cuda/package.ts';
import { findWheel, refuseForeignHost, refuseForeignWheel, shown, thisHost } from '../setup-cuda/wheel.ts';
import { Option, type Verb, type VerbContext } from '../verb.ts';

/** Unpacked libraries by packed ones, at most: for the disk that is told before a byte is fetched. */
const UNPACKED = 4;

export const setupCudaVerb: Verb = {
  name: 'setup-cuda',
  define: (command) =>
    command
      .description(
        'set up TensorFlow on an NVIDIA card (Linux, x64): its library comes from the official wheel on PyPI',
      )
      .addOption(
        new Option('--wheel <name>', 'tensorflow-cpu is smaller and has no CUDA: to try the path out')
          .choices(['tensorflow', 'tensorflow-cpu'])
          .default('tensorflow'),
      )
      .addOption(new Option('--release <version>', 'of TensorFlow, such as 2.21.0; the newest without it'))
      .addOption(
        new Option('--index <url>', 'a Python package index; without it PIP_INDEX_URL, pip’s configuration, or PyPI'),
      )
      .addOption(new Option('--file <path>', 'a wheel that is here already; nothing is fetched'))
      .addOption(new Option('--sha256 <hex>', 'the checksum that --file must have'))
      .addOption(new Option('--into <folder>', 'of @tensorflow/tfjs-node-gpu; the project’s own without it'))
      .addOption(new Option('--keep', 'keep the wheel that was fetched'))
      .addHelpText(
        'after',
        '\nWhat is fetched is checked against the index’s SHA-256, and every file against the wheel’s own list. An interrupted download goes on when\nthe same command is given again. The card needs NVIDIA’s driver, CUDA 12 and cuDNN 9; without them TensorFlow computes on the processor.\nThen: gondola devices, gondola pretrain --device tensorflow-gpu.',
      ),
  async run(_args, options, context) {
    const host = thisHost();
    refuseForeignHost(host);
    const folder = await packageFolder(options.into === undefined ? undefined : resolve(String(options.into)), context);
    const wheel = options.file === undefined ? await fetched(options, folder, context) : await given(options, context);
    const checked = await install({ folder, wheel: wheel.path }, context);
    if (wheel.temporary && !options.keep) await rm(wheel.path, { force: true });
    const onCard = checked.runtime.includes('on CUDA');
    context.output.say(
      `${checked.runtime} trains here; its losses differ from the processor’s by ${checked.difference.toExponential(1)}.`,
    );
    if (!onCard) {
      context.output.say(
        'It found no CUDA: the wheel has none, or the NVIDIA card, its driver, CUDA 12 or cuDNN 9 are missing. It computes on the processor.',
      );
    }
    return { folder, wheel: basename(wheel.path), ...checked, cuda: onCard };
  },
};

interface Ready {
  readonly path: string;
  /** Whether it was fetched by us. */
  readonly temporary: boolean;
}

async function fetched(options: Record<string, unknown>, folder: string, context: VerbContext): Promise<Ready> {
  const name = String(options.wheel);
  const wheel = await findWheel(name, {
    index: options.index as string | undefined,
    release: options.release as string | undefined,
    host: thisHost(),
    signal: context.signal,
  });
  const path = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'gondola', wheel.file);
  const size = wheel.size ?? 0;
  const where = `${shown(wheel.url)}${size > 0 ? ` (${gigabytes(size)})` : ''}`;
  context.say(`Fetching ${where}; it takes about ${gigabytes(UNPACKED * size)} under ${folder} in the end.`);
  await refuseFullDisks([
    { folder: dirname(path), bytes: Math.max(0, size - (await fetchedBytes(path))) },
    { folder, bytes: UNPACKED * size },
  ]);
  await download(wheel, path, context);
  return { path, temporary: true };
}

async function given({ file, sha256 }: Record<string, unknown>, context: VerbContext): Promise<Ready> {
  const path = resolve(String(file));
  refuseForeignWheel(basename(path), thisHost());
  if (sha256 === undefined) {
    context.say('No checksum was given for the wheel (--sha256): only its own list of checksums is checked.');
    return { path, temporary: false };
  }
  const found = await sha256Of(path, context);
  stopIfAsked(context.signal);
  if (found === String(sha256).toLowerCase()) return { path, temporary: false };
  throw new GondolaError(
    'setup-checksum',
    `${path} has the checksum ${found} and not the one that was given.`,
    'Fetch it again, or give the checksum that its index shows.',
  );
}
