import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { partitionOf, topicSpecs } from '@tocsin/core';
import type { Appending } from '@tocsin/core';
import { Dependencies, Metrics, silentLogger } from '@tocsin/nest';
import { channelIds, openPlatform, readSettings, stagesOnly } from '@tocsin/services';
import type { Platform, Service, ServiceContext } from '@tocsin/services';
import { World, startFakeTwilio } from '@tocsin/simulator';
import type { FakeTwilio } from '@tocsin/simulator';
import { startKafka, startRedis } from '@tocsin/testing';
import { stringify } from 'yaml';
import { benchConfiguration, setUpRecords } from './set-up.ts';
import { measure, running } from './measure.ts';
import type { Measured } from './measure.ts';

const usage = `Usage: npm run bench -- [--records N] [--storage embedded,kafka] [--json]

Measures each stage alone over a backlog, then the chain from the bank's record to a local provider,
with every rule and the guarantee switched on. The broker and Redis, where used, run on this machine too.`;

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '50000' },
    storage: { type: 'string', default: 'embedded,kafka' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const count = Number(values.records);
if (values.help || !Number.isInteger(count) || count < 1_000) {
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}

interface Bed {
  readonly context: ServiceContext;
  readonly platform: Platform;
  readonly provider: FakeTwilio;
  readonly close: () => Promise<void>;
}

/** A broker may need a moment until it leads topics that were just created. */
async function firstAppend({ log }: Platform, records: readonly Appending[]): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await log.append(records);
      return;
    } catch (error) {
      if (attempt === 25) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** A store with a backlog of bank records, and nothing processed yet. */
async function bed(storage: 'embedded' | 'kafka'): Promise<Bed> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-bench-'));
  const kafka = storage === 'kafka' ? await startKafka() : undefined;
  const redis = storage === 'kafka' ? await startRedis() : undefined;
  const provider = await startFakeTwilio({ accountSid: `AC${'1'.repeat(32)}`, authToken: 'bench' });
  const configuration = benchConfiguration({ storage, folder, smsUrl: provider.url, kafka: kafka?.address, redis });
  const settings = readSettings(stringify(configuration), {});
  const platform = await openPlatform(settings, silentLogger);
  await platform.log.createTopics([
    ...topicSpecs(channelIds, platform.counts),
    { name: 'bank.transactions', partitions: 8, cleanup: 'delete', retentionMs: 86_400_000 },
  ]);
  const world = new World({ seed: 5, customers: 2_000 });
  await firstAppend(platform, setUpRecords(world, platform));
  const now = Date.now();
  for (let from = 0; from < count; from += 2_000) {
    await platform.log.append(
      Array.from({ length: Math.min(2_000, count - from) }, (_, index) => {
        const transaction = world.ordinary(now - 3_600_000 + from + index);
        return {
          topic: 'bank.transactions',
          partition: partitionOf(transaction.accountId, 8),
          key: transaction.accountId,
          value: JSON.stringify(transaction),
        };
      }),
    );
  }
  const metrics = new Metrics({ processMetrics: false });
  return {
    context: { settings, platform, metrics, logger: silentLogger, dependencies: new Dependencies() },
    platform,
    provider,
    async close() {
      await platform.close();
      await provider.stop();
      await kafka?.stop();
      await redis?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Records that a service has processed so far, all its stages together. */
async function processed({ metrics }: ServiceContext, prefix: string): Promise<number> {
  const counter = metrics.registry.getSingleMetric('tocsin_records_total');
  const found = await (
    counter as unknown as
      { get(): Promise<{ values: { value: number; labels: { stage: string; outcome: string } }[] }> } | undefined
  )?.get();
  return (found?.values ?? [])
    .filter(({ labels }) => labels.stage.startsWith(prefix) && labels.outcome === 'processed')
    .reduce((sum, { value }) => sum + value, 0);
}

async function appended(platform: Platform, topics: readonly string[]): Promise<number> {
  let sum = 0;
  for (const topic of topics) {
    const partitions = (await platform.log.facts(topic))?.partitions ?? 0;
    for (let partition = 0; partition < partitions; partition++)
      sum += (await platform.log.bounds(topic, partition)).end;
  }
  return sum;
}

/** Polls an asynchronous count into a synchronous answer. */
function watching(look: () => Promise<boolean>): () => boolean {
  let done = false;
  let looking = false;
  return () => {
    if (!looking && !done) {
      looking = true;
      void look().then((answer) => {
        done = answer;
        looking = false;
      });
    }
    return done;
  };
}

const feedsOf = (service: Service) => service.feeds;

async function stages(storage: 'embedded' | 'kafka'): Promise<Measured[]> {
  const { context, platform, provider, close } = await bed(storage);
  const results: Measured[] = [];
  try {
    const inputs = {
      ingest: ['bank.transactions'],
      detect: ['account-events'],
      alert: ['customer-events'],
    } as const;
    for (const name of ['ingest', 'detect', 'alert'] as const) {
      const records = await appended(platform, inputs[name]);
      const stop = watching(async () => (await processed(context, name)) >= records);
      results.push(
        await running(feedsOf(stagesOnly[name](context)), platform.log, () => measure(`${name} alone`, records, stop)),
      );
    }
    const messages = results.at(-1)?.records ?? 0;
    const expected = await appended(platform, ['deliveries.sms.urgent', 'deliveries.sms.routine']);
    if (expected > 0 && messages > 0) {
      let last = -1;
      let since = performance.now();
      const quiet = () => {
        const now = provider.visible().length;
        if (now !== last) {
          last = now;
          since = performance.now();
        }
        return now > 0 && performance.now() - since > 1_500;
      };
      const measured = await running(feedsOf(stagesOnly.deliver(context)), platform.log, () =>
        measure('deliver alone', 1, quiet),
      );
      const sent = provider.visible().length;
      const seconds = measured.seconds - 1.5;
      results.push({
        what: 'deliver alone (per message)',
        records: sent,
        seconds,
        perSecond: Math.round(sent / seconds),
        cpuMicros: measured.cpuMicros / sent,
      });
    }
  } finally {
    await close();
  }
  return results;
}

async function chain(storage: 'embedded' | 'kafka'): Promise<Measured> {
  const { context, platform, close } = await bed(storage);
  try {
    const feeds = (['ingest', 'detect', 'alert', 'deliver'] as const).flatMap((name) =>
      feedsOf(stagesOnly[name](context)),
    );
    const stop = watching(async () => {
      if ((await processed(context, 'ingest')) < count) return false;
      return (
        (await processed(context, 'alert')) >= (await appended(platform, ['customer-events'])) &&
        (await processed(context, 'detect')) >= (await appended(platform, ['account-events']))
      );
    });
    return await running(feeds, platform.log, () => measure('chain, one process', count, stop));
  } finally {
    await close();
  }
}

const all: { storage: string; results: Measured[] }[] = [];
for (const storage of values.storage.split(',') as ('embedded' | 'kafka')[]) {
  process.stderr.write(`${storage}: filling and measuring ${count} records …\n`);
  all.push({ storage, results: [...(await stages(storage)), await chain(storage)] });
}

if (values.json)
  console.log(JSON.stringify({ date: new Date().toISOString(), cores: cpus().length, records: count, all }));
else {
  console.log(
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.versions.node}, ${count} records\n`,
  );
  console.log('| storage | what | records | per second | CPU µs per record |');
  console.log('|---|---|---|---|---|');
  for (const { storage, results } of all) {
    for (const { what, records, perSecond, cpuMicros } of results) {
      console.log(
        `| ${storage} | ${what} | ${records.toLocaleString('en')} | ${perSecond.toLocaleString('en')} | ${cpuMicros.toFixed(1)} |`,
      );
    }
  }
}
process.exit(0);
