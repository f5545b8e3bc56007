import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { topicNames } from '@tocsin/core';
import { dump } from '@tocsin/test-e2e';
import { waitUntil } from '@tocsin/testing';
import { Kafka, logLevel } from 'kafkajs';
import type { Bed, Instance } from '../bed/bed.ts';
import { bankTopic } from '../bed/ground.ts';
import { say } from '../say.ts';
import { rest } from './kind.ts';
import type { Kind } from './kind.ts';

/*
 * Faults after which a partition must not go on by itself: it stops, raises the alarm that the runbook names, and sends
 * nothing; then the runbook's command is run, and everything is delivered. One at a time, with nothing else under way.
 */

const tocsin = fileURLToPath(new URL('../../../../apps/tocsin/bin/tocsin.mjs', import.meta.url));
const alarmWithinMs = 90_000;

/** A command of the product, as the runbook names it. @throws Error with what it said */
function run(bed: Bed, ...words: readonly string[]): Promise<string> {
  const instance = bed.of('gateway')[0]!;
  const child = spawn(process.execPath, [tocsin, '--config', instance.process.configuration, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(said);
      else reject(new Error(`tocsin ${words.join(' ')} ended with ${code}: ${said}`));
    });
  });
}

interface StageOf {
  readonly stage: string;
  readonly topic: string;
  readonly service: Instance['name'];
}

const stages: readonly StageOf[] = [
  { stage: 'ingest.payments', topic: bankTopic, service: 'ingest' },
  { stage: 'detect', topic: topicNames.accountEvents, service: 'detect' },
  { stage: 'alert', topic: topicNames.customerEvents, service: 'alert' },
  ...['messenger', 'sms', 'email'].flatMap((channel) =>
    ['urgent', 'routine'].map((lane): StageOf => ({
      stage: `deliver.${channel}.${lane}`,
      topic: `deliveries.${channel}.${lane}`,
      service: 'deliver',
    })),
  ),
];

/**
 * How many records stand behind the positions in the store. What the group has committed would not do: it is a witness only,
 * late where a commit was lost, and ahead of the truth where Redis came back older than it was.
 */
async function behind({ log, state }: Bed, { stage, topic }: StageOf): Promise<number> {
  const partitions = (await log.facts(topic))?.partitions ?? 0;
  const each = Array.from({ length: partitions }, async (_, partition) => {
    const [{ start, end }, position] = await Promise.all([
      log.bounds(topic, partition),
      state.slot(stage, partition).position(),
    ]);
    return end - Math.max(start, position?.offset ?? start);
  });
  return (await Promise.all(each)).reduce((sum, records) => sum + records, 0);
}

/** As the services see it, who look every few seconds. */
async function allRead(bed: Bed, { stage, service, topic }: StageOf): Promise<boolean> {
  const sum = async (metric: string, labels: Readonly<Record<string, string>>): Promise<number> => {
    const each = await Promise.all(bed.of(service).map(({ process }) => process.metric(metric, { stage, ...labels })));
    return each.reduce((all, value) => all + value, 0);
  };
  const running = await sum('tocsin_partitions', { state: 'running' });
  return running === (await bed.log.facts(topic))?.partitions && (await sum('tocsin_lag_records', {})) === 0;
}

/** So long after the bank's pause the services have looked again how far they are. */
const lookedAgainMs = 20_000;

/** The bank pauses, and everything that it wrote is through. */
async function quiet(bed: Bed): Promise<void> {
  bed.feeder.pause();
  const pausedAt = performance.now();
  try {
    await rest(1_000);
    for (const where of stages) {
      await waitUntil(
        `${where.stage} to have read everything`,
        async () => {
          if ((await behind(bed, where)) === 0) return true;
          // Where Redis came back older, an owner with nothing to do is ahead of it, and saves that with its next record.
          return performance.now() - pausedAt > lookedAgainMs && (await allRead(bed, where));
        },
        { withinMs: 120_000, everyMs: 500 },
      );
    }
    await rest(1_500);
  } catch (error) {
    bed.feeder.start();
    throw error;
  }
}

/** What the instances say of stopped partitions of a stage, by reason. */
async function stopped(bed: Bed, { stage, service }: StageOf): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  for (const { process } of bed.of(service)) {
    for (const line of (await process.metrics()).split('\n')) {
      if (!line.startsWith('tocsin_partition_stopped{') || !line.includes(`stage="${stage}"`)) continue;
      const reason = /reason="([^"]+)"/.exec(line)?.[1] ?? '?';
      if (Number(line.slice(line.lastIndexOf(' ') + 1)) > 0) found.set(reason, (found.get(reason) ?? 0) + 1);
    }
  }
  return found;
}

/** Waits for the alarm in the metrics, and that health says so too. */
async function alarm(bed: Bed, where: StageOf, reasons: readonly string[]): Promise<void> {
  let seen: ReadonlyMap<string, number> = new Map();
  await waitUntil(
    () => `the alarm ${reasons.join(' or ')} of ${where.stage}; there is ${JSON.stringify([...seen])}`,
    async () => {
      seen = await stopped(bed, where);
      return [...seen.keys()].some((reason) => reasons.includes(reason));
    },
    { withinMs: alarmWithinMs, everyMs: 500 },
  );
  const healths = await Promise.all(bed.of(where.service).map(({ process }) => process.health()));
  if (!healths.some((health) => health.startsWith('503') && reasons.some((reason) => health.includes(reason)))) {
    throw new Error(`No instance of ${where.service} says in its health why it stopped: ${healths.join(' | ')}`);
  }
  say(`the alarm is raised: ${[...seen].map(([reason, count]) => `${reason} on ${count} partitions`).join(', ')}`);
}

