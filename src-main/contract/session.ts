/** What a page asks beside the services: which workspace is open, and what lies on the core's disk to be chosen. */
import { z } from 'zod';
import { call } from './call.ts';

const nothing = z.object({});
const folder = z.string().min(1);

export const workspaceState = z.object({
  open: z.object({ folder: z.string(), name: z.string() }).nullable(),
  /** The last used first. */
  recent: z.array(z.object({ folder: z.string(), name: z.string(), exists: z.boolean() })),
  /** Where a first workspace would naturally go. */
  suggestion: z.string(),
});

export type WorkspaceState = z.infer<typeof workspaceState>;

export const sessionCalls = {
  'workspace.state': call(nothing, workspaceState),
  'workspace.open': call(z.object({ folder }), workspaceState),
  /** In a folder that is empty or does not exist yet. */
  'workspace.create': call(z.object({ folder }), workspaceState),
  'workspace.close': call(nothing, workspaceState),
  'workspace.forget': call(z.object({ folder }), workspaceState),
  /** The folder's content, for choosing where the system's own dialog cannot be had. */
  'files.list': call(
    z.object({
      folder: z.string().optional(),
      /** Endings without a dot; no files where left out. */ endings: z.array(z.string()).optional(),
    }),
    z.object({
      folder: z.string(),
      parent: z.string().nullable(),
      folders: z.array(z.object({ name: z.string(), path: z.string(), workspace: z.boolean() })),
      files: z.array(z.object({ name: z.string(), path: z.string() })),
    }),
  ),
};
