/**
 * Who waits for which picture. Everybody who wants something of one photo waits for the same work; a few pieces of work run at a time, the latest
 * wanted first, since that is what the user looks at now; and work that nobody waits for any more by the time its turn comes is not done at all.
 */
import { Cancelled } from '../../base/errors.ts';

/** Somebody who waits for one result of a piece of work. */
export interface Ask<Wanted, Result> {
  readonly wanted: Wanted;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/** Those who wait now. The work takes them out as it answers them; more may come while it runs. */
export type Asks<Wanted, Result> = Set<Ask<Wanted, Result>>;

interface Work<Wanted, Result> {
  readonly asks: Asks<Wanted, Result>;
  readonly make: (asks: Asks<Wanted, Result>) => Promise<void>;
}

export class Desk<Wanted, Result> {
  readonly #limit: number;
  readonly #works = new Map<string, Work<Wanted, Result>>();
  /** Keys of the works that have not begun, the latest wanted last. */
  #waiting: string[] = [];
  #running = 0;

  /** @param limit pieces of work that run at a time */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * @param key what the work is about; `make` counts only where no work with this key is under way
   * @param make answers all who wait and takes them out; what it throws is the answer for those who still wait. Called again for those who came too
   *   late
   * @throws Cancelled when the signal is raised
   */
  ask(
    key: string,
    wanted: Wanted,
    make: (asks: Asks<Wanted, Result>) => Promise<void>,
    signal: AbortSignal,
  ): Promise<Result> {
    if (signal.aborted) return Promise.reject(new Cancelled());
    return new Promise<Result>((resolve, reject) => {
      const work = this.#works.get(key) ?? { asks: new Set(), make };
      const leave = () => {
        work.asks.delete(ask);
        reject(new Cancelled());
      };
      const done = () => signal.removeEventListener('abort', leave);
      const ask: Ask<Wanted, Result> = {
        wanted,
        resolve(result) {
          done();
          resolve(result);
        },
        reject(error) {
          done();
          reject(error);
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      work.asks.add(ask);
      const known = this.#works.has(key);
      this.#works.set(key, work);
      const place = this.#waiting.indexOf(key);
      if (place >= 0) this.#waiting.splice(place, 1);
      if (!known || place >= 0) this.#waiting.push(key);
      this.#startNext();
    });
  }

  #startNext(): void {
    while (this.#running < this.#limit) {
      const key = this.#waiting.pop();
      if (key === undefined) return;
      const work = this.#works.get(key) as Work<Wanted, Result>;
      if (work.asks.size === 0) this.#works.delete(key);
      else void this.#start(key, work);
    }
  }

  async #start(key: string, { asks, make }: Work<Wanted, Result>): Promise<void> {
    this.#running++;
    try {
      do await make(asks);
      while (asks.size > 0);
    } catch (error) {
      for (const ask of asks) ask.reject(error);
      asks.clear();
    }
    this.#works.delete(key);
    this.#running--;
    this.#startNext();
  }
}
