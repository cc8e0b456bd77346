/** The state of the Label page: the queue, the group on the table, and what was done. */
import type { OutputOf } from '../../../src-main/contract/call.ts';
import type { ReviewOrder, reviewCalls } from '../../../src-main/contract/review.ts';
import type { call as callCore } from '../../lib/client.ts';
import { counted } from '../../lib/format.ts';
import { GroupOnTable } from './group-on-table.svelte.ts';
import { arranged, isOpen, MOST_CANDIDATES, nextOpen } from './selection.ts';

export type Queue = OutputOf<(typeof reviewCalls)['review.queue']>;

export type Naming = { verdict: 'sku'; sku: string } | { verdict: 'unknown' } | { verdict: 'not-a-product' };

/** A person's step on this page, so that undoing it leads back to where it was done. */
interface Step {
  readonly region: number;
}

export class LabelBoard extends GroupOnTable {
  queue: Queue | null = $state.raw(null);
  names: readonly string[] = $state.raw([]);
  order: ReviewOrder = $state('teaches');
  /** What the first loading failed with. */
  failure: unknown = $state.raw(null);
  loading = $state(true);
  visited: readonly number[] = $state.raw([]);

  readonly #call: typeof callCore;
  #skipped: number[] = [];
  #done: Step[] = [];
  #undone: Step[] = [];
  /** Whether an answer is under way. Another one then is dropped: it would name products that nobody has looked at yet. */
  #answering = false;
  /** Steps wait for each other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(call: typeof callCore) {
    super();
    this.#call = call;
  }

  /** @param region opens its group; else the group that teaches most */
  begin(region?: number): Promise<void> {
    return this.#step(async () => {
      this.loading = true;
      this.failure = null;
      try {
        await this.#loadQueue();
        this.names = (await this.#call('review.names', {})).names;
        const asked = region !== undefined && (await this.#stillThere(region));
        if (!asked) {
          const first = this.queue?.groups[0]?.region;
          if (first === undefined) this.members = [];
          else {
            await this.#show(first);
            this.focusAt(Math.max(0, nextOpen(this.members, 0)));
          }
        }
        const gone = region !== undefined && !asked ? `Region ${region} is not among the products.` : '';
        if (this.members.length > 0) this.said = this.#groupInWords(gone);
      } catch (error) {
        this.failure = error;
      } finally {
        this.loading = false;
      }
    });
  }

