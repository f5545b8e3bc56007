import type { Log } from '@tocsin/core';

const everyMs = 200;

export interface LongestPause {
  readonly longestMs: number;
  readonly partition: number;
  /** How often was looked. */
  readonly samples: number;
}

/**
 * Watches the offsets that a group commits, until the function that it returns is called: the longest time in which one
 * partition committed nothing. Records must come to all partitions all the time; a stage commits once a second, so about
 * a second is no pause at all.
 */
export function longestPause(log: Pick<Log, 'committed'>, group: string, topic: string): () => Promise<LongestPause> {
  const moved = new Map<number, { offset: number; at: number }>();
  let found = { longestMs: 0, partition: -1 };
  let samples = 0;
  let watching = true;
  const look = async (): Promise<void> => {
    const committed = await log.committed(group, topic);
    const at = performance.now();
    samples += 1;
    for (const [partition, offset] of committed) {
      const before = moved.get(partition);
      if (before !== undefined) {
        const longestMs = Math.round(at - before.at);
        if (longestMs > found.longestMs) found = { longestMs, partition };
      }
      if (before?.offset !== offset) moved.set(partition, { offset, at });
    }
  };
  const running = (async () => {
    while (watching) {
      // A broker that does not answer is a look that is not taken; the pause goes on.
      await look().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  })();
  return async () => {
    watching = false;
    await running;
    return { ...found, samples };
  };
}
