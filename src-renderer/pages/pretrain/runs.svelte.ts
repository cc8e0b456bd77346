/** The runs of the workspace, with curves that grow while one trains. */
import type { CallEvent } from '../../../src-main/contract/frames.ts';
import type { Series } from '../../../src-main/contract/record.ts';
import { type Run, type TrainingEvent, trainingEvents } from '../../../src-main/contract/training.ts';
import { call } from '../../lib/client.ts';
import { jobs } from '../../state/jobs.svelte.ts';
import { notices } from '../../state/notices.svelte.ts';
import { compareCall } from './compare/compare.svelte.ts';
import { withPoint } from './curves.ts';

export interface RunDetail {
  readonly run: Run;
  readonly series: readonly Series[];
  readonly warnings: readonly string[];
}

export const trainingCall = 'training.pretrain';
/** A comparison's trainings are runs like all others. */
const trainingCalls: readonly string[] = [trainingCall, compareCall];

export class RunBoard {
  list = $state.raw<Run[] | null>(null);
  error = $state.raw<unknown>(null);
  /** Names of the runs that are looked at, the first one in detail. */
  selected = $state<string[]>([]);
  details = $state.raw<Readonly<Record<string, RunDetail>>>({});
  /** Counts looks at attention and at neighbours, so that whoever shows them knows of a new one. */
  looks = $state({ attention: 0, neighbours: 0 });
  /** Something is being done to a run at this moment. */
  busy = $state(false);

  readonly job = $derived(jobs.of(trainingCall));
  /** The run that trains now. */
  readonly live = $derived(this.list?.find(({ state }) => state === 'running') ?? null);
  readonly shown = $derived(this.selected.flatMap((name) => this.details[name] ?? []));

  async load(): Promise<void> {
    try {
      const { runs } = await call('training.runs', {});
      this.list = runs;
      this.error = null;
      const names = new Set(runs.map(({ name }) => name));
      this.selected = this.selected.filter((name) => names.has(name));
      if (this.selected.length === 0 && runs.length > 0) this.selected = [runs[0].name];
      await Promise.all(this.selected.map((name) => this.#loadDetail(name)));
    } catch (error) {
      this.error = error;
    }
  }

  /** Shows this run alone. */
  async show(name: string): Promise<void> {
    this.selected = [name];
    await this.#loadDetail(name).catch((error) => notices.error(error));
  }

  /** Puts a run beside the others, or takes it away; one always stays. */
  async toggle(name: string): Promise<void> {
    if (!this.selected.includes(name)) {
      this.selected = [...this.selected, name];
      await this.#loadDetail(name).catch((error) => notices.error(error));
    } else if (this.selected.length > 1) this.selected = this.selected.filter((other) => other !== name);
  }

  async #loadDetail(name: string): Promise<void> {
    const detail = await call('training.run', { run: name });
    this.details = { ...this.details, [name]: detail };
  }

  /** What a training tells; also what it told before the page was loaded. */
  happened(told: CallEvent, of: string): void {
    if (!trainingCalls.includes(of) || !(told.kind in trainingEvents)) return;
    const parsed = trainingEvents[told.kind as keyof typeof trainingEvents].safeParse(told);
    if (!parsed.success) throw parsed.error;
    const event = parsed.data as TrainingEvent;
    if (event.kind === 'run') {
      this.selected = [event.run];
      void this.load();
    } else if (event.kind === 'planned' || event.kind === 'start') void this.load();
    else if (event.kind === 'attention' || event.kind === 'neighbours') this.looks[event.kind]++;
    else this.#measured(event);
  }

  #measured(event: Extract<TrainingEvent, { kind: 'point' | 'epoch' | 'warning' }>): void {
    const detail = this.live && this.details[this.live.name];
    if (!detail) return;
    const { run, series, warnings } = detail;
    const next =
      event.kind === 'warning'
        ? { run, series, warnings: warnings.includes(event.message) ? warnings : [...warnings, event.message] }
        : { run: { ...run, step: event.step, steps: event.steps }, series: withPoint(series, event), warnings };
    this.details = { ...this.details, [run.name]: next };
  }

  pause(): Promise<void> {
    return this.#do(async () => {
      if (this.job) await jobs.pause(this.job.id);
    });
  }

  /** Goes on with a stopped run where its checkpoint is. */
  resume(name: string): void {
    void this.show(name);
    this.#train({ name, resume: true });
  }

  /** @param input as `training.pretrain` takes it */
  start(input: Parameters<typeof call<'training.pretrain'>>[1]): void {
    this.#train(input);
  }

  #train(input: Parameters<typeof call<'training.pretrain'>>[1]): void {
    call('training.pretrain', input).then(
      ({ run, state, message, active }) => {
        if (state !== 'finished') return;
        if (active)
          notices.say(`${run} is trained. ${message || 'Index the products next, on the Search page.'}`, 'success');
        else notices.say(`${run} has ended, and its encoder is not the active model. ${message}`.trimEnd(), 'warning');
      },
      (error) => notices.error(error),
    );
  }

  /** Ends a run as finished with what it has learnt. */
  stopAndKeep(name: string): Promise<void> {
    return this.#do(async () => {
      if (this.live?.name === name && this.job) await jobs.cancel(this.job.id);
      const { model } = await call('training.finish', { run: name });
      if (this.job?.state === 'paused') await jobs.cancel(this.job.id);
      notices.say(`${model} is kept as it is, and is the active model now.`, 'success');
    });
  }

  activate(model: string): Promise<void> {
    return this.#do(async () => {
      await call('training.activate', { model });
      notices.say(`${model} is the active model now.`, 'success');
    });
  }

  remove(name: string, withModel: boolean): Promise<void> {
    return this.#do(async () => {
      await call('training.deleteRun', { run: name, model: withModel });
      notices.say(`${name} is deleted.`);
    });
  }

  async #do(work: () => Promise<void>): Promise<void> {
    this.busy = true;
    try {
      await work();
      await this.load();
    } catch (error) {
      notices.error(error);
    } finally {
      this.busy = false;
    }
  }
}
