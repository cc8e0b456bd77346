/** Comparisons of the workspace: one that is being thought about, those that were made, and the one under way. */
import { type Comparison, type ComparisonRequest, compareEvents } from '../../../../src-main/contract/compare.ts';
import type { CallEvent } from '../../../../src-main/contract/frames.ts';
import { call } from '../../../lib/client.ts';
import { jobs } from '../../../state/jobs.svelte.ts';
import { notices } from '../../../state/notices.svelte.ts';

export const compareCall = 'compare.run';
/** Learns from a teacher, which has to be named. */
export const DISTILLATION = 'distillation';
/** The teacher that is the best of the others. */
export const BEST = 'best';

type Plan = Awaited<ReturnType<typeof ask>>;
type Asked = Partial<ComparisonRequest> & Pick<ComparisonRequest, 'budget'>;

const ask = (request: Asked) => call('compare.plan', request);

export class CompareBoard {
  /** What is chosen, by objective; null until it is known which there are. */
  chosen = $state<Record<string, boolean> | null>(null);
  by = $state<'minutes' | 'epochs'>('minutes');
  minutes = $state<number | null>(5);
  epochs = $state<number | null>(20);
  seeds = $state<number | null>(1);
  queries = $state<string | null>(null);
  teacher = $state(BEST);
  device = $state('cpu');

  plan = $state.raw<Plan | null>(null);
  /** Why what is chosen cannot be. */
  problem = $state.raw<unknown>(null);

  list = $state.raw<Comparison[] | null>(null);
  error = $state.raw<unknown>(null);
  /** Name of the one that is looked at. */
  selected = $state<string | null>(null);
  busy = $state(false);
  #turn = 0;

  readonly job = $derived(jobs.of(compareCall));
  readonly live = $derived(this.list?.find(({ state }) => state === 'running') ?? null);
  readonly shown = $derived(this.list?.find(({ name }) => name === this.selected) ?? null);
  readonly objectives = $derived(Object.entries(this.chosen ?? {}).flatMap(([name, on]) => (on ? [name] : [])));

  readonly request: Asked = $derived({
    objectives: this.objectives,
    budget:
      this.by === 'minutes'
        ? { kind: 'minutes' as const, amount: this.minutes ?? 5 }
        : { kind: 'epochs' as const, amount: this.epochs ?? 20 },
    seeds: Array.from({ length: this.seeds ?? 1 }, (_, seed) => seed),
    queries: this.queries,
    teacher: this.objectives.includes(DISTILLATION) ? this.teacher : null,
    device: this.device,
  });

  /** Asks anew what would be trained; an answer that a later question overtook is dropped. */
  async refresh(): Promise<void> {
    const turn = ++this.#turn;
    try {
      const request = $state.snapshot(this.request) as Asked;
      const first = this.chosen === null;
      const plan = await ask(first ? { ...request, objectives: ['dino'] } : request);
      if (turn !== this.#turn) return;
      this.plan = plan;
      this.problem = null;
      // Changing what is chosen asks again.
      if (first) this.chosen = Object.fromEntries(plan.objectives.map(({ name }) => [name, name !== DISTILLATION]));
    } catch (error) {
      if (turn !== this.#turn) return;
      this.problem = error;
    }
  }

  async load(): Promise<void> {
    try {
      const { comparisons } = await call('compare.list', {});
      this.list = comparisons;
      this.error = null;
      if (!comparisons.some(({ name }) => name === this.selected)) this.selected = comparisons[0]?.name ?? null;
    } catch (error) {
      this.error = error;
    }
  }

  /** What a comparison tells; also what it told before the page was loaded. */
  happened(told: CallEvent, of: string): void {
    if (of !== compareCall) return;
    if (told.kind === 'comparison') {
      this.selected = compareEvents.comparison.parse(told).comparison;
      void this.load();
    } else if (told.kind === 'comparison-entry') {
      const { comparison, position, entry } = compareEvents.entry.parse(told);
      this.list =
        this.list?.map((each) =>
          each.name === comparison
            ? { ...each, entries: each.entries.map((old, i) => (i === position ? entry : old)) }
            : each,
        ) ?? null;
      // Means and the best are the core's to tell.
      if (entry.state === 'measured' || entry.state === 'failed') void this.load();
    }
  }

  start(): void {
    this.#compare({ request: $state.snapshot(this.request) as Asked });
  }

  /** Goes on with one that was stopped. */
  resume(name: string): void {
    this.selected = name;
    this.#compare({ name, resume: true });
  }

  #compare(input: Parameters<typeof call<'compare.run'>>[1]): void {
    call('compare.run', input).then(
      ({ name, state, best, rows }) => {
        void this.load();
        if (state !== 'finished') return;
        const row = rows.find(({ variant }) => variant === best?.variant);
        const title = row?.objective?.name === row?.variant ? row?.objective?.title : row?.variant;
        notices.say(`${name} is done.${title ? ` The best was ${title}.` : ''}`, 'success');
      },
      (error) => {
        void this.load();
        notices.error(error);
      },
    );
  }

  pause(): Promise<void> {
    return this.#do(async () => {
      if (this.job) await jobs.pause(this.job.id);
    });
  }

  activate(model: string): Promise<void> {
    return this.#do(async () => {
      await call('training.activate', { model });
      notices.say(`${model} is the active model now. Index the products with it next.`, 'success');
    });
  }

  remove(name: string, runs: boolean): Promise<void> {
    return this.#do(async () => {
      await call('compare.remove', { name, runs });
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
