/**
 * Something costly to open, such as an encoder, that stays open between uses and is put away when nobody has used it for a while. Uses take
 * turns: an encoder answers one call at a time.
 */

export interface Disposable {
  dispose(): Promise<void>;
}

const IDLE_MILLISECONDS = 120_000;

export class KeptOpen<Thing extends Disposable> {
  readonly #idle: number;
  #open: { readonly key: string; readonly thing: Thing } | null = null;
  #last: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;

  /** @param idle milliseconds without use after which the thing is put away */
  constructor(idle = IDLE_MILLISECONDS) {
    this.#idle = idle;
  }

  /**
   * @param key what is wanted; another key than the last time puts the old thing away first
   * @param open is called where nothing of this key is open
   */
  use<Result>(key: string, open: () => Promise<Thing>, work: (thing: Thing) => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(async () => {
      this.#stopWaiting();
      try {
        if (this.#open?.key !== key) {
          await this.#putAway();
          this.#open = { key, thing: await open() };
        }
        return await work(this.#open.thing);
      } finally {
        this.#wait();
      }
    });
    // The next in line is not concerned by what went wrong in this turn; its own caller hears of it.
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Puts away what is open, after the uses under way. */
  close(): Promise<void> {
    const turn = this.#last.then(() => {
      this.#stopWaiting();
      return this.#putAway();
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  #wait(): void {
    this.#stopWaiting();
    // Keeps nobody from leaving: a process that is done ends, and takes the thing with it.
    this.#timer = setTimeout(() => void this.close(), this.#idle).unref();
  }

  #stopWaiting(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #putAway(): Promise<void> {
    const { thing } = this.#open ?? {};
    this.#open = null;
    await thing?.dispose();
  }
}
