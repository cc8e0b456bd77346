import type { Topic } from '../../src-main/contract/changes.ts';
import { onCoreEvent } from '../lib/client.ts';

/**
 * Calls back when any of the topics has changed, whoever did it; a burst of changes makes one call.
 * @returns a function that stops listening: `$effect(() => onChange([…], reload))`
 */
export function onChange(topics: readonly Topic[], reload: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = onCoreEvent((event) => {
    if (event.kind !== 'changed' || !event.topics.some((topic) => topics.includes(topic))) return;
    clearTimeout(timer);
    timer = setTimeout(reload, 50);
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}
