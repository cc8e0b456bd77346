/** What the Segment page looks at: a photo or one product, its attention, and the masks that were found. */
import type { z } from 'zod';
import type { attentionPreview, objectMask, Subject } from '../../../src-main/contract/cutting.ts';
import { CallError, call } from '../../lib/client.ts';

export type Preview = z.infer<typeof attentionPreview>;
export type ObjectMask = z.infer<typeof objectMask>;
export type HeadChoice = 'best' | 'mean' | number;

interface Found {
  readonly masks: readonly ObjectMask[];
  /** From 1. */
  readonly bestHead: number;
  readonly overlap: number;
}

export interface PhotoChoice {
  readonly id: number;
  readonly name: string | null;
  readonly boxes: number;
}

export class SegmentBoard {
  /** Null while they are being read. */
  photos = $state.raw<readonly PhotoChoice[] | null>(null);
  photosError = $state.raw<unknown>(null);
  subject = $state.raw<Subject | null>(null);
  preview = $state.raw<Preview | null>(null);
  error = $state.raw<unknown>(null);
  found = $state.raw<Found | null>(null);
  foundError = $state.raw<unknown>(null);
  /** Products outlined so far, of how many. */
  outlining = $state.raw<{ done: number; total: number } | null>(null);
  head = $state<HeadChoice>('best');
  /** Share of the attention that the mass mask holds. */
  share = $state(0.6);
  /** [rows × columns], 0 or 1. */
  kept = $state.raw<{ readonly kept: readonly number[]; readonly area: number } | null>(null);
  /** The product in the cut-out panel. */
  region = $state<number | null>(null);
  #turn = new AbortController();
  #massTurn = 0;

  /** The head whose attention is shown: the best one is known once the objects are. */
  readonly shownHead = $derived(this.head === 'best' ? (this.found?.bestHead ?? 'mean') : this.head);
  readonly attention = $derived(
    this.preview === null
      ? null
      : this.shownHead === 'mean'
        ? this.preview.mean
        : (this.preview.attention[this.shownHead - 1] ?? this.preview.mean),
  );
  readonly mask = $derived(this.found?.masks.find(({ region }) => region === this.region) ?? null);

  async loadPhotos(): Promise<void> {
    try {
      this.photos = (await call('segment.photos', {})).photos;
      this.photosError = null;
    } catch (error) {
      this.photosError = error;
    }
  }

  /** Looks at a photo or a product; what was looked at before is dropped. */
  async open(subject: Subject): Promise<void> {
    this.#turn.abort();
    this.#turn = new AbortController();
    const { signal } = this.#turn;
    this.subject = subject;
    this.preview = null;
    this.found = null;
    this.kept = null;
    this.error = null;
    this.foundError = null;
    this.outlining = null;
    this.region = null;
    try {
      const preview = await call('segment.preview', { subject }, { signal });
      if (signal.aborted) return;
      this.preview = preview;
      if (typeof this.head === 'number' && this.head > preview.heads) this.head = 'best';
      this.region = subject.kind === 'region' ? subject.id : (preview.boxes[0]?.region ?? null);
    } catch (error) {
      if (!signal.aborted) this.error = error;
      return;
    }
    await this.#outline(subject, signal);
  }

  async #outline(subject: Subject, signal: AbortSignal): Promise<void> {
    this.outlining = { done: 0, total: this.preview?.boxes.length || 1 };
    try {
      const progress = ({ done, total }: { done: number; total: number }) => {
        if (!signal.aborted) this.outlining = { done, total };
      };
      const found = await call('segment.masks', { subject }, { signal, progress });
      if (signal.aborted) return;
      this.found = found;
      this.region ??= found.masks[0]?.region ?? null;
    } catch (error) {
      if (!signal.aborted && !(error instanceof CallError && error.code === 'cancelled')) this.foundError = error;
    }
    if (!signal.aborted) this.outlining = null;
  }

  /** The patches that hold the share; of several answers under way the last one counts. */
  async refreshMass(): Promise<void> {
    const { subject, preview, shownHead, share } = this;
    if (subject === null || preview === null) return;
    const turn = ++this.#massTurn;
    try {
      const answer = await call('segment.massMask', { subject, head: shownHead, share });
      if (turn === this.#massTurn && this.subject === subject) this.kept = answer;
    } catch (error) {
      if (turn === this.#massTurn) this.error = error;
    }
  }

  close(): void {
    this.#turn.abort();
  }
}
