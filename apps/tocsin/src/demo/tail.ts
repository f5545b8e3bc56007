import type { Log, LogRecord, Subscription } from '@tocsin/core';

const decoder = new TextDecoder();

/** Follows a topic from its end on, for showing; a record that is no JSON is passed over. */
export async function tail(
  log: Log,
  group: string,
  topic: string,
  see: (value: unknown, record: LogRecord) => void,
): Promise<Subscription> {
  const facts = await log.facts(topic);
  const ends = await Promise.all(
    Array.from({ length: facts?.partitions ?? 0 }, (_, partition) => log.bounds(topic, partition)),
  );
  let open: (subscription: Subscription) => void = () => {};
  const opened = new Promise<Subscription>((resolve) => (open = resolve));
  const subscription = await log.subscribe(
    { topic, group },
    {
      assigned: (partitions) =>
        void opened.then((ready) =>
          partitions.forEach((partition) => ready.seek(partition, ends[partition]?.end ?? 0)),
        ),
      revoked: () => {},
      failed: () => {},
      batch: (batches) => {
        for (const { records } of batches) for (const record of records) show(record, see);
        return Promise.resolve();
      },
    },
  );
  open(subscription);
  return subscription;
}

function show(record: LogRecord, see: (value: unknown, record: LogRecord) => void): void {
  if (record.value === null) return;
  try {
    see(JSON.parse(decoder.decode(record.value)), record);
  } catch {
    // Not ours to judge here.
  }
}
