import type { Log, LogRecord, StateStore } from '@tocsin/core';

/*
 * Engines broken on purpose, each by one rule. A suite that does not catch them proves nothing. They are broken from
 * outside: an engine over an append that always succeeds at once is an engine that does not await its acknowledgements.
 */

/** Position saved before the acknowledgements. */
export const withoutAcknowledgements = (log: Log): Log => ({
  ...log,
  append: (records) => {
    log.append(records).catch(() => {});
    return Promise.resolve(records.map(({ topic, partition }) => ({ topic, partition, offset: -1 })));
  },
});

/** Cold entries read without asking who the owner is. */
export const withoutReadFence = (state: StateStore): StateStore => ({
  ...state,
  slot: (stage, partition) => {
    const slot = state.slot(stage, partition);
    return {
      ...slot,
      // A real read all the same: it takes a step, can fail and can find its host frozen.
      read: async (token, version, keys) => {
        const fenced = await slot.read(token, version, keys);
        return fenced === 'fenced' ? slot.peek(keys) : fenced;
      },
    };
  },
});

/** A log that hands over other records than it has. */
export const handing = (log: Log, change: (records: readonly LogRecord[]) => readonly LogRecord[]): Log => ({
  ...log,
  subscribe: (options, subscriber) =>
    log.subscribe(options, {
      assigned: (partitions) => subscriber.assigned(partitions),
      revoked: (partitions) => subscriber.revoked(partitions),
      failed: (partition, error) => subscriber.failed(partition, error),
      batch: (batches) =>
        subscriber.batch(batches.map(({ partition, records }) => ({ partition, records: change(records) }))),
    }),
});

/** No watermark: every record is taken, also one that a replay upstream wrote again. */
export const withoutWatermarks = (log: Log): Log =>
  handing(log, (records) =>
    records.map((record) => {
      const { src: _, ...headers } = record.headers;
      return { ...record, headers };
    }),
  );

/** The group is told of a partition whenever it happens to hear, and nobody waits for it. */
export const withoutWitness = (log: Log): Log => ({
  ...log,
  subscribe: async (options, subscriber) => {
    const right = await log.subscribe(options, subscriber);
    return {
      seek: (partition, offset) => right.seek(partition, offset),
      pause: (partition) => right.pause(partition),
      commit: (partition, offset) => {
        right.commit(partition, offset).catch(() => {});
        return Promise.resolve();
      },
      assigns: (partition) => right.assigns(partition),
      close: () => right.close(),
    };
  },
});
