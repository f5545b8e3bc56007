import { request } from 'node:http';
import { kafkaVersion } from './broker-jars.ts';
import { freePort } from './free-port.ts';

/** A server in a container, shared by all tests of one run. */
export interface Contained {
  readonly address: string;
  stop(): Promise<void>;
}

const engineAddress = ():
  { readonly socketPath: string } | { readonly host: string; readonly port: number } | undefined => {
  const given = process.env['DOCKER_HOST'];
  if (given === undefined || given === '') return { socketPath: '/var/run/docker.sock' };
  if (given.startsWith('unix://')) return { socketPath: given.slice('unix://'.length) };
  const match = /^(?:tcp|http):\/\/([^:/]+):(\d+)/.exec(given);
  return match === null ? undefined : { host: match[1]!, port: Number(match[2]) };
};

/** Does a container engine answer, within a second? An installed client proves nothing. */
export const containerEngineAnswers = (): Promise<boolean> => {
  const address = engineAddress();
  if (address === undefined || process.env['TOCSIN_TEST_CONTAINERS'] === 'no') return Promise.resolve(false);
  return new Promise((resolve) => {
    const ping = request({ ...address, path: '/_ping', timeout: 1_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on('timeout', () => ping.destroy());
    ping.on('error', () => resolve(false));
    ping.end();
  });
};

/** A broker's clients are told its address by itself, so its port outside must be known before it starts. */
export async function containedKafka(settings: Readonly<Record<string, string | number>>): Promise<Contained> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const port = await freePort();
  const environment = {
    KAFKA_PROCESS_ROLES: 'broker,controller',
    KAFKA_NODE_ID: '1',
    KAFKA_LISTENERS: 'PLAINTEXT://0.0.0.0:9092,CONTROLLER://localhost:9093',
    KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
    KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
    ...Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [
        `KAFKA_${name.replaceAll('.', '_').toUpperCase()}`,
        String(value),
      ]),
    ),
  };
  const host = containerHost();
  const container = await new GenericContainer(`apache/kafka:${kafkaVersion}`)
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment({ ...environment, KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://${host}:${port}` })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .start();
  return { address: `${host}:${port}`, stop: async () => void (await container.stop()) };
}

export async function containedRedis(): Promise<Contained> {
  const { GenericContainer } = await import('testcontainers');
  const container = await new GenericContainer('redis:7.4')
    .withExposedPorts(6379)
    .withCommand(['redis-server', '--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'])
    .start();
  return {
    address: `${container.getHost()}:${container.getMappedPort(6379)}`,
    stop: async () => void (await container.stop()),
  };
}

const containerHost = (): string => {
  const address = engineAddress();
  return address !== undefined && 'host' in address ? address.host : '127.0.0.1';
};
