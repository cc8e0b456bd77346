// Keeps what a training tells in the store.
import type { JobEvent } from '../../base/progress.ts';
import type {
  EpochEvent,
  PacedEvent,
  PlannedEvent,
  PointEvent,
  StartEvent,
  TrainingOutcome,
} from '../../pretrain/trainer/messages.ts';
import type { Database } from '../../store/database.ts';
import { forgetMetricsAfter, recordMetrics, recordRunConfig, runWarnings, setRunWarnings } from '../../store/runs.ts';
import { recordSpeed } from './speeds.ts';

/** The measure that holds the accuracy of an encoder that is not of the last step. */
export const KEPT_KNN = 'kept.knn';

/** Points between epochs that are kept of a run: more than a curve on a screen shows. */
const POINTS = 500;

export class Recorder {
  start: StartEvent | null = null;
  epoch: EpochEvent | null = null;
  readonly #database: Database;
  readonly #run: { readonly id: number; readonly name: string };
  #config: PlannedEvent['config'] | null = null;
  #nextPoint = 0;

  constructor(database: Database, run: { readonly id: number; readonly name: string }) {
    this.#database = database;
    this.#run = run;
  }

  record(event: JobEvent): void {
    const { id } = this.#run;
    if (event.kind === 'planned') {
      const { config, step } = event as PlannedEvent;
      this.#config = config;
      this.#nextPoint = step;
      recordRunConfig(this.#database, id, config);
      forgetMetricsAfter(this.#database, id, step);
    } else if (event.kind === 'paced') {
      const { config } = event as PacedEvent;
      this.#config = config;
      recordRunConfig(this.#database, id, config);
    } else if (event.kind === 'start') {
      this.start = event as StartEvent;
      recordMetrics(this.#database, id, 0, numbersOf(event));
    } else if (event.kind === 'point') this.#point(event as PointEvent);
    else if (event.kind === 'epoch') this.#epoch(event as EpochEvent);
    else if (event.kind === 'warning') {
      const { message } = event as unknown as { message: string };
      const told = runWarnings(this.#database, id);
      if (!told.includes(message)) setRunWarnings(this.#database, id, [...told, message]);
    }
  }

  /** The run is over, and its encoder is that of an earlier step. */
  kept({ step, knn }: NonNullable<TrainingOutcome['kept']>): void {
    if (knn !== null) recordMetrics(this.#database, this.#run.id, step, { [KEPT_KNN]: knn });
  }

  #epoch(event: EpochEvent): void {
    const { step, steps: _, epochs: __, eta: ___, ...measures } = event;
    this.epoch = event;
    recordMetrics(this.#database, this.#run.id, step, numbersOf({ ...measures.measures, ...measures }));
    if (!this.#config) return;
    const { imagesPerSecond } = event;
    recordSpeed(this.#database, this.#config.recipe, imagesPerSecond, { run: this.#run.name });
  }

  #point(event: PointEvent): void {
    const { step, steps, loss, measures, featureSpread, learningRate } = event;
    if (step < this.#nextPoint) return;
    this.#nextPoint = step + steps / POINTS;
    const points = Object.entries({ ...measures, loss, featureSpread, learningRate });
    const named = Object.fromEntries(points.map(([name, value]) => [`step.${name}`, value]));
    recordMetrics(this.#database, this.#run.id, step, named);
  }
}

function numbersOf(event: object): Record<string, number> {
  return Object.fromEntries(
    Object.entries(event).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}
