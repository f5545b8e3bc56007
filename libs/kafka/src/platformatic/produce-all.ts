import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from '@platformatic/kafka';
import type { Appended, Appending } from '@tocsin/core';
import { asLogError, refused } from '../log-errors.ts';
import type { Cluster } from './cluster.ts';
import type { Connections } from './connections.ts';
import { produce } from './produce-exchange.ts';

interface GrowingBatch {
  readonly topic: string;
  readonly partition: number;
  readonly records: Appending[];
  /** Where each record stands among all. */
  readonly places: number[];
}

/** One batch for each partition, in the order of the records. */
function batchesOf(records: readonly Appending[]): readonly GrowingBatch[] {
  const batches: GrowingBatch[] = [];
  const byTopic = new Map<string, Map<number, GrowingBatch>>();
  let last: GrowingBatch | undefined;
  for (let i = 0; i < records.length; i++) {
    const record = records[i]!;
    const { topic, partition } = record;
    if (last?.partition !== partition || last.topic !== topic) {
      let ofTopic = byTopic.get(topic);
      if (ofTopic === undefined) byTopic.set(topic, (ofTopic = new Map<number, GrowingBatch>()));
      last = ofTopic.get(partition);
      if (last === undefined) {
        ofTopic.set(partition, (last = { topic, partition, records: [], places: [] }));
        batches.push(last);
      }
    }
    last.records.push(record);
    last.places.push(i);
  }
  return batches;
}

/** Refused before anything was written: the partition has, or will have, another leader. */
const elsewhere: ReadonlySet<string> = new Set([
  'NOT_LEADER_OR_FOLLOWER',
  'LEADER_NOT_AVAILABLE',
  'UNKNOWN_TOPIC_OR_PARTITION',
]);
const attempts = 6;
const pauseMs = 50;

/**
 * Appends records with one request to each leader, and waits for all of them. Results are in the order of the records.
 * What was refused because its leader is another one is sent to that one: once it is known, and in the same order.
 * @throws LogError when any of them is not known to stand in the log
 */
export async function produceAll(
  cluster: Cluster,
  connections: Connections,
  records: readonly Appending[],
  timeoutMs: number,
): Promise<readonly Appended[]> {
  const results = new Array<Appended>(records.length);
  let batches = batchesOf(records);
  for (let attempt = 1; ; attempt++) {
    const misdirected: GrowingBatch[] = [];
    try {
      const byLeader = await ledBy(cluster, batches);
      const answers = await Promise.allSettled(
        byLeader.map(async ({ broker, ofLeader }) => {
          const outcomes = await produce(await connections.to(broker), ofLeader, timeoutMs);
          ofLeader.forEach((batch, i) => {
            const outcome = outcomes[i]!;
            if ('base' in outcome) place(batch, outcome.base, results);
            else if (elsewhere.has(outcome.error) && attempt < attempts) misdirected.push(batch);
            else throw refused(outcome.error);
          });
        }),
      );
      const failures = answers.filter((answer) => answer.status === 'rejected').map(({ reason }) => asLogError(reason));
      // What is certain about one record is worth more than that nothing is known of another one.
      const failure = failures.find(({ code }) => code !== 'UNAVAILABLE') ?? failures[0];
      if (failure !== undefined) throw failure;
    } catch (error) {
      for (const { topic } of batches) cluster.forget(topic);
      throw asLogError(error);
    }
    if (misdirected.length === 0) return results;
    for (const { topic } of misdirected) cluster.forget(topic);
    await sleep(pauseMs * attempt);
    batches = misdirected;
  }
}

function place({ topic, partition, places }: GrowingBatch, base: number, results: Appended[]): void {
  for (let i = 0; i < places.length; i++) results[places[i]!] = { topic, partition, offset: base + i };
}

interface Led {
  readonly broker: Broker;
  readonly ofLeader: GrowingBatch[];
}

/** @throws LogError UNKNOWN_TOPIC, UNAVAILABLE */
async function ledBy(cluster: Cluster, batches: readonly GrowingBatch[]): Promise<readonly Led[]> {
  const byLeader = new Map<string, Led>();
  for (const batch of batches) {
    const broker = await leader(cluster, batch.topic, batch.partition);
    const node = `${broker.host}:${broker.port}`;
    const led = byLeader.get(node);
    if (led === undefined) byLeader.set(node, { broker, ofLeader: [batch] });
    else led.ofLeader.push(batch);
  }
  return [...byLeader.values()];
}

/** A topic that was created a moment ago may not be known to the broker that is asked first. */
async function leader(cluster: Cluster, topic: string, partition: number): Promise<Broker> {
  try {
    return await cluster.leader(topic, partition);
  } catch {
    cluster.forget(topic);
    return cluster.leader(topic, partition);
  }
}
