/** Where the user is: `#/label?region=12`. The browser's own history goes back and forth. */

export const pageNames = ['library', 'pretrain', 'skus', 'label', 'search', 'segment', 'export', 'settings'] as const;
export type PageName = (typeof pageNames)[number];

class Route {
  page = $state<PageName>('library');
  query = $state<Readonly<Record<string, string>>>({});

  /** Called once, when the page begins. */
  begin(): void {
    window.addEventListener('hashchange', () => this.#read());
    this.#read();
  }

  #read(): void {
    const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?');
    this.page = pageNames.find((name) => name === path) ?? 'library';
    this.query = Object.fromEntries(new URLSearchParams(query));
  }
}

export const route = new Route();

/** @param path a page, `/search` or `search` */
export function go(path: string, query: Readonly<Record<string, string | number>> = {}): void {
  const words = Object.entries(query).map(([key, value]) => [key, String(value)]);
  const text = words.length > 0 ? `?${new URLSearchParams(words)}` : '';
  location.hash = `#/${path.replace(/^\//, '')}${text}`;
}
