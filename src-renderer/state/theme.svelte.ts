import { shell } from '../lib/client.ts';

export type Theme = 'light' | 'dark' | 'system';

const stored = 'gondola.theme';

/** Light, dark, or as the system is; kept for the next start. */
class ThemeChoice {
  #choice = $state<Theme>('system');
  #systemIsDark = $state(false);

  readonly dark = $derived(this.#choice === 'dark' || (this.#choice === 'system' && this.#systemIsDark));

  get choice(): Theme {
    return this.#choice;
  }

  set choice(theme: Theme) {
    this.#choice = theme;
    localStorage.setItem(stored, theme);
    this.#show();
  }

  /** Called once, when the page begins. */
  begin(): void {
    const kept = localStorage.getItem(stored);
    if (kept === 'light' || kept === 'dark') this.#choice = kept;
    const system = matchMedia('(prefers-color-scheme: dark)');
    this.#systemIsDark = system.matches;
    system.addEventListener('change', ({ matches }) => {
      this.#systemIsDark = matches;
      this.#show();
    });
    this.#show();
  }

  #show(): void {
    document.documentElement.dataset.theme = this.dark ? 'dark' : 'light';
    // The title bar and menus follow where there are any; a refusal leaves them as they are.
    shell?.call('shell.theme', { theme: this.#choice }).catch(() => {});
  }
}

export const theme = new ThemeChoice();
