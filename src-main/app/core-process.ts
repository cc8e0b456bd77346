// The core as a utility process of Electron: owns the database and every service. Started and supervised by core-supervisor.ts.
import type { MessagePortMain, ParentPort } from 'electron';
import { appContract } from '../contract/app.ts';
import { RecentWorkspaces } from '../core/session/recent.ts';
import { Session } from '../core/session/session.ts';
import { Hub } from '../host/hub.ts';
import { messagePort } from '../host/port.ts';
import { failureOf } from '../host/serve.ts';
import type { FromCore, ToCore } from './control.ts';
import { TrainerPorts } from './trainer-ports.ts';

const parent = (process as unknown as { parentPort: ParentPort }).parentPort;
const tellMain = (message: FromCore) => parent.postMessage(message);
const trainers = new TrainerPorts(tellMain);

const opening = Promise.withResolvers<Session>();

const hub = new Hub({
  contract: appContract,
  // Pages connect while the last workspace is being opened; what they ask waits for that.
  answer: async (name, input, job) => (await opening.promise).answer(name, input, job),
  // stderr is the app's log.
  log: (error, call) => console.error(`${call}:`, error),
});

async function begin({ recentFile, folder, interrupted }: Extract<ToCore, { kind: 'begin' }>): Promise<void> {
  const session = new Session({
    recent: new RecentWorkspaces(recentFile),
    tell: (event) => hub.tell(event),
    failureOf,
    startTrainer: () => trainers.start(),
  });
  if (interrupted) {
    const message = 'The part of Gondola that works on the photos had stopped unexpectedly and was started again.';
    hub.tell({ kind: 'notice', level: 'warning', message });
  }
  if (folder === null) await session.reopen();
  else {
    await session.open(folder).catch((error: unknown) => {
      const { message } = failureOf(error, 'workspace.open');
      hub.tell({ kind: 'notice', level: 'error', message });
    });
  }
  session.takeUp(interrupted ?? []);
  opening.resolve(session);
}

parent.on('message', ({ data, ports }) => {
  const message = data as ToCore;
  switch (message.kind) {
    case 'begin':
      begin(message).catch(opening.reject);
      break;
    case 'page':
      hub.connect(messagePort(ports[0] as MessagePortMain));
      break;
    case 'trainer':
      trainers.arrived(message.id, ports[0]);
      break;
    case 'trainer-ended':
      trainers.ended(message.id, message.code);
      break;
    case 'close':
      void opening.promise
        .then((session) => session.close())
        .catch((error: unknown) => console.error('Closing:', error))
        .finally(() => tellMain({ kind: 'closed' }));
  }
});