/** Customers in every partition pay something that they want to hear of, whatever else the bank writes. */
function payments({ workload, feeder }: Bed): void {
  feeder.publish(workload.canaries.map(([one]) => workload.purchase(one!, Date.now())));
}

/** 75.00 EUR is not named where 1075.00 EUR is. */
const names = (text: string, amount: string): boolean => new RegExp(`(?<!\\d)${amount.replace('.', '\\.')}`).test(text);

/**
 * Of all that the bank wrote since then nothing may be told before the runbook's command. What it wrote before may still be
 * followed up by a stage that does not stand still: on another channel, where nobody answered on the first.
 */
async function silence({ workload, outbox }: Bed, since: number): Promise<void> {
  await rest(3_000);
  const wanted = workload.wantedSince(since);
  const told = outbox
    .all()
    .filter(({ customer, text }) => wanted.some((one) => one.customerId === customer?.id && names(text, one.amount)));
  if (told.length > 0) throw new Error(`${told.length} messages left while the partitions stood still.`);
}

/** Where the stage stands in the store, by partition. */
async function positions({ log, state }: Bed, { stage, topic }: StageOf): Promise<readonly (number | undefined)[]> {
  const partitions = (await log.facts(topic))?.partitions ?? 0;
  const each = Array.from({ length: partitions }, (_, partition) => state.slot(stage, partition).position());
  return (await Promise.all(each)).map((position) => position?.offset);
}

async function recreate(bed: Bed, topic: string): Promise<void> {
  const facts = await bed.log.facts(topic);
  if (facts === undefined) throw new Error(`There is no topic ${topic}.`);
  const kafka = new Kafka({ brokers: [...bed.cluster.addresses], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.deleteTopics({ topics: [topic] });
    await waitUntil(`${topic} to be gone`, async () => !(await admin.listTopics()).includes(topic));
    const { brokers } = bed.options;
    await admin.createTopics({
      // kafkajs fails where a broker has not heard of the topic yet.
      waitForLeaders: false,
      topics: [
        {
          topic,
          numPartitions: facts.partitions,
          replicationFactor: brokers,
          configEntries: [{ name: 'message.timestamp.type', value: 'LogAppendTime' }],
        },
      ],
    });
    await waitUntil(`${topic} to have its leaders`, async () => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] }).catch(() => ({ topics: [] }));
      const led = topics.flatMap(({ partitions }) => partitions).filter(({ leader }) => leader >= 0);
      return led.length === facts.partitions;
    });
  } finally {
    await admin.disconnect();
  }
}

/** A topic is deleted and created again under its readers. */
export const topicRecreated: Kind = {
  name: 'topic-recreated',
  byName: true,
  exclusive: true,
  draw: (bed, random, memory) => {
    const where = random.pick(
      stages.filter(({ stage }) =>
        ['detect', 'alert', 'deliver.sms.routine', 'deliver.messenger.routine'].includes(stage),
      ),
    );
    return {
      target: where.topic,
      needs: [],
      run: async () => {
        await quiet(bed);
        memory.buried.push({ topic: where.topic, records: await dump(bed.log, where.topic) });
        await recreate(bed, where.topic);
        const since = Date.now();
        payments(bed);
        bed.feeder.start();
        await alarm(bed, where, ['BEYOND_END', 'FINGERPRINT_DIFFERS', 'RECREATED']);
        const stood = await positions(bed, where);
        // The other channels and lanes of deliver go on; of the one that stands still the oracle knows each attempt.
        if (where.service === 'deliver') await rest(3_000);
        else await silence(bed, since);
        // Not one partition may go on by itself, also none that nobody has stopped yet because it has nothing to read.
        const stand = await positions(bed, where);
        if (String(stand) !== String(stood))
          throw new Error(`Partitions moved from ${String(stood)} to ${String(stand)}.`);
        say((await run(bed, 'accept-log', '--stage', where.stage)).trim().split('\n').slice(-3).join(' · '));
      },
    };
  },
};

/**
 * Somebody empties Redis. Whoever is fed sees it at once: that is ingest, and no stage behind it must. They hear nothing new
 * from the moment in which ingest stands still, and a partition that has nothing to do asks Redis for nothing.
 */
export const redisEmptied: Kind = {
  name: 'redis-emptied',
  byName: true,
  exclusive: true,
  draw: (bed, random) => {
    const ageMs = random.between(500, 3_000);
    return {
      target: 'redis',
      needs: [],
      run: async () => {
        const restore = bed.redis.remember();
        await rest(ageMs);
        try {
          await bed.redis.flush();
          await alarm(bed, stages[0]!, ['STATE_EMPTY']);
          await rest(2_000);
          const since = Date.now();
          payments(bed);
          await silence(bed, since);
        } finally {
          await restore(200);
          await bed.redis.whole();
        }
        for (const where of stages) {
          if ((await stopped(bed, where)).size > 0) await run(bed, 'retry', '--stage', where.stage);
        }
      },
    };
  },
};
