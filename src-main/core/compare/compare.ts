/**
 * Trains several variants under one budget, one after another, and measures each as soon as it is trained. Every training is an ordinary run, whose encoder
 * does not become the active model. What is done is in the store, so that a comparison that was stopped or killed goes on with what is left.
 */
import { availableParallelism } from 'node:os';
import { Cancelled, GondolaError, sentence, stopIfAsked } from '../../base/errors.ts';
import type { Progress } from '../../base/progress.ts';
import type { ParsedInputOf } from '../../contract/call.ts';
import type { Comparison, compareCalls } from '../../contract/compare.ts';
import type { PretrainWishes } from '../../contract/training.ts';
import { pictureSide } from '../../pretrain/config.ts';
import { preparePictures } from '../../pretrain/pictures/build.ts';
import {
  comparisonEntries,
  endComparison,
  type StoredComparison,
  type StoredEntry,
  updateEntry,
} from '../../store/comparisons.ts';
import { modelByName } from '../../store/models.ts';
import { runByName } from '../../store/runs.ts';
import type { CoreContext } from '../context.ts';
import { activateModel } from '../training/endings.ts';
import { pretrain } from '../training/pretrain.ts';
import { sourcesToTrainOn } from '../training/sources.ts';
import { beginComparison, resumedComparison } from './begin.ts';
import { Course } from './course.ts';
import { listedComparison, listedEntry } from './listing.ts';
import { measuredOn } from './measure.ts';
import { measureEntry } from './measure-entry.ts';
import { type StoredRequest, storedRequest, storedResult, storedWishes } from './stored.ts';
import { awaitsTeacher, recipeOf } from './variants.ts';

type Input = ParsedInputOf<(typeof compareCalls)['compare.run']>;

/**
 * @throws GondolaError `compare-request`, those of `beginComparison` and `resumedComparison` before anything is trained, and those of measuring; a training
 *   that fails is told in its entry and ends nothing. A stop is an outcome.
 */
export async function compare(input: Input, context: CoreContext): Promise<Comparison> {
  const { workspace } = context;
  const { database } = workspace;
  if (input.resume === (input.request !== undefined)) {
    throw new GondolaError(
      'compare-request',
      input.resume
        ? 'A resumed comparison keeps what was asked for at its beginning.'
        : 'Nothing to compare was named.',
      input.resume
        ? 'Resume it without anything else, or start a new one.'
        : 'Name objectives or variants and a budget.',
    );
  }
  const stored = input.request
    ? await beginComparison(workspace, input.name, input.request)
    : resumedComparison(workspace, input.name);
  const trainings = comparisonEntries(database, stored.id).length;
  context.emit({ kind: 'comparison', comparison: stored.name, trainings });
  try {
    await new Comparing(stored, context).run();
    const { best } = listedComparison(workspace, stored.name);
    if (input.activate && best) {
      activateModel(workspace, best.model);
      context.say(`${best.model} is the active model now. Index the products with it next.`);
    }
    endComparison(database, stored.id, 'finished');
  } catch (error) {
    const isStop = error instanceof GondolaError && error.code === 'cancelled';
    endComparison(database, stored.id, isStop ? 'stopped' : 'failed', isStop ? '' : sentence(error));
    if (!isStop) throw error;
  }
  return listedComparison(workspace, stored.name);
}

class Comparing {
  readonly #comparison: StoredComparison;
  readonly #request: StoredRequest;
  readonly #context: CoreContext;
  readonly #course: Course;

