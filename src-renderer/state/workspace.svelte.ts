import type { WorkspaceState } from '../../src-main/contract/session.ts';
import { call, onCoreEvent } from '../lib/client.ts';

/** Which workspace is open, and which were before. */
class WorkspaceStore {
  state = $state<WorkspaceState | null>(null);

  get open(): WorkspaceState['open'] {
    return this.state?.open ?? null;
  }

  /** Differs between workspaces, for addresses of pictures: ids of two workspaces mean different things. */
  get key(): string {
    let hash = 0;
    for (const char of this.open?.folder ?? '') hash = (Math.imul(hash, 31) + char.codePointAt(0)!) | 0;
    return (hash >>> 0).toString(36);
  }

  async load(): Promise<void> {
    this.state = await call('workspace.state', {});
  }

  async openFolder(folder: string): Promise<void> {
    this.state = await call('workspace.open', { folder });
  }

  async create(folder: string): Promise<void> {
    this.state = await call('workspace.create', { folder });
  }

  async close(): Promise<void> {
    this.state = await call('workspace.close', {});
  }

  async forget(folder: string): Promise<void> {
    this.state = await call('workspace.forget', { folder });
  }
}

export const workspace = new WorkspaceStore();

onCoreEvent((event) => {
  if (event.kind === 'workspace') workspace.state = event.state;
});
