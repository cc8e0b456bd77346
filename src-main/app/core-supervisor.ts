/**
 * Starts the core process and its trainers, starts a core that died again with what it was doing, and connects pages with it. Main itself
 * never works on photos: whatever those processes do, windows go on answering.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MessageChannelMain, type MessagePortMain, type UtilityProcess, utilityProcess } from 'electron';
import type { AppContract } from '../contract/app.ts';
import type { AppEvent } from '../contract/events.ts';
import type { ToPage } from '../contract/frames.ts';
import type { Job } from '../contract/jobs.ts';
import { Remote } from '../contract/remote.ts';
import { isUnderWay } from '../contract/under-way.ts';
import type { Interrupted } from '../core/session/session.ts';
import type { FromCore, ToCore } from './control.ts';

/** So many deaths within so many milliseconds are not a mishap. */
const DEATHS = { most: 3, within: 60_000 };
/** Milliseconds for stopping in good order: a trainer writes its checkpoint. */
const CLOSING = 60_000;

const coreScript = fileURLToPath(new URL('./core-process.ts', import.meta.url));
const trainerScript = fileURLToPath(new URL('../pretrain/trainer/process.ts', import.meta.url));

export interface SupervisorOptions {
  readonly recentFile: string;
  readonly folder: string | null;
  /** What the processes print. */
  readonly log: (text: string) => void;
  /** The core died; pages lose their connection and get a new one when it is there again. */
  readonly died: () => void;
  readonly restarted: () => void;
  /** It dies again and again. */
  readonly gaveUp: () => void;
}

export class CoreSupervisor {
  /** Main's own connection: pictures, and what jobs do. */
  readonly remote = new Remote<AppContract, AppEvent>();
  readonly #options: SupervisorOptions;
  readonly #trainers = new Map<number, UtilityProcess>();
  readonly #jobs = new Map<number, Job>();
  #core: UtilityProcess | null = null;
  #deaths: number[] = [];
  #closing = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.remote.onEvent((event) => {
      if (event.kind === 'job') this.#jobs.set(event.job.id, event.job);
      else if (event.kind === 'job-dismissed') this.#jobs.delete(event.id);
    });
  }

  /** Jobs that are under way. */
  get running(): Job[] {
    return [...this.#jobs.values()].filter(isUnderWay);
  }

  start(): void {
    this.#begin(null);
  }

  /** A new connection for a page. */
  connect(): MessagePortMain {
    const { port1, port2 } = new MessageChannelMain();
    this.#tell({ kind: 'page' }, [port2]);
    return port1;
  }

  /** Stops every job in good order and ends the processes. */
  async close(): Promise<void> {
    this.#closing = true;
    const core = this.#core;
    if (!core) return;
    const gone = new Promise<void>((resolve) => {
      core.once('exit', () => resolve());
      core.on('message', ({ kind }: FromCore) => kind === 'closed' && resolve());
    });
    this.#tell({ kind: 'close' });
    await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, CLOSING))]);
    core.kill();
  }

  #begin(interrupted: readonly Interrupted[] | null): void {
    const { recentFile, folder } = this.#options;
    const core = this.#fork(coreScript, 'Gondola core');
    core.on('message', (message: FromCore) => this.#hear(message));
    core.on('exit', (code) => this.#exited(core, code));
    this.#core = core;
    const port = this.connect();
    port.on('message', ({ data }) => this.remote.receive(data as ToPage));
    port.start();
    this.remote.connected((frame) => port.postMessage(frame));
    if (interrupted) this.#options.restarted(); // pages first, so that they hear what the new core has to say
    this.#tell({ kind: 'begin', recentFile, folder: interrupted ? null : folder, interrupted });
  }

  #exited(core: UtilityProcess, code: number): void {
    if (this.#core !== core) return;
    this.#core = null;
    for (const trainer of this.#trainers.values()) trainer.kill();
    if (this.#closing) return;
    this.#options.log(`The core process ended with code ${code}.\n`);
    const interrupted = this.running.map(({ call, input }) => ({ call, input }));
    this.#jobs.clear();
    this.remote.disconnected();
    this.#options.died();
    const now = Date.now();
    this.#deaths = [...this.#deaths.filter((at) => now - at < DEATHS.within), now];
    if (this.#deaths.length >= DEATHS.most) this.#options.gaveUp();
    else this.#begin(interrupted);
  }

  #hear(message: FromCore): void {
    if (message.kind === 'start-trainer') this.#startTrainer(message.id);
    else if (message.kind === 'kill-trainer') this.#trainers.get(message.id)?.kill();
  }

  #startTrainer(id: number): void {
    const trainer = this.#fork(trainerScript, 'Gondola trainer');
    this.#trainers.set(id, trainer);
    trainer.on('exit', (code) => {
      this.#trainers.delete(id);
      this.#tell({ kind: 'trainer-ended', id, code });
    });
    const { port1, port2 } = new MessageChannelMain();
    trainer.postMessage({ kind: 'port' }, [port1]);
    this.#tell({ kind: 'trainer', id }, [port2]);
  }

  /** What the process prints goes to the log. */
  #fork(script: string, serviceName: string): UtilityProcess {
    const child = utilityProcess.fork(script, [], { serviceName, stdio: 'pipe' });
    child.stdout?.on('data', (data) => this.#options.log(String(data)));
    child.stderr?.on('data', (data) => this.#options.log(String(data)));
    return child;
  }

  #tell(message: ToCore, ports: MessagePortMain[] = []): void {
    this.#core?.postMessage(message, ports);
  }
}

/** Where the list of recent workspaces lies. */
export const recentFileIn = (userData: string) => join(userData, 'recent.json');