  constructor(comparison: StoredComparison, context: CoreContext) {
    this.#comparison = comparison;
    this.#request = storedRequest.parse(JSON.parse(comparison.requestJson));
    this.#context = context;
    const entries = this.#entries();
    const { kind, amount } = this.#request.budget;
    this.#course = new Course({
      trainings: entries.length,
      done: entries.filter(isSettled).length,
      seconds: kind === 'minutes' ? 60 * amount : null,
      report: context.progress,
    });
  }

  async run(): Promise<void> {
    for (const { position } of this.#entries()) {
      stopIfAsked(this.#context.signal);
      const entry = this.#entry(position);
      if (isSettled(entry)) continue;
      this.#course.begin(entry.runName);
      const trained = await this.#train(entry);
      this.#tell(position);
      if (trained) await this.#measure(entry);
      this.#course.end(trained);
      this.#tell(position);
    }
    await this.#measureAnew();
  }

  /** @returns false where it failed, which its entry then tells */
  async #train(entry: StoredEntry): Promise<boolean> {
    const { database } = this.#context.workspace;
    const { runName: name, position } = entry;
    const before = runByName(database, name);
    if (before?.state === 'finished' && modelByName(database, name)) return true;
    let begunAt: number | null = null;
    try {
      const wishes = this.#withTeacher(entry);
      const resume = before !== undefined && before.state !== 'finished';
      const { device } = this.#request;
      await this.#preparePictures(wishes);
      begunAt = performance.now();
      const { state } = await pretrain(
        { wishes: resume ? {} : wishes, name, device, resume },
        this.#watched(position),
        {
          activate: false,
          start: this.#context.startTrainer,
        },
      );
      if (state === 'stopped') throw new Cancelled();
      return true;
    } catch (error) {
      if (!(error instanceof GondolaError) || error.code === 'cancelled') throw error;
      updateEntry(database, this.#comparison.id, position, { failure: `${error.message} ${error.hint}`.trim() });
      this.#context.say(`${name} failed, and the others go on. ${error.message}`);
      return false;
    } finally {
      if (begunAt !== null) {
        updateEntry(database, this.#comparison.id, position, { seconds: (performance.now() - begunAt) / 1000 });
      }
    }
  }

  /** A teacher that was to be the best of the others is one of those with the same seed. */
  #withTeacher(entry: StoredEntry): PretrainWishes {
    const wishes = storedWishes.parse(JSON.parse(entry.wishesJson));
    if (!awaitsTeacher(wishes)) return wishes;
    const { workspace } = this.#context;
    const teachers = this.#entries().flatMap(({ seed, runName, resultJson, failure }) => {
      const model = seed === entry.seed && failure === '' ? modelByName(workspace.database, runName) : undefined;
      return resultJson !== null && model?.path ? [{ model, knn: storedResult.parse(JSON.parse(resultJson)).knn }] : [];
    });
    const [best] = teachers.sort((a, b) => b.knn - a.knn);
    if (!best) {
      throw new GondolaError(
        'teacher-missing',
        'None of the others came to an encoder that could be the teacher.',
        'Name a teacher, and compare again.',
      );
    }
    const known = { ...wishes, teacher: workspace.path(best.model.path!) };
    updateEntry(workspace.database, this.#comparison.id, entry.position, { wishes: known });
    this.#context.say(`${entry.runName} learns from ${best.model.name}, the best of the others.`);
    return known;
  }

  /** Before the clock of a budget of minutes begins: the first training would else pay for all. */
  async #preparePictures(wishes: PretrainWishes): Promise<void> {
    const { workspace } = this.#context;
    const sources = sourcesToTrainOn(workspace.database);
    await preparePictures(sources, {
      folder: workspace.path('cache'),
      shortSide: pictureSide(recipeOf(wishes, sources.length, this.#request.device)),
      workers: availableParallelism(),
      context: { ...this.#context, progress: (update) => this.#course.trains(update, false) },
    });
  }

  async #measure({ position }: StoredEntry): Promise<void> {
    const progress = (update: Progress) => this.#course.measures(update);
    await measureEntry(this.#comparison.name, this.#entry(position), this.#request, { ...this.#context, progress });
  }

  /** Whatever was measured on other labels or queries than there are now: figures of one table are of one question. */
  async #measureAnew(): Promise<void> {
    const { database } = this.#context.workspace;
    const now = await measuredOn(database, this.#request.queries);
    for (const entry of this.#entries()) {
      if (entry.resultJson === null || entry.failure !== '') continue;
      if (storedResult.parse(JSON.parse(entry.resultJson)).measuredOn === now) continue;
      await this.#measure(entry);
      this.#tell(entry.position);
    }
  }

  #watched(position: number): CoreContext {
    let planned = false;
    return {
      ...this.#context,
      progress: (update) => this.#course.trains(update, planned),
      emit: (event) => {
        this.#context.emit(event);
        if (event.kind !== 'planned') return;
        planned = true;
        this.#tell(position);
      },
    };
  }

  #tell(position: number): void {
    const { workspace, emit } = this.#context;
    const entry = listedEntry(workspace, this.#entry(position));
    emit({ kind: 'comparison-entry', comparison: this.#comparison.name, position, entry });
  }

  #entries(): StoredEntry[] {
    return comparisonEntries(this.#context.workspace.database, this.#comparison.id);
  }

  #entry(position: number): StoredEntry {
    return this.#entries()[position];
  }
}

function isSettled({ resultJson, failure }: StoredEntry): boolean {
  return resultJson !== null || failure !== '';
}
