import type { Log, LogRecord, Subscriber, Subscription } from '@tocsin/core';

interface Reading {
  readonly subscriber: Subscriber;
  readonly subscription: () => Subscription;
  readonly log: Log;
  readonly topic: string;
  readonly group: string;
}

/** What a subscription can do wrong: each gives what the log tells in place of the reader, and what the reader asks. */
export const subscribeFaults: Readonly<
  Record<string, (reading: Reading) => { tell?: Partial<Subscriber>; ask?: Partial<Subscription> }>
> = {
  'begins anew where the position is out of range': ({ subscriber, subscription, log, topic }) => ({
    tell: {
      failed: (partition, error) => {
        if (error.code === 'RECREATED') return subscriber.failed(partition, error);
        void log.bounds(topic, partition).then(({ start }) => subscription().seek(partition, start));
      },
    },
  }),
  'goes on with a topic that was created again': ({ subscriber, subscription }) => ({
    tell: {
      failed: (partition, error) => {
        if (error.code !== 'RECREATED') return subscriber.failed(partition, error);
        subscription().seek(partition, 0);
      },
    },
  }),
  'delivers before it was sought': ({ subscriber, subscription }) => ({
    tell: {
      assigned: (partitions) => {
        for (const partition of partitions) subscription().seek(partition, 0);
        subscriber.assigned(partitions);
      },
    },
  }),
  'delivers what lies before the position': ({ subscription }) => ({
    ask: { seek: (partition, offset) => subscription().seek(partition, offset === 99 ? 99 : offset - (offset % 10)) },
  }),
  'delivers what was in flight when it was sought': ({ subscriber, subscription }) => {
    let held: readonly LogRecord[] = [];
    return {
      ask: {
        seek: (partition, offset) => {
          subscription().seek(partition, offset);
          if (held.length > 0) void subscriber.batch([{ partition, records: held.slice(-1) }]);
        },
      },
      tell: {
        batch: (batches) => {
          held = batches[0]?.records ?? [];
          return subscriber.batch(batches);
        },
      },
    };
  },
  'leaves a record out': ({ subscriber }) => ({
    tell: {
      batch: (batches) =>
        subscriber.batch(
          batches.map(({ partition, records }) => ({
            partition,
            records: records.filter(({ offset }) => offset !== 57),
          })),
        ),
    },
  }),
  'delivers a record twice': ({ subscriber }) => ({
    tell: {
      batch: (batches) =>
        subscriber.batch(batches.map((batch) => ({ ...batch, records: [batch.records[0]!, ...batch.records] }))),
    },
  }),
  'delivers a partition in two pieces at once': ({ subscriber }) => ({
    tell: {
      batch: (batches) =>
        subscriber.batch(
          batches.flatMap(({ partition, records }) =>
            [records.slice(0, 1), records.slice(1)]
              .filter((piece) => piece.length > 0)
              .map((piece) => ({ partition, records: piece })),
          ),
        ),
    },
  }),
  'does not wait for the reader': ({ subscriber }) => ({
    tell: {
      batch: (batches) => {
        void subscriber.batch(batches);
        return Promise.resolve();
      },
    },
  }),
  'delivers nothing at a time': ({ subscriber }) => ({
    tell: {
      batch: async (batches) => {
        await subscriber.batch(batches.map((batch) => ({ ...batch, records: [] })));
        await subscriber.batch(batches);
      },
    },
  }),
  'begins where the group has committed': ({ subscription, log, topic, group }) => ({
    ask: {
      seek: (partition, offset) =>
        void log
          .committed(group, topic)
          .then((committed) => subscription().seek(partition, committed.get(partition) ?? offset)),
    },
  }),
  'says that the group knows before it does': ({ subscription }) => ({
    ask: {
      commit: (partition, offset) => {
        setTimeout(() => void subscription().commit(partition, offset), 100);
        return Promise.resolve();
      },
    },
  }),
  'cannot pause': () => ({ ask: { pause: () => {} } }),
  'believes itself the owner of everything': () => ({ ask: { assigns: () => true } }),
  'says nothing of what was lost': () => ({ tell: { revoked: () => {} } }),
  'delivers to the end what it had in hand of a partition that is lost': ({ subscriber }) => ({
    tell: {
      batch: async (batches) => {
        for (const { partition, records } of batches) {
          for (const record of records) await subscriber.batch([{ partition, records: [record] }]);
        }
      },
    },
  }),
  'goes on where it was with a partition that is regained': ({ subscriber, subscription }) => {
    const reached = new Map<number, number>();
    const lost = new Set<number>();
    return {
      ask: {
        seek: (partition, offset) =>
          subscription().seek(partition, lost.delete(partition) ? (reached.get(partition) ?? offset) : offset),
      },
      tell: {
        revoked: (partitions) => {
          for (const partition of partitions) lost.add(partition);
          subscriber.revoked(partitions);
        },
        batch: (batches) => {
          for (const { partition, records } of batches) reached.set(partition, records.at(-1)!.offset + 1);
          return subscriber.batch(batches);
        },
      },
    };
  },
  'gives its partitions up while the reader is slow': ({ subscriber }) => ({
    tell: {
      batch: async (batches) => {
        const partitions = batches.map(({ partition }) => partition);
        const timer = setTimeout(() => {
          subscriber.revoked(partitions);
          subscriber.assigned(partitions);
        }, 350);
        await subscriber.batch(batches).finally(() => clearTimeout(timer));
      },
    },
  }),
  'closes in the midst of a delivery': ({ subscription }) => ({
    ask: {
      close: () => {
        void subscription().close();
        return Promise.resolve();
      },
    },
  }),
};

/** A subscription that is still being opened. */
export const deferred = (opened: Promise<Subscription>): Subscription => ({
  seek: (...place) => void opened.then((right) => right.seek(...place)),
  pause: (partition) => void opened.then((right) => right.pause(partition)),
  commit: (...place) => opened.then((right) => right.commit(...place)),
  assigns: () => false,
  close: () => opened.then((right) => right.close()),
});

export const told = (right: Subscriber, wrong: Partial<Subscriber> = {}): Subscriber => ({
  assigned: (partitions) => right.assigned(partitions),
  revoked: (partitions) => right.revoked(partitions),
  failed: (partition, error) => right.failed(partition, error),
  batch: (batches) => right.batch(batches),
  ...wrong,
});

export const asked = (right: Subscription, wrong: Partial<Subscription> = {}): Subscription => ({
  seek: (...place) => right.seek(...place),
  pause: (partition) => right.pause(partition),
  commit: (...place) => right.commit(...place),
  assigns: (partition) => right.assigns(partition),
  close: () => right.close(),
  ...wrong,
});
