import type { VirtualizerHandle } from 'virtua/svelte';

/** Windows a second: faster than this nobody sees pictures, and asking for them would hold up those that stay. */
const hasty = 3;
/** Milliseconds without haste until pictures are shown. */
const calm = 100;
/** Rows that get their pictures in one frame: a window full of them at once would hold up the next. */
const rowsAFrame = 2;
/** Milliseconds that a list needs to come to rest where it was scrolled to. */
const settling = 60;

/** What a grid of regions shows of its list: how its cells lie in the window, which rows show pictures, and what stays in sight when either changes. */
export class GridWindow {
  /** Pixels between cells. */
  static readonly gap = 6;

  /** Pixels of the window. */
  width = $state(0);
  height = $state(0);
  list = $state<VirtualizerHandle>();
  /** Rows whose pictures are shown. */
  shown = $state.raw({ from: 0, to: 0 });
  /** Pixels of a rem: larger on large screens, and cells grow with it. */
  #rem = $state(14);
  readonly #ids: () => readonly number[];
  readonly #size: () => number;
  #offset = 0;
  #scrolledAt = 0;
  /** Runs while the user is in haste. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #frame = 0;
  /** The region of the first cell in the window, and how many were in the window. */
  #topId = -1;
  #inWindow = 0;
  /** The list is being made anew, and its scrolling is not the user's. */
  #settling = false;

  readonly #wanted = $derived.by(() => (this.#size() * this.#rem) / 14);
  readonly captionHeight = $derived(Math.round(1.3 * this.#rem));
  readonly columns = $derived(Math.max(1, Math.floor((this.width - GridWindow.gap) / (this.#wanted + GridWindow.gap))));
  /** Side of a picture: cells share what is left of a row. */
  readonly cell = $derived(
    this.width > 0 ? Math.floor((this.width - GridWindow.gap) / this.columns) - GridWindow.gap : this.#wanted,
  );
  readonly rowHeight = $derived(this.cell + this.captionHeight + GridWindow.gap);
  readonly rowCount = $derived.by(() => Math.ceil(this.#ids().length / this.columns));
  readonly rowsAPage = $derived(Math.max(1, Math.floor(this.height / this.rowHeight)));

  /**
   * @param ids regions in order
   * @param size side of a picture that is wished for, in pixels of a screen with letters of 14 pixels
   */
  constructor(ids: () => readonly number[], size: () => number) {
    this.#ids = ids;
    this.#size = size;
  }

  /** The ids of the rows whose pictures are shown. */
  idsShown(): readonly number[] {
    return this.#ids().slice(this.shown.from * this.columns, (this.shown.to + 1) * this.columns);
  }

  /** The window has another width, perhaps on another screen. */
  measure(): void {
    this.#rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  }

  /** Said before the list is made anew: until it has come to rest its scrolling means nothing. */
  unsettle(): void {
    this.#settling = true;
  }

  /** Scrolls the new list so that what was in sight stays there as far as it can. @returns a function that gives it up */
  settle(cursor: number): () => void {
    const still = this.#ids().indexOf(this.#topId);
    const first = still >= 0 ? still : Math.max(0, cursor);
    const cursorStays = cursor >= first && cursor < first + this.#inWindow;
    const row = Math.floor((cursorStays ? cursor : first) / this.columns);
    this.list?.scrollToIndex(row, { align: cursorStays ? 'nearest' : 'start' });
    const timer = setTimeout(() => {
      this.#settling = false;
      this.#note();
      this.show();
    }, settling);
    return () => clearTimeout(timer);
  }

  reveal(index: number): void {
    if (!this.#settling) this.list?.scrollToIndex(Math.floor(index / this.columns), { align: 'nearest' });
  }

  /** @param offset pixels from the top of the list */
  scrolled(offset: number): void {
    const now = performance.now();
    const windows = Math.abs(offset - this.#offset) / Math.max(1, this.height);
    const isHasty = windows / (Math.max(1, now - this.#scrolledAt) / 1000) > hasty;
    this.#offset = offset;
    this.#scrolledAt = now;
    if (!this.#settling) this.#note();
    if (isHasty) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.show();
      }, calm);
    } else if (this.#timer === undefined) this.show();
  }

  /** Shows the pictures of the rows in the window and of one before and after, a few rows a frame. */
  show(): void {
    const from = Math.max(0, Math.floor(this.#offset / this.rowHeight) - 1);
    const to = from + Math.ceil(this.height / this.rowHeight) + 2;
    let { from: first, to: last } = this.shown;
    if (first > to || last < from) {
      first = from;
      last = from + rowsAFrame - 1;
    } else {
      first = Math.max(from, first);
      last = Math.min(to, last);
      if (last < to) last = Math.min(to, last + rowsAFrame);
      else first = Math.max(from, first - rowsAFrame);
    }
    if (first !== this.shown.from || last !== this.shown.to) this.shown = { from: first, to: last };
    if (first === from && last === to) return;
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => {
      if (this.#timer === undefined) this.show();
    });
  }

  #note(): void {
    this.#topId = this.#ids()[Math.floor(this.#offset / this.rowHeight) * this.columns] ?? -1;
    this.#inWindow = Math.ceil(this.height / this.rowHeight) * this.columns;
  }
}
