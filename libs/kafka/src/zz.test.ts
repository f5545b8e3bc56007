import { it } from '@jest/globals';
import { RecordingReader } from '@tocsin/suites';
import { kafkaAddress, uniqueName, waitUntil } from '@tocsin/testing';
import { kafkaLog } from './kafka-log.ts';
it('times', async () => {
  const log = kafkaLog({ brokers: [kafkaAddress()], clientId: 'x' });
  for (let i = 0; i < 3; i++) {
    const topic = uniqueName('t');
    const t0 = performance.now(); const lap = (w: string) => console.log(w, Math.round(performance.now() - t0));
    await log.createTopics([{ name: topic, partitions: 1, cleanup: 'delete' }]); lap('create');
    await log.append([{ topic, partition: 0, key: null, value: 'x' }]); lap('append');
    await log.read(topic, 0, 0, 1); lap('read');
    await log.facts(topic); lap('facts');
    const r = new RecordingReader({ startAt: () => undefined });
    await RecordingReader.open(log, { topic, group: uniqueName('g') }, r); lap('subscribed');
    await waitUntil('x', () => r.owned.size === 1); lap('assigned');
    await r.seek(0, 0);
    await waitUntil('x', () => r.records.length === 1); lap('read');
    await r.seek(0, 0);
    await waitUntil('x', () => r.records.length === 2); lap('sought again');
    for (const n of [3, 4, 5]) { await log.append([{ topic, partition: 0, key: null, value: 'x' }]); await waitUntil('x', () => r.records.length === n, { everyMs: 1 }); lap('appended+read'); }
    await r.close(); lap('closed');
  }
  await log.close();
});
