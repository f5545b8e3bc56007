import { containedKafka, containedRedis, containerEngineAnswers } from './container-engine.ts';
import { progress } from './progress.ts';
import { kafkaAnswers, smallBroker, startKafka } from './start-kafka.ts';
import { redisAnswers, startRedis } from './start-redis.ts';

/*
 * The real Apache Kafka and the real Redis that all tests of one run share. Where they come from, in this order:
 *   1. an address in the environment: TOCSIN_TEST_KAFKA, TOCSIN_TEST_REDIS, each host:port;
 *   2. a container engine, if one answers;
 *   3. a local broker (Java, jars fetched once with Maven) and a local redis-server.
 * Where none can be had the run fails and says what to do; nothing is ever skipped.
 */

export type Need = 'kafka' | 'redis';

const variables = { kafka: 'TOCSIN_TEST_KAFKA', redis: 'TOCSIN_TEST_REDIS' } as const;
const titles = { kafka: 'Apache Kafka', redis: 'Redis' } as const;
const answers = { kafka: kafkaAnswers, redis: redisAnswers } as const;

const started = new Map<Need, () => Promise<void>>();

const split = (variable: string, address: string): readonly [host: string, port: number] => {
  const match = /^(.+):(\d{1,5})$/.exec(address);
  if (match === null) throw new Error(`${variable} must be host:port.`);
  return [match[1]!, Number(match[2])];
};

async function local(need: Need): Promise<{ readonly address: string; stop(): Promise<void> }> {
  if (need === 'kafka') return startKafka();
  const redis = await startRedis();
  return { address: `${redis.host}:${redis.port}`, stop: () => redis.stop() };
}

async function provideOne(need: Need): Promise<void> {
  if (started.has(need)) return;
  const variable = variables[need];
  const given = process.env[variable];
  if (given !== undefined && given !== '') {
    if (!(await answers[need](...split(variable, given)))) {
      throw new Error(`${variable} is set to ${given}, but no ${titles[need]} answers there.`);
    }
    return;
  }
  const begin = performance.now();
  const contained = await containerEngineAnswers();
  progress(`Starting ${titles[need]} for the tests${contained ? ' in a container' : ''} ...`);
  try {
    const server = contained
      ? await (need === 'kafka' ? containedKafka(smallBroker) : containedRedis())
      : await local(need);
    started.set(need, () => server.stop());
    process.env[variable] = server.address;
    progress(`${titles[need]} answers at ${server.address} (${((performance.now() - begin) / 1000).toFixed(1)} s).`);
  } catch (error) {
    throw new Error(
      `The tests need a real ${titles[need]} and none could be started. Set ${variable}=host:port to use one that runs. ` +
        `Cause: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

/** Starts what is needed and not there yet; the addresses stand in the environment, where test workers inherit them. */
export async function provide(needs: readonly Need[]): Promise<void> {
  // One after the other: two downloads or installations at once would only be in each other's way.
  for (const need of needs) await provideOne(need);
}

/** Stops what `provide` started; what was given by address is left alone. */
export async function withdraw(): Promise<void> {
  const stops = [...started];
  started.clear();
  for (const [need, stop] of stops) {
    delete process.env[variables[need]];
    await stop();
  }
}
