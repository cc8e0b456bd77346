import type { RegionCard } from '../../src-main/contract/browse.ts';
import { call } from '../lib/client.ts';

/** Regions asked for at once. */
const batch = 500;
/** Cards kept; a card is small, and going back then shows it at once. */
const mostKept = 20_000;

/**
 * What is shown of regions beside their pictures, fetched for those in the window. What came once stays shown while it is fetched anew after a
 * change.
 */
export class RegionCards {
  /** Rises when cards have come: whoever reads a card follows it. */
  #version = $state(0);
  /** Why the last fetch failed; null when it did not. */
  error = $state.raw<unknown>(null);
  readonly #cards = new Map<number, RegionCard>();
  /** Fetched before the last change. */
  readonly #stale = new Set<number>();
  readonly #fetch: (ids: number[]) => Promise<readonly RegionCard[]>;
  #wanted: readonly number[] = [];
  #busy = false;

  constructor(
    fetch = async (ids: number[]): Promise<readonly RegionCard[]> => (await call('library.cards', { ids })).cards,
  ) {
    this.#fetch = fetch;
  }

  get(id: number): RegionCard | undefined {
    this.#version;
    return this.#cards.get(id);
  }

  /** Says which regions are in the window now; those of an earlier window that are not fetched yet are given up. */
  want(ids: readonly number[]): void {
    this.#wanted = ids;
    void this.#work();
  }

  /** After a change: what is in the window is fetched again. */
  refresh(): void {
    for (const id of this.#cards.keys()) this.#stale.add(id);
    void this.#work();
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (;;) {
        const missing = this.#wanted.filter((id) => !this.#cards.has(id) || this.#stale.has(id)).slice(0, batch);
        if (missing.length === 0) break;
        for (const id of missing) this.#stale.delete(id);
        const cards = await this.#fetch(missing).catch((error) => {
          for (const id of missing) this.#stale.add(id);
          throw error;
        });
        if (this.#cards.size > mostKept) this.#cards.clear();
        for (const card of cards) this.#cards.set(card.id, card);
        this.#version++;
        this.error = null;
        // Regions that are gone have no card and must not be asked for again and again.
        const came = new Set(cards.map((card) => card.id));
        this.#wanted = this.#wanted.filter((id) => came.has(id) || !missing.includes(id));
      }
    } catch (error) {
      this.error = error;
    } finally {
      this.#busy = false;
    }
  }
}
