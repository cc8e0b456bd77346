/** A training that is being thought about: what the user wishes, what is chosen for the rest, and what it would cost. */
import type { Choice, Estimate, PretrainWishes } from '../../../src-main/contract/training.ts';
import { call } from '../../lib/client.ts';
import { notices } from '../../state/notices.svelte.ts';

type Choices = Awaited<ReturnType<typeof load>>;

const load = (wishes: PretrainWishes, device: string) => call('training.choices', { wishes, device });

/** Numbers that are left to the program until somebody types one. */
export const numberWishes = [
  ...(['image', 'local', 'locals', 'batch', 'microBatch', 'prototypes', 'learningRate', 'weightDecay'] as const),
  ...(['weightDecayEnd', 'momentum', 'warmupTemperature', 'teacherTemperature', 'dropPath', 'clip'] as const),
  ...(['patience', 'seed'] as const),
] as const;
export type NumberWish = (typeof numberWishes)[number];

/** Where the slider stops: minutes are chosen the more coarsely the more there are. */
export const minuteStops = [1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1440];

/** The stop that is nearest to a number of minutes. */
export function nearestStop(minutes: number): number {
  const distance = (stop: number) => Math.abs(Math.log(stop / minutes));
  return minuteStops.reduce((best, stop, i) => (distance(stop) < distance(minuteStops[best]) ? i : best), 0);
}

export class TrainingPlan {
  by = $state<'minutes' | 'epochs'>('minutes');
  /** Null until the number of photos suggests one. */
  minutes = $state<number | null>(null);
  epochs = $state<number | null>(100);
  /** Empty: chosen by the program. */
  objective = $state<NonNullable<PretrainWishes['objective']> | ''>('');
  model = $state('');
  embedding = $state<NonNullable<PretrainWishes['embedding']> | ''>('');
  attention = $state<NonNullable<PretrainWishes['attention']> | ''>('');
  /** Distillation: the weight file of the encoder to learn from. */
  teacher = $state<string | null>(null);
  preset = $state<'products' | 'paper'>('products');
  numbers = $state(Object.fromEntries(numberWishes.map((wish) => [wish, null])) as Record<NumberWish, number | null>);
  onCollapse = $state<'warn' | 'stop'>('warn');
  from = $state<string | null>(null);
  name = $state('');
  device = $state('cpu');

  choices = $state.raw<Choices | null>(null);
  estimate = $state.raw<Estimate | null>(null);
  /** Why these wishes cannot be. */
  problem = $state.raw<unknown>(null);
  measuring = $state(false);
  loading = $state(false);
  #turn = 0;
  readonly #measured = new Set<string>();

  readonly wishes: PretrainWishes = $derived.by(() => {
    const given = Object.entries(this.numbers).filter(([, value]) => value !== null);
    return {
      ...Object.fromEntries(given),
      ...(this.by === 'epochs' && this.epochs !== null ? { epochs: this.epochs } : {}),
      ...(this.by === 'minutes' && this.minutes !== null ? { minutes: this.minutes } : {}),
      ...(this.objective ? { objective: this.objective } : {}),
      ...(this.objective === 'distillation' && this.teacher ? { teacher: this.teacher } : {}),
      ...(this.model ? { model: this.model } : {}),
      ...(this.embedding ? { embedding: this.embedding } : {}),
      ...(this.attention ? { attention: this.attention } : {}),
      preset: this.preset,
      ...(this.onCollapse === 'stop' ? { onCollapse: this.onCollapse } : {}),
      ...(this.from ? { from: this.from } : {}),
    };
  });

  /** Whether nothing is there to train on. */
  readonly isEmpty = $derived(
    this.problem instanceof Error && 'code' in this.problem && this.problem.code === 'pretrain-empty',
  );

  reasonOf(setting: string): Choice | undefined {
    return this.choices?.choices.findLast((choice) => choice.setting === setting);
  }

  /** Asks anew what would be trained, and what it costs; an answer that a later question overtook is dropped. */
  async refresh(): Promise<void> {
    const turn = ++this.#turn;
    const [wishes, device] = [$state.snapshot(this.wishes) as PretrainWishes, this.device];
    this.loading = true;
    try {
      const choices = await load(wishes, device);
      if (turn !== this.#turn) return;
      this.choices = choices;
      this.minutes ??= choices.suggestedMinutes;
      const estimate = await call('training.estimate', { wishes, device });
      if (turn !== this.#turn) return;
      this.estimate = estimate;
      this.problem = null;
    } catch (error) {
      if (turn !== this.#turn) return;
      this.problem = error;
      this.estimate = null;
    } finally {
      if (turn === this.#turn) this.loading = false;
    }
  }

  /** Measures the device once where nothing is known of its speed, so that the estimate can speak of passes and hours. */
  async measureIfUnknown(): Promise<void> {
    if (!this.estimate || this.estimate.speed || this.#measured.has(this.device)) return;
    this.#measured.add(this.device);
    await this.measure();
  }

  async measure(): Promise<void> {
    if (this.measuring) return;
    this.measuring = true;
    try {
      const wishes = $state.snapshot(this.wishes) as PretrainWishes;
      await call('training.measure', { wishes, device: this.device });
      await this.refresh();
    } catch (error) {
      notices.error(error);
    } finally {
      this.measuring = false;
    }
  }
}
