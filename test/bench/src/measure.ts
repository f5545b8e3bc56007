import type { Log, Subscription } from '@tocsin/core';
import type { Feed } from '@tocsin/nest';

export interface Measured {
  readonly what: string;
  readonly records: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** CPU time of this process (client, engine, step; for the embedded storage also the store), per record. */
  readonly cpuMicros: number;
}

/** Subscribes what a transport would, and drains it again. */
export async function running<T>(feeds: readonly Feed[], log: Log, act: () => Promise<T>): Promise<T> {
  const subscriptions: Subscription[] = [];
  for (const feed of feeds) {
    await feed.prepare();
    const subscription = await (feed.log ?? log).subscribe(feed.options, feed.subscriber);
    subscriptions.push(subscription);
    feed.started(subscription);
  }
  try {
    return await act();
  } finally {
    for (const feed of feeds) await feed.stop();
    for (const subscription of subscriptions) await subscription.close();
  }
}

/** Runs until `done`, and divides what it took by the records. Looks every few milliseconds and gives up after a limit. */
export async function measure(
  what: string,
  records: number,
  done: () => boolean,
  limitMs = 300_000,
): Promise<Measured> {
  const cpu = process.cpuUsage();
  const began = performance.now();
  while (!done()) {
    if (performance.now() - began > limitMs) throw new Error(`${what} did not finish within ${limitMs / 1_000} s.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return { what, records, seconds, perSecond: Math.round(records / seconds), cpuMicros: (user + system) / records };
}
