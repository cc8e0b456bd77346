import type { CallEvent } from '../../contract/frames.ts';

/**
 * The input with which stopped work goes on where it was; null where it can only begin anew.
 * @param events that it told before it stopped
 */
export function resumption(call: string, input: unknown, events: readonly CallEvent[] = []): unknown {
  switch (call) {
    case 'training.pretrain': {
      const { device, name } = input as { device?: string; name?: string };
      const named = events.findLast(({ kind }) => kind === 'run')?.run ?? name;
      return { wishes: {}, resume: true, ...(device ? { device } : {}), ...(named ? { name: named } : {}) };
    }
    case 'library.import':
    case 'recognise.index':
    case 'recognise.classify':
    case 'segment.workspace':
      return input;
    default:
      return null;
  }
}
