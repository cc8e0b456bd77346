import type { Port } from './port.ts';
import { type ServeOptions, serve } from './serve.ts';

/** Every page that is connected: each is served, and all are told what happens. */
export class Hub {
  readonly #ports = new Set<Port>();
  readonly #options: ServeOptions;

  constructor(options: ServeOptions) {
    this.#options = options;
  }

  connect(port: Port): void {
    this.#ports.add(port);
    port.onClose(() => this.#ports.delete(port));
    serve(port, this.#options);
  }

  tell(event: unknown): void {
    for (const port of this.#ports) port.post({ kind: 'event', event });
  }
}
