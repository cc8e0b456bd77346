/** The group on the table: its products, which of them has the focus, which are selected, and what an answer would name. */
import type { ReviewGrouping, ReviewMember } from '../../../src-main/contract/review.ts';
import { counted } from '../../lib/format.ts';
import { candidatesOf, isOdd, isOpen, moved, range, suggestionOf, targets, targetsInWords } from './selection.ts';

export class GroupOnTable {
  members: readonly ReviewMember[] = $state.raw([]);
  grouping: ReviewGrouping = $state('photo');
  /** Place of the focused product in `members`. */
  focus = $state(0);
  selected: ReadonlySet<number> = $state.raw(new Set());
  /** SKUs that were used last, the latest first. */
  recent: readonly string[] = $state.raw([]);
  /** Read out, and shown under the grid. */
  said = $state('');

  readonly alike = $derived(this.grouping === 'likeness' || this.grouping === 'looks');
  readonly focused = $derived<ReviewMember | undefined>(this.members[this.focus]);
  readonly targets = $derived(targets(this.members, this.selected, this.focus, this.alike));
  readonly candidates = $derived(candidatesOf(this.targets, this.recent));
  readonly suggestion = $derived(suggestionOf(this.targets, this.candidates));
  readonly left = $derived(this.members.filter(isOpen).length);
  readonly targetWords = $derived(targetsInWords(this.targets.length, this.selected.size, this.left));

  /** Where a range began. */
  #anchor = 0;

  /** Moves the focus by a key; with `extend` the selection goes from where it began to there. */
  move(key: string, columns: number, extend: boolean): void {
    this.focusAt(moved(key, this.focus, columns, this.members.length), extend);
  }

  focusAt(place: number, extend = false): void {
    this.focus = place;
    if (extend) this.selected = new Set(range(this.members, this.#anchor, place));
    else this.#anchor = place;
  }

  toggle(place = this.focus): void {
    const id = this.members[place]?.id;
    if (id === undefined) return;
    const next = new Set(this.selected);
    if (!next.delete(id)) next.add(id);
    this.selected = next;
    this.focus = place;
    this.#anchor = place;
    this.said = `${counted(next.size, 'product')} selected.`;
  }

  selectAll(): void {
    this.selected = new Set(this.members.filter(isOpen).map(({ id }) => id));
    this.said = `${counted(this.selected.size, 'product')} selected.`;
  }

  /** Selects the open products that look like the suggestion, and leaves the odd ones out. */
  selectAgreeing(): void {
    const { suggestion } = this;
    const agreeing = this.members.filter((member) => isOpen(member) && !isOdd(member, suggestion));
    this.selected = new Set(suggestion === null ? [] : agreeing.map(({ id }) => id));
    this.said = `${counted(this.selected.size, 'product')} selected.`;
  }

  clear(): void {
    if (this.selected.size > 0) this.said = 'Nothing selected.';
    this.selected = new Set();
    this.#anchor = this.focus;
  }
}
