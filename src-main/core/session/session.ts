/**
 * The core as an app sees it: at most one open workspace, the services on it, and their jobs. Electron's core process and `gondola serve`
 * each hold one; the command line needs none.
 */
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { GondolaError, sentence } from '../../base/errors.ts';
import type { JobContext } from '../../base/progress.ts';
import type { Handlers } from '../../contract/call.ts';
import { changes, type Topic } from '../../contract/changes.ts';
import type { AppEvent } from '../../contract/events.ts';
import type { Failure } from '../../contract/frames.ts';
import { type jobCalls, longCalls } from '../../contract/jobs.ts';
import type { sessionCalls, WorkspaceState } from '../../contract/session.ts';
import { unfinishedJobs } from '../../store/jobs.ts';
import { isWorkspace, Workspace } from '../../store/workspace.ts';
import { isLong, JobBoard } from '../jobs/board.ts';
import { resumption } from '../jobs/resumption.ts';
import type { StartTrainer } from '../training/trainer-process.ts';
import { listFolder } from './files.ts';
import type { RecentWorkspaces } from './recent.ts';

export interface SessionOptions {
  readonly recent: RecentWorkspaces;
  /** Tells every page. */
  readonly tell: (event: AppEvent) => void;
  readonly failureOf: (error: unknown, call: string) => Failure;
  /** How a trainer process is started here. */
  readonly startTrainer?: StartTrainer;
}

/** A job that was running when its process died: what it was asked. */
export interface Interrupted {
  readonly call: string;
  readonly input: unknown;
}

type OwnCalls = typeof sessionCalls & typeof jobCalls;

/** Milliseconds between two announcements that photos arrived, while an import goes on. */
const ARRIVALS_EVERY = 1500;

export class Session {
  readonly #options: SessionOptions;
  readonly #own: Handlers<OwnCalls, JobContext>;
  #workspace: Workspace | null = null;
  #board: JobBoard;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#board = this.#newBoard();
    const done = async (what: void | Promise<void>) => {
      await what;
      return {};
    };
    this.#own = {
      'workspace.state': async () => this.state(),
      'workspace.open': ({ folder }) => this.open(folder),
      'workspace.create': ({ folder }) => this.open(folder, true),
      'workspace.close': () => this.#closeByHand(),
      'workspace.forget': async ({ folder }) => {
        await this.#options.recent.forget(folder);
        return this.#tellState();
      },
      'files.list': ({ folder, endings }) => listFolder(folder, endings),
      'jobs.list': async () => this.#board.list(),
      'jobs.pause': ({ id }) => done(this.#board.pause(id)),
      'jobs.resume': ({ id }) => done(this.#board.resume(id)),
      'jobs.cancel': ({ id }) => done(this.#board.cancel(id)),
      'jobs.dismiss': ({ id }) => done(this.#board.dismiss(id)),
    };
  }

  /** Answers a call of the app's contract; the input was validated, the output will be. */
  async answer(name: string, input: unknown, context: JobContext): Promise<unknown> {
    if (Object.hasOwn(this.#own, name)) return this.#own[name as keyof OwnCalls](input as never, context);
    if (isLong(name)) {
      this.#open(); // before a job is listed that could not begin
      return this.#board.start(name, input, context);
    }
    return this.#perform(name, input, context);
  }

  state(): WorkspaceState {
    const folder = this.#workspace?.folder;
    return {
      open: folder === undefined ? null : { folder, name: basename(folder) },
      recent: this.#options.recent.list(),
      suggestion: join(homedir(), 'Gondola'),
    };
  }

  /** Opens the workspace that was open when the program was last closed, if it is still there. */
  async reopen(): Promise<void> {
    const { open } = this.#options.recent;
    if (open === null || !isWorkspace(open)) return;
    await this.open(open).catch((error: unknown) => {
      this.#options.tell({
        kind: 'notice',
        level: 'error',
        message: `${open} could not be opened: ${sentence(error)}`,
      });
    });
  }

  async open(folder: string, create = false): Promise<WorkspaceState> {
    const absolute = resolve(folder);
    if (!create && this.#workspace?.folder === absolute) return this.state();
    this.#refuseWhileBusy();
    const workspace = create ? Workspace.create(absolute) : Workspace.open(absolute);
    await this.#leave();
    this.#workspace = workspace;
    await this.#options.recent.use(absolute);
    this.#listUnfinished(workspace);
    return this.#tellState();
  }

  /** Starts again what ran when the core died, in the state that it had reached. */
  takeUp(interrupted: readonly Interrupted[]): void {
    for (const { call, input } of interrupted) {
      if (!isLong(call) || !this.#workspace) continue;
      const { title, again } = { title: longCalls[call], again: resumption(call, input) };
      if (again === null) {
        this.#options.tell({
          kind: 'notice',
          level: 'warning',
          message: `${title} was interrupted and has to be started again.`,
        });
        continue;
      }
      this.#options.tell({
        kind: 'notice',
        level: 'warning',
        message: `${title} was interrupted and goes on where it was.`,
      });
      this.#board.start(call, again).catch(() => {}); // its failure is on the board
    }
  }

