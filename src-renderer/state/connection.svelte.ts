/** Whether somebody answers the page's calls. */
class Connection {
  #up = $state(false);
  #everUp = $state(false);

  get up(): boolean {
    return this.#up;
  }

  set up(up: boolean) {
    this.#up = up;
    if (up) this.#everUp = true;
  }

  /** Lost after it was there: worth a sentence. At the very start it is only a matter of milliseconds. */
  get lost(): boolean {
    return this.#everUp && !this.#up;
  }
}

export const connection = new Connection();
