import { takeBack } from '../../shell/commands.ts';
import { notices } from '../../state/notices.svelte.ts';

/** Undoes or redoes, says what, and shows why it failed where it did. */
export async function takeBackHere(what: 'undo' | 'redo'): Promise<void> {
  try {
    await takeBack(what);
  } catch (error) {
    notices.error(error);
  }
}

/** Does a change and shows why it failed where it did. @returns whether it was done */
export async function attempt(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    notices.error(error);
    return false;
  }
}