  /** Stops every job in good order and closes the workspace. */
  async close(): Promise<void> {
    await this.#leave();
  }

  async #closeByHand(): Promise<WorkspaceState> {
    this.#refuseWhileBusy();
    await this.#leave();
    await this.#options.recent.closed();
    return this.#tellState();
  }

  async #leave(): Promise<void> {
    await this.#board.stopAll();
    this.#workspace?.close();
    this.#workspace = null;
    this.#board = this.#newBoard();
  }

  #refuseWhileBusy(): void {
    const [job] = this.#board.running;
    if (job) {
      throw new GondolaError(
        'workspace-busy',
        `${job.title} is under way in the open workspace.`,
        'Pause or cancel it first; nothing that it has finished is lost.',
      );
    }
  }

  #newBoard(): JobBoard {
    return new JobBoard(
      (name, input, context) => this.#perform(name, input, context),
      this.#options.tell,
      this.#options.failureOf,
    );
  }

  /** Imports that an earlier session did not finish. Trainings are listed with their runs. */
  #listUnfinished(workspace: Workspace): void {
    for (const { kind, state, inputJson, startedAt } of unfinishedJobs(workspace.database)) {
      if (kind === 'import' && state === 'stopped') {
        this.#board.addPaused('library.import', JSON.parse(inputJson), startedAt);
      }
    }
  }

  #open(): Workspace {
    if (this.#workspace) return this.#workspace;
    throw new GondolaError('no-workspace', 'No workspace is open.', 'Open one, or create one, first.');
  }

  async #perform(name: string, input: unknown, context: JobContext): Promise<unknown> {
    const workspace = this.#open();
    const topics = changes[name] ?? [];
    const service = await serviceNamed(name);
    let arrivedAt = performance.now();
    try {
      return await service(input, {
        ...context,
        workspace,
        startTrainer: this.#options.startTrainer,
        // Of a call there is one job at a time: the others are those of other calls.
        underWay: () => this.#board.running.filter(({ call }) => call !== name).map(({ title }) => title),
        progress: (update: Parameters<JobContext['progress']>[0]) => {
          context.progress(update);
          const now = performance.now();
          if (name !== 'library.import' || now - arrivedAt < ARRIVALS_EVERY) return;
          arrivedAt = now;
          this.#tellChanged(['photos']);
        },
      });
    } finally {
      // Work that failed or was stopped may have changed something before.
      this.#tellChanged(topics);
    }
  }

  #tellChanged(topics: readonly Topic[]): void {
    if (topics.length > 0) this.#options.tell({ kind: 'changed', topics: [...topics] });
  }

  #tellState(): WorkspaceState {
    const state = this.state();
    this.#options.tell({ kind: 'workspace', state });
    return state;
  }
}

/** The services bring the whole program along: a window is drawn before they are loaded, and its first page before most of them. */
async function serviceNamed(name: string): Promise<(input: unknown, context: object) => Promise<unknown>> {
  const { firstServices } = await import('../first-services.ts');
  const services = Object.hasOwn(firstServices, name) ? firstServices : (await import('../services.ts')).services;
  return services[name as keyof typeof services] as (input: unknown, context: object) => Promise<unknown>;
}
