import { Consumer, Producer } from '@platformatic/kafka';
import { Kafka, logLevel } from 'kafkajs';

/*
 * Two Kafka clients at their quickest and with nothing promised: positions are committed by a timer, a failure ends the
 * process. Baselines alone use them.
 */

export interface RawRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

export interface RawBatch {
  readonly partition: number;
  readonly records: readonly RawRecord[];
}

export interface RawMessage {
  readonly partition: number;
  readonly key: Buffer | string | null;
  readonly value: Buffer | string | null;
}

export interface RawClient {
  /** Hands over batches as they come, for ever. */
  consume(topic: string, partitions: number, handle: (batches: readonly RawBatch[]) => Promise<void>): Promise<void>;
  send(topic: string, messages: readonly RawMessage[]): Promise<void>;
}

export const rawClientNames = ['kafkajs', 'platformatic'] as const;
export type RawClientName = (typeof rawClientNames)[number];

const maxBytesPerPartition = 1 << 20;
const maxBytes = 4 << 20;

export async function kafkajsClient(broker: string, group: string): Promise<RawClient> {
  const kafka = new Kafka({ clientId: 'baseline', brokers: [broker], logLevel: logLevel.ERROR });
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition!,
  });
  await producer.connect();
  return {
    async consume(topic, partitions, handle) {
      const consumer = kafka.consumer({ groupId: group, maxBytesPerPartition, maxBytes, maxWaitTimeInMs: 250 });
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        autoCommitInterval: 1_000,
        partitionsConsumedConcurrently: partitions,
        eachBatch: ({ batch }) => handle([{ partition: batch.partition, records: batch.messages }]),
      });
    },
    async send(topic, messages) {
      await producer.send({ topic, acks: -1, messages: messages as (RawMessage & { value: Buffer | string })[] });
    },
  };
}

export function platformaticClient(broker: string, group: string): RawClient {
  const options = { clientId: 'baseline', bootstrapBrokers: [broker] };
  const producer = new Producer(options);
  return {
    async consume(topic, partitions, handle) {
      const consumer = new Consumer({ ...options, groupId: group });
      const metadata = await consumer.metadata({ topics: [topic] });
      const { id: topicId, partitions: places } = metadata.topics.get(topic)!;
      const offsets = Array.from({ length: partitions }, () => 0n);
      // One broker leads all of them here.
      const node = places[0]!.leader;
      for (;;) {
        const { responses } = await consumer.fetch({
          node,
          minBytes: 1,
          maxBytes,
          maxWaitTime: 250,
          topics: [
            {
              topicId,
              partitions: offsets.map((fetchOffset, partition) => ({
                partition,
                fetchOffset,
                currentLeaderEpoch: -1,
                lastFetchedEpoch: -1,
                partitionMaxBytes: maxBytesPerPartition,
              })),
            },
          ],
        });
        const batches = responses.flatMap((response) =>
          response.partitions.map(({ partitionIndex, records }) => {
            const found: RawRecord[] = [];
            for (const batch of records ?? []) {
              // A batch comes whole, also where it begins before what was asked for.
              const skip = Number(offsets[partitionIndex]! - batch.firstOffset);
              found.push(...(skip > 0 ? batch.records.slice(skip) : batch.records));
              offsets[partitionIndex] = batch.firstOffset + BigInt(batch.lastOffsetDelta + 1);
            }
            return { partition: partitionIndex, records: found };
          }),
        );
        const filled = batches.filter(({ records }) => records.length > 0);
        if (filled.length > 0) await handle(filled);
      }
    },
    async send(topic, messages) {
      await producer.send({
        acks: -1,
        messages: messages.map(({ partition, key, value }) => ({
          topic,
          partition,
          key: bytesOf(key)!,
          value: bytesOf(value)!,
        })),
      });
    },
  };
}

const bytesOf = (text: Buffer | string | null): Buffer | null => (typeof text === 'string' ? Buffer.from(text) : text);

export const openRawClient = async (name: RawClientName, broker: string, group: string): Promise<RawClient> =>
  name === 'kafkajs' ? kafkajsClient(broker, group) : platformaticClient(broker, group);
