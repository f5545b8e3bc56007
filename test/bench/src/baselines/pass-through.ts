import { answerProgress, jobOf } from './progress.ts';
import { openRawClient } from './raw-client.ts';

/* Baseline (c): what comes in goes out again, and nothing else. One produce per fetch, awaited. */

const { client: name, broker, group, topic, partitions, output } = jobOf();
const client = await openRawClient(name, broker, group);
let taken = 0;
answerProgress(() => taken);
await client.consume(topic, partitions, async (batches) => {
  const messages = batches.flatMap(({ partition, records }) =>
    records.map(({ key, value }) => ({ partition, key, value })),
  );
  await client.send(output, messages);
  taken += messages.length;
});
