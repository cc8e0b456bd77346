/** What only the window around the pages can do. In a browser nobody answers these. */
import { z } from 'zod';
import { call } from './call.ts';

const nothing = z.object({});
const title = z.string().max(200);

export const shellCalls = {
  'shell.chooseFolder': call(
    z.object({ title, /** May be made in the dialog. */ create: z.boolean().default(false) }),
    z.object({ folder: z.string().nullable() }),
  ),
  'shell.chooseFiles': call(
    z.object({
      title,
      name: z.string().max(100),
      endings: z.array(z.string().regex(/^[a-z0-9]+$/i)),
      many: z.boolean().default(false),
    }),
    z.object({ files: z.array(z.string()) }),
  ),
  /** Opens a folder in the system's file manager. */
  'shell.revealFolder': call(z.object({ folder: z.string().min(1) }), nothing),
  'shell.about': call(
    nothing,
    z.object({ version: z.string(), electron: z.string(), chromium: z.string(), platform: z.string() }),
  ),
  /** Follows the pages' theme in what the system draws itself. */
  'shell.theme': call(z.object({ theme: z.enum(['light', 'dark', 'system']) }), nothing),
};

export const shellEvents = {
  /** A menu item or its shortcut. */
  command: z.object({
    kind: z.literal('command'),
    command: z.enum([
      'import',
      'new-workspace',
      'open-workspace',
      'close-workspace',
      'undo',
      'redo',
      'shortcuts',
      'go',
    ]),
    /** For `go`: the page. For `open-workspace`: the folder, where one was chosen. */
    argument: z.string().optional(),
  }),
  /** Files and folders were dropped on the window. */
  dropped: z.object({ kind: z.literal('dropped'), paths: z.array(z.string()) }),
};

export type ShellContract = typeof shellCalls;
export type ShellEvent = {
  [Kind in keyof typeof shellEvents]: z.infer<(typeof shellEvents)[Kind]>;
}[keyof typeof shellEvents];
