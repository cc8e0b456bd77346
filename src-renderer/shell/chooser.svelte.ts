/** The question of our own file dialog, for browsers. Answered by `Chooser.svelte`. */

export interface Question {
  readonly title: string;
  readonly wanted: 'folder' | 'new-folder' | 'file' | 'files';
  /** Of files, without a dot. */
  readonly endings?: string[];
}

class ChooserState {
  question = $state<Question | null>(null);
  #answer: ((paths: string[]) => void) | null = null;

  ask(question: Question): Promise<string[]> {
    this.answer([]);
    this.question = question;
    return new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  /** Nothing chosen is an answer too. */
  answer(paths: string[]): void {
    this.question = null;
    this.#answer?.(paths);
    this.#answer = null;
  }
}

export const chooser = new ChooserState();
export const ask = (question: Question): Promise<string[]> => chooser.ask(question);
