import type { Page } from 'playwright-core';

/** A call to the core over a connection of its own, made in the page as the page makes them. */
export function ask<Output>(page: Page, name: string, input: object): Promise<Output> {
  return page.evaluate<Output>(`new Promise((resolve, reject) => {
    const id = 1e9 + Math.floor(Math.random() * 1e6);
    window.addEventListener('message', function connected({ data, ports }) {
      if (data !== 'gondola:core') return;
      window.removeEventListener('message', connected);
      ports[0].addEventListener('message', ({ data: frame }) => {
        if (frame.id !== id) return;
        if (frame.kind === 'result') resolve(frame.output);
        if (frame.kind === 'failure') reject(new Error(frame.failure.message));
      });
      ports[0].start();
      ports[0].postMessage({ kind: 'call', id, name: '${name}', input: ${JSON.stringify(input)} });
    });
    window.connectGondola();
  })`);
}
