import { LogError } from '@tocsin/core';
import type { Appending, Log, Subscription } from '@tocsin/core';
import { asked, deferred, subscribeFaults, told } from './faulty-subscription.ts';

/*
 * Logs that are wrong in one way each, so that the suite can be seen to notice. Every fault is one that a client or a
 * store of the field has been seen to have, or that an adapter could easily have.
 */

/** What an append can do wrong. */
type AppendFault = (log: Log, records: readonly Appending[]) => ReturnType<Log['append']>;

const later = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const asText = (value: Appending['value']): Appending['value'] =>
  value === null || typeof value === 'string' ? value : textOf(value);

let calls = 0;

const appendFaults: Readonly<Record<string, AppendFault>> = {
  're-orders the records of an append': (log, records) =>
    log.append(records.toReversed()).then((results) => results.toReversed()),
  'lets a later append overtake': async (log, records) => {
    if (calls++ % 3 === 0) await later(5);
    return log.append(records);
  },
  'acknowledges in another order': async (log, records) => {
    const results = await log.append(records);
    await later(calls++ % 3 === 0 ? 5 : 0);
    return results;
  },
  'acknowledges once the first partition has it': async (log, records) => {
    const first = records.filter(({ partition }) => partition === records[0]?.partition);
    const rest = records.filter((record) => !first.includes(record));
    const results = await log.append(first);
    const ends = await Promise.all(rest.map(({ topic, partition }) => log.bounds(topic, partition)));
    void later(20).then(() => log.append(rest).catch(() => {}));
    let [i, j] = [0, 0];
    return records.map((record) =>
      first.includes(record)
        ? results[i++]!
        : { topic: record.topic, partition: record.partition, offset: ends[j++]!.end },
    );
  },
  'calls a part of an append all of it': async (log, records) => {
    const results = await Promise.allSettled(records.map((record) => log.append([record])));
    const done = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    if (done.length === 0 && records.length > 0) return log.append(records);
    return done;
  },
  'appends what stands behind a refused record': async (log, records) => {
    const results = await Promise.allSettled(records.map((record) => log.append([record])));
    return results.map((result) => {
      if (result.status === 'fulfilled') return result.value[0]!;
      throw result.reason;
    });
  },
  'chooses the partition itself': (log, records) => log.append(records.map((record) => ({ ...record, partition: 0 }))),
  'says where records stand in another order': (log, records) =>
    log.append(records).then((results) => results.toReversed()),
  'drops what it has seen before': async (log, records) => {
    const standing = await Promise.all(records.map(({ topic, partition }) => log.read(topic, partition, 0, 1_000)));
    const isNew = records.map(
      ({ value }, i) => !standing[i]!.some((record) => record.value !== null && textOf(record.value) === value),
    );
    const results = await log.append(records.filter((_, i) => isNew[i]));
    return records.map((_, i) => results[i] ?? { topic: '', partition: 0, offset: 0 });
  },
  'loses headers': (log, records) => log.append(records.map((record) => ({ ...record, headers: {} }))),
  'takes values for text': (log, records) =>
    log.append(records.map((record) => ({ ...record, value: asText(record.value) }))),
  'takes keys for text': (log, records) =>
    log.append(records.map((record) => ({ ...record, key: asText(record.key) }))),
  'writes nothing as empty': (log, records) =>
    log.append(records.map((record) => ({ ...record, value: record.value ?? '' }))),
  'refuses a batch that no request could hold': (log, records) =>
    records.reduce((sum, { value }) => sum + (value?.length ?? 0), 0) > 1 << 20
      ? Promise.reject(new LogError('TOO_LARGE', 'The batch is too large.'))
      : log.append(records),
  'creates a topic that it does not know': async (log, records) => {
    for (const { topic } of records) await log.createTopics([{ name: topic, partitions: 1, cleanup: 'delete' }]);
    return log.append(records);
  },
};

/** What a reading by offset, or a question, can do wrong. */
const readFaults: Readonly<Record<string, (log: Log) => Partial<Log>>> = {
  'begins a reading anew where the offset is out of range': (log) => ({
    read: async (topic, partition, from, most) => {
      const { start, end } = await log.bounds(topic, partition);
      return log.read(topic, partition, from < start || from > end ? start : from, most);
    },
  }),
  'reads whole batches, from before the offset': (log) => ({
    read: (topic, partition, from, most) => log.read(topic, partition, from - (from % 5), most),
  }),
  'does not tell its errors apart': (log) => ({
    read: (...place) =>
      log.read(...place).catch(() => {
        throw new LogError('UNAVAILABLE', 'Something is wrong.');
      }),
  }),
  'gives a record the time of its reading': (log) => ({
    read: async (...place) => (await log.read(...place)).map((record) => ({ ...record, timestamp: Date.now() })),
  }),
  'knows its end one too early': (log) => ({
    bounds: async (topic, partition) => {
      const { start, end } = await log.bounds(topic, partition);
      return { start, end: Math.max(start, end - 1) };
    },
  }),
  'finds the offset behind the one of a time': (log) => ({
    offsetAt: async (topic, partition, at) => (await log.offsetAt(topic, partition, at)) + 1,
  }),
  'has the same identity when created again': (log) => ({
    facts: async (topic) => {
      const facts = await log.facts(topic);
      return facts && { ...facts, identity: topic };
    },
  }),
  'forgets what a group committed': () => ({ committed: () => Promise.resolve(new Map()) }),
  'works although closed': (log) => ({ close: () => Promise.resolve(), ping: () => log.ping() }),
};

export const logFaults: readonly string[] = [
  ...Object.keys(appendFaults),
  ...Object.keys(readFaults),
  ...Object.keys(subscribeFaults),
  'delivers all at once',
];

/** The same log with one of `logFaults`. */
export function faultyLog(log: Log, fault: string): Log {
  const append = appendFaults[fault];
  const read = readFaults[fault];
  const subscribe = subscribeFaults[fault];
  return {
    append: (records) => (append === undefined ? log.append(records) : append(log, records)),
    read: (...place) => log.read(...place),
    bounds: (...place) => log.bounds(...place),
    offsetAt: (...place) => log.offsetAt(...place),
    facts: (topic) => log.facts(topic),
    createTopics: (specs) => log.createTopics(specs),
    committed: (group, topic) => log.committed(group, topic),
    ping: () => log.ping(),
    close: () => log.close(),
    async subscribe(options, subscriber) {
      if (fault === 'delivers all at once') {
        return log.subscribe({ ...options, maxBytesPerPartition: Number.MAX_SAFE_INTEGER }, subscriber);
      }
      if (subscribe === undefined) return log.subscribe(options, subscriber);
      const opened = Promise.withResolvers<Subscription>();
      const open: { right?: Subscription } = {};
      const { tell, ask } = subscribe({
        subscriber,
        log,
        topic: options.topic,
        group: options.group,
        subscription: () => open.right ?? deferred(opened.promise),
      });
      const right = await log.subscribe(options, told(subscriber, tell));
      open.right = right;
      opened.resolve(right);
      return asked(right, ask);
    },
    ...read?.(log),
  };
}
