import { describe, expect, it } from '@jest/globals';
import { kafkaAddress, waitUntil } from '@tocsin/testing';
import { Kafka, logLevel } from 'kafkajs';
import { kafkaLog } from './kafka-log.ts';

/* That a group once committed must be known, also after kafkajs wrote over it what is no offset. */

describe.each(['kafkajs', 'platformatic'] as const)('the witness of a group, asked by %s', (client) => {
  it('stands after kafkajs has reset a position by itself', async () => {
    const brokers = [kafkaAddress()];
    const topic = `witness-${client}-${Date.now()}`;
    const group = `group-${topic}`;
    const log = kafkaLog({ brokers, clientId: 'witness', client });
    await log.createTopics([{ name: topic, partitions: 2, cleanup: 'delete' }]);
    await log.append([{ topic, partition: 0, key: 'k', value: '1' }]);
    const consumer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).consumer({ groupId: group });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    let seen = 0;
    await consumer.run({ autoCommit: false, eachMessage: () => Promise.resolve(void (seen += 1)) });
    await waitUntil('the record to be read', () => seen === 1);
    expect((await log.committed(group, topic)).has(0)).toBe(false);
    await consumer.commitOffsets([{ topic, partition: 0, offset: '1' }]);
    expect((await log.committed(group, topic)).get(0)).toBe(1);
    // Out of range: kafkajs goes back to the beginning, and commits that as minus two.
    consumer.seek({ topic, partition: 0, offset: '5000' });
    await waitUntil('the position to be reset', () => seen === 2, { withinMs: 30_000 });
    const committed = await log.committed(group, topic);
    expect([committed.get(0), committed.has(1)]).toEqual([0, false]);
    await consumer.disconnect();
    await log.close();
  });
});
