/** The encoders of the workspace: which there are, taking one from a weight file, giving one to other programs. */
import type { EncoderModel } from '../../../../src-main/contract/models.ts';
import { call } from '../../../lib/client.ts';
import { notices } from '../../../state/notices.svelte.ts';

/** What the program says of the pixels is left to the file. */
export type Pixels = 'file' | 'imagenet' | 'half';

type Found = Awaited<ReturnType<typeof call<'models.inspect'>>>;

/** A weight file that is about to be imported. */
export class WeightsToImport {
  file = $state('');
  name = $state('');
  heads = $state<number | null>(null);
  input = $state<number | null>(null);
  pixels = $state<Pixels>('file');
  activate = $state(true);
  /** What is in it; null while that is looked up, and where it cannot be imported. */
  found = $state.raw<Found | null>(null);
  problem = $state.raw<unknown>(null);
  importing = $state(false);
  #turn = 0;

  readonly reading = $derived({
    file: this.file,
    ...(this.heads === null ? {} : { heads: this.heads }),
    ...(this.input === null ? {} : { input: this.input }),
    ...(this.pixels === 'file' ? {} : { pixels: this.pixels }),
  });

  /** Begins anew with a file. */
  begin(file: string): void {
    Object.assign(this, { file, name: '', heads: null, input: null, pixels: 'file', activate: true });
    void this.look();
  }

  /** Looks into the file; an answer that a later question overtook is dropped. */
  async look(): Promise<void> {
    const turn = ++this.#turn;
    try {
      const found = await call('models.inspect', this.reading);
      if (turn === this.#turn) [this.found, this.problem] = [found, null];
    } catch (error) {
      if (turn === this.#turn) [this.found, this.problem] = [null, error];
    }
  }

  /** @returns whether it is one of the workspace's encoders now */
  async import(): Promise<boolean> {
    this.importing = true;
    try {
      const name = this.name.trim();
      const { model, active } = await call('models.import', {
        ...this.reading,
        activate: this.activate,
        ...(name ? { name } : {}),
      });
      const next = active ? ' It is the active model now: index the products next, on the Search page.' : '';
      notices.say(`${model} is imported.${next}`, 'success');
      return true;
    } catch (error) {
      this.problem = error;
      return false;
    } finally {
      this.importing = false;
    }
  }
}

export class EncoderBoard {
  list = $state.raw<EncoderModel[] | null>(null);
  error = $state.raw<unknown>(null);
  busy = $state(false);

  async load(): Promise<void> {
    try {
      this.list = (await call('models.list', {})).models;
      this.error = null;
    } catch (error) {
      this.error = error;
    }
  }

  activate(model: string): Promise<void> {
    return this.#do(async () => {
      await call('training.activate', { model });
      notices.say(`${model} is the active model now.`, 'success');
    });
  }

  remove(model: string): Promise<void> {
    return this.#do(async () => {
      await call('models.delete', { model });
      notices.say(`${model} is deleted.`);
    });
  }

  /** @returns the file, or null where it could not be written; then `onproblem` has heard why */
  async export(
    input: Parameters<typeof call<'models.export'>>[1],
    onproblem: (error: unknown) => void,
  ): Promise<string | null> {
    this.busy = true;
    try {
      const { file } = await call('models.export', input);
      notices.say(`${file} is written, with its description beside it.`, 'success');
      return file;
    } catch (error) {
      onproblem(error);
      return null;
    } finally {
      this.busy = false;
    }
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
