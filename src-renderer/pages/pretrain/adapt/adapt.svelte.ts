/** The comparison of ways of naming: begun, watched, its result, and the step to its use. */
import type { Adaptation } from '../../../../src-main/contract/adapt.ts';
import { call } from '../../../lib/client.ts';
import { jobs } from '../../../state/jobs.svelte.ts';
import { notices } from '../../../state/notices.svelte.ts';

export const adaptCall = 'adapt.compare';

export type Method = Adaptation['best'];

export const methodTitles: Readonly<Record<Method, string>> = {
  knn: 'Neighbours (kNN)',
  linear: 'Linear head',
  finetuned: 'Fine-tuned encoder',
};

export class AdaptBoard {
  result = $state.raw<Adaptation | null>(null);
  /** Whether the workspace has been asked for the last result. */
  asked = $state(false);
  error = $state.raw<unknown>(null);
  /** Why the last comparison did not end. */
  problem = $state.raw<unknown>(null);
  finetune = $state(true);
  minutes = $state<number | null>(null);
  busy = $state(false);

  readonly job = $derived(jobs.of(adaptCall));

  async load(): Promise<void> {
    try {
      this.result = (await call('adapt.result', {})).result;
      this.error = null;
    } catch (error) {
      this.error = error;
    } finally {
      this.asked = true;
    }
  }

  async compare(device: string): Promise<void> {
    this.problem = null;
    try {
      const minutes = this.minutes === null ? {} : { minutes: this.minutes };
      this.result = await call(adaptCall, { finetune: this.finetune, device, ...minutes });
    } catch (error) {
      if ((error as { code?: string }).code !== 'cancelled') this.problem = error;
    }
  }

  async cancel(): Promise<void> {
    if (this.job) await jobs.cancel(this.job.id).catch((error) => notices.error(error));
  }

  async use(method: Method): Promise<void> {
    this.busy = true;
    try {
      const { model, toIndex } = await call('adapt.use', { method });
      const index =
        toIndex > 0 ? `Index the other ${toIndex} products with it on the Search page, then name them again.` : '';
      notices.say(
        `${methodTitles[method]} names from now on, with ${model}. ${index || 'Name the products again.'}`,
        'success',
      );
      await this.load();
    } catch (error) {
      notices.error(error);
    } finally {
      this.busy = false;
    }
  }
}
