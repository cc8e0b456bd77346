/** What Electron's main process and the core process tell each other, beside the pages' frames. Ports travel with `page` and `trainer`. */
import type { Interrupted } from '../core/session/session.ts';

export type ToCore =
  | {
      readonly kind: 'begin';
      /** Where the list of recent workspaces lies. */
      readonly recentFile: string;
      /** Opened instead of the last one; from the command line. */
      readonly folder: string | null;
      /** What ran when the core before this one died; null at the first start. */
      readonly interrupted: readonly Interrupted[] | null;
    }
  | { readonly kind: 'page' }
  | { readonly kind: 'trainer'; readonly id: number }
  | { readonly kind: 'trainer-ended'; readonly id: number; readonly code: number }
  | { readonly kind: 'close' };

export type FromCore =
  | { readonly kind: 'start-trainer'; readonly id: number }
  | { readonly kind: 'kill-trainer'; readonly id: number }
  /** Everything is stopped in good order, and the database closed. */
  | { readonly kind: 'closed' };
