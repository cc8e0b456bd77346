// `gondola serve`: the whole app in a browser, from this machine's loopback.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Cancelled, GondolaError } from '../../base/errors.ts';
import { appContract } from '../../contract/app.ts';
import { RecentWorkspaces } from '../../core/session/recent.ts';
import { Session } from '../../core/session/session.ts';
import { Hub } from '../../host/hub.ts';
import { pictureResponse } from '../../host/pictures.ts';
import { failureOf } from '../../host/serve.ts';
import { serveWeb } from '../../host/web/server.ts';
import { Option, type Verb, wholeNumber } from '../verb.ts';

const builtPages = fileURLToPath(new URL('../../../dist-renderer', import.meta.url));

/** Where the list of recent workspaces lies, by the XDG base directory specification. */
const stateFile = join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'gondola', 'recent.json');

export const serveVerb: Verb = {
  name: 'serve',
  define: (command) =>
    command
      .description('the whole app in a browser on this machine; nobody else can reach it')
      .argument('[workspace]', 'opened at once; made where the folder is empty or does not exist')
      .addOption(new Option('--port <n>', 'a free one where left out').argParser(wholeNumber(0)).default(0))
      .addOption(new Option('--pages <folder>', 'the built pages').default(builtPages).hideHelp())
      .addHelpText(
        'after',
        `
The address that is printed works once: the first browser that opens it is let in. From another machine, forward the port, e.g.
ssh -L 8080:127.0.0.1:8080 box, with --port 8080. Ctrl-C ends it; work that is under way stops in good order and can be resumed.`,
      ),
  async run([folder], options, { output, signal }) {
    const { port, pages } = options as { port: number; pages: string };
    const recent = new RecentWorkspaces(stateFile);
    const log = (error: unknown, call: string) =>
      void process.stderr.write(
        `${call}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
    const session = new Session({ recent, tell: (event) => hub.tell(event), failureOf });
    const hub = new Hub({ contract: appContract, answer: (name, input, job) => session.answer(name, input, job), log });
    if (folder !== undefined) await openOrCreate(session, folder as string);
    else await session.reopen();
    const readings = new AbortController();
    const server = await serveWeb({
      pages: resolve(pages),
      port,
      connected: (connection) => hub.connect(connection),
      picture: (request) =>
        pictureResponse(
          async () =>
            (await session.answer('pictures.read', request, {
              signal: readings.signal,
              progress: () => {},
              say: () => {},
              emit: () => {},
            })) as { type: string; bytes: Uint8Array },
          (error) => {
            if (!(error instanceof GondolaError)) log(error, 'pictures.read');
            return failureOf(error, 'pictures.read');
          },
        ),
    });
    output.say(`Gondola is at ${server.address}`);
    output.say('The address works once. Ctrl-C ends it.');
    output.event({ kind: 'serving', address: server.address });
    await new Promise<void>((ended) => {
      if (signal.aborted) ended();
      signal.addEventListener('abort', () => ended(), { once: true });
    });
    readings.abort(new Cancelled());
    await session.close();
    await server.close();
    return { stopped: true };
  },
};

async function openOrCreate(session: Session, folder: string): Promise<void> {
  try {
    await session.open(folder);
  } catch (error) {
    if (!(error instanceof GondolaError) || !['workspace-missing', 'not-a-workspace'].includes(error.code)) throw error;
    await session.open(folder, true);
  }
}