  /** Shows what is there now, e.g. after labels changed elsewhere; stays where the user is. */
  refresh(): Promise<void> {
    return this.#step(async () => {
      const before = this.queue?.mark;
      await this.#loadQueue();
      // The news of one's own answer.
      if (before !== undefined && this.queue?.mark === before) return;
      this.names = (await this.#call('review.names', {})).names;
      const here = this.focused?.id;
      const shown = new Set(this.members.map(({ id }) => id));
      if (here === undefined || !(await this.#stillThere(here))) await this.#next();
      else if (!this.members.every(({ id }) => shown.has(id)))
        this.said = this.#groupInWords('The products are grouped anew.');
    });
  }

  setOrder(order: ReviewOrder): Promise<void> {
    return this.#step(async () => {
      this.order = order;
      this.#skipped = [];
      await this.#loadQueue();
      await this.#next();
    });
  }

  accept(): Promise<void> {
    return this.#answer(async () => {
      const { suggestion } = this;
      if (suggestion === null) this.said = 'There is no suggestion yet. Type a name.';
      else await this.#name({ verdict: 'sku', sku: suggestion.sku });
    });
  }

  /** @param number 1 … 9 */
  choose(number: number): Promise<void> {
    return this.#answer(async () => {
      const candidate = this.candidates[number - 1];
      if (candidate === undefined) this.said = `There is no suggestion ${number}.`;
      else await this.#name({ verdict: 'sku', sku: candidate.sku });
    });
  }

  name(naming: Naming): Promise<void> {
    return this.#answer(() => this.#name(naming));
  }

  removeLabels(): Promise<void> {
    return this.#step(async () => {
      const regions = (this.selected.size > 0 ? this.targets : this.focused ? [this.focused] : []).map(({ id }) => id);
      if (regions.length === 0) return;
      const { removed } = await this.#call('catalogue.removeLabels', { regions });
      if (removed > 0) this.#did(regions[0]);
      await this.#loadQueue();
      await this.#show(this.focused?.id ?? regions[0]);
      this.said =
        removed === 0 ? 'There was no label to take off.' : `Took the label off ${counted(removed, 'product')}.`;
    });
  }

  skip(): Promise<void> {
    return this.#step(async () => {
      const [first] = this.members;
      if (first === undefined) return;
      this.#skipped = [...this.#skipped, first.id];
      await this.#loadQueue();
      await this.#next('Skipped.');
    });
  }

  /** To the group that was on the table before. */
  back(): Promise<void> {
    return this.#step(async () => {
      const before = this.visited.at(-1);
      if (before === undefined) {
        this.said = 'There is no group before this one.';
        return;
      }
      this.visited = this.visited.slice(0, -1);
      await this.#show(before);
      this.said = this.#groupInWords('Back.');
    });
  }

  undo(): Promise<void> {
    return this.#takeBack('undo');
  }

  redo(): Promise<void> {
    return this.#takeBack('redo');
  }

  async #name(naming: Naming): Promise<void> {
    const regions = this.targets.map(({ id }) => id);
    if (regions.length === 0) {
      this.said = 'There is nothing to name here.';
      return;
    }
    const { focus } = this;
    const named = new Set(regions);
    const done = this.members.every((member) => named.has(member.id) || !isOpen(member));
    await this.#call('catalogue.label', { regions, naming });
    this.#did(regions[0]);
    if (naming.verdict === 'sku') {
      const sku = naming.sku.trim().replace(/\s+/g, ' ');
      this.recent = [sku, ...this.recent.filter((name) => name !== sku)].slice(0, MOST_CANDIDATES);
      if (!this.names.includes(sku)) this.names = [...this.names, sku].sort();
    }
    const what = naming.verdict === 'sku' ? naming.sku : naming.verdict === 'unknown' ? 'unknown' : 'not a product';
    const sentence = `${counted(regions.length, 'product')} labelled ${what}.`;
    // The counts change together with the group: who reads the one may act on the other.
    const queue = await this.#askQueue();
    if (done) {
      await this.#next(sentence, queue);
      return;
    }
    await this.#show(regions[0]);
    this.queue = queue;
    this.selected = new Set();
    this.focusAt(Math.max(0, nextOpen(this.members, focus)));
    this.said = `${sentence} ${this.#counts()}`;
  }

  #did(region: number): void {
    this.#done.push({ region });
    this.#undone = [];
  }

  #takeBack(what: 'undo' | 'redo'): Promise<void> {
    return this.#step(async () => {
      const { summary } = await this.#call(`catalogue.${what}`, {});
      if (summary === null) {
        this.said = `There is nothing to ${what}.`;
        return;
      }
      const [from, to] = what === 'undo' ? [this.#done, this.#undone] : [this.#undone, this.#done];
      const step = from.pop();
      if (step !== undefined) to.push(step);
      const queue = await this.#askQueue();
      const place = step?.region ?? this.focused?.id;
      if (place === undefined || !(await this.#stillThere(place))) await this.#next('', queue);
      this.queue = queue;
      this.said = `${what === 'undo' ? 'Took back' : 'Did again'}: ${summary}. ${this.#counts()}`;
    });
  }

  #askQueue(): Promise<Queue> {
    return this.#call('review.queue', { order: this.order, skip: this.#skipped, limit: 8 });
  }

  async #loadQueue(): Promise<void> {
    this.queue = await this.#askQueue();
  }

  /** Puts the group on the table that comes first. */
  async #next(sentence = '', queue = this.queue): Promise<void> {
    const first = queue?.groups[0];
    if (first === undefined) {
      this.queue = queue;
      this.members = [];
      this.selected = new Set();
      this.said = `${sentence} Every product is labelled.`.trim();
      return;
    }
    const here = this.members[0]?.id;
    await this.#show(first.region);
    this.queue = queue;
    this.selected = new Set();
    this.focusAt(Math.max(0, nextOpen(this.members, 0)));
    if (here !== undefined && !this.members.some(({ id }) => id === here))
      this.visited = [...this.visited, here].slice(-500);
    this.said = this.#groupInWords(sentence);
  }

  /** Whether a product's group could be put on the table; it may be gone. */
  async #stillThere(region: number): Promise<boolean> {
    try {
      await this.#show(region);
      return true;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'region-missing') return false;
      throw error;
    }
  }

  /** Puts the group of a product on the table, with the focus on it; a selection that is still there stays. */
  async #show(region: number): Promise<void> {
    const { members: found, grouping } = await this.#call('review.group', { region });
    // Products of a shelf stay as they stand there.
    const alike = grouping === 'likeness' || grouping === 'looks';
    const members = alike ? arranged(found, this.members) : found;
    const present = new Set(members.map(({ id }) => id));
    this.members = members;
    this.grouping = grouping;
    this.selected = new Set([...this.selected].filter((id) => present.has(id)));
    this.focusAt(
      Math.max(
        0,
        members.findIndex(({ id }) => id === region),
      ),
    );
  }

  #counts(): string {
    const { left = 0, labelled = 0 } = this.queue ?? {};
    return `${left} left, ${labelled} labelled.`;
  }

  #groupInWords(sentence: string): string {
    const alike = this.suggestion === null ? '' : `, looks like ${this.suggestion.sku}`;
    return `${sentence} ${this.#counts()} Next: ${counted(this.left, 'product')}${alike}.`.trim();
  }

  async #answer(work: () => Promise<void>): Promise<void> {
    if (this.#answering) return;
    this.#answering = true;
    try {
      await this.#step(work);
    } finally {
      this.#answering = false;
    }
  }

  #step(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined); // whoever took the step hears of it
    return turn;
  }
}
