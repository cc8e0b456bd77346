import type { CallEvent } from '../../contract/frames.ts';
import { resumableCalls } from '../../contract/jobs.ts';

/** Not worth pausing, but nothing is wrong with doing it again when the process that did it died. */
const repeatable: readonly string[] = ['recognise.classify'];

/**
 * The input with which stopped work goes on where it was; null where it can only be asked for anew.
 * @param events that it told before it stopped
 */
export function resumption(call: string, input: unknown, events: readonly CallEvent[] = []): unknown {
  if (call === 'training.pretrain') {
    const { device, name } = input as { device?: string; name?: string };
    const named = events.findLast(({ kind }) => kind === 'run')?.run ?? name;
    return { wishes: {}, resume: true, ...(device ? { device } : {}), ...(named ? { name: named } : {}) };
  }
  if (call === 'compare.run') {
    const { name, activate } = input as { name?: string; activate?: boolean };
    const named = events.findLast(({ kind }) => kind === 'comparison')?.comparison ?? name;
    return { resume: true, ...(named ? { name: named } : {}), ...(activate ? { activate } : {}) };
  }
  return resumableCalls.includes(call) || repeatable.includes(call) ? input : null;
}
