import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { topicNames } from '@tocsin/core';
import { kafkaLog } from '@tocsin/kafka';
import { Metrics } from '@tocsin/nest';
import { freePort, startGuarded, startKafka, startRedis, waitUntil } from '@tocsin/testing';
import type { GuardedProcess } from '@tocsin/testing';
import { parse } from 'yaml';

/*
 * What the Dockerfile makes, without a container engine: its own commands make the same folder, and every service of
 * compose.yaml is started from there as it stands there, as a user who may change nothing of it.
 */

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const compose = parse(read('deploy/compose.yaml'), { merge: true }) as {
  readonly services: Readonly<Record<string, { readonly command: readonly string[] }>>;
};
const services = ['gateway', 'ingest', 'detect', 'alert', 'deliver'];
const nobody = 1_000;

const folder = mkdtempSync(join(tmpdir(), 'tocsin-image-'));
const app = join(folder, 'app');
const node = join(folder, 'node');
const ports = new Map<string, number>();
const running = new Map<string, GuardedProcess>();
const clean: (() => Promise<unknown>)[] = [];
const url = (name: string): string => `http://127.0.0.1:${ports.get(name)}`;
const from = (): string => services.map(url).join(',');

/** What the Dockerfile runs once the workspace is built. */
const commands = [...read('deploy/Dockerfile').matchAll(/^RUN (.*)$/gm)]
  .map(([, command = '']) => command)
  .filter((command, at, all) => at >= all.findIndex((one) => one.startsWith('node tools/image.mjs')));

const [, entryPoint = '[]'] = /^ENTRYPOINT (.*)$/m.exec(read('deploy/Dockerfile')) ?? [];
const entry = join(app, (JSON.parse(entryPoint) as string[])[1]!);

/** As an image runs it: another user where we are root, and nothing of our environment but the secrets. */
function asNobody(command: readonly string[], config: string): readonly [string, readonly string[]] {
  const environment = [
    `TOCSIN_CONFIG=${config}`,
    `TOCSIN_SECRET=${'s'.repeat(64)}`,
    `TOCSIN_BANK_KEY_SHA256=${'0'.repeat(64)}`,
  ];
  const run = ['-i', ...environment, 'NODE_ENV=production', node, entry, ...command];
  if (process.getuid?.() !== 0) return ['env', run];
  return ['setpriv', [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', 'env', ...run]];
}

function tocsin(...verb: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  const [program, parameters] = asNobody(verb, join(folder, 'gateway.yaml'));
  return new Promise((resolve) => {
    execFile(program, parameters, { cwd: app, encoding: 'utf8' }, (error, output, errors) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: output + errors });
    });
  });
}

/** The table, once it says with this code how all is: on a busy machine an answer may come too late for one look. */
async function saying(code: number): Promise<{ readonly output: string }> {
  let said = { code: -1, output: '' };
  await waitUntil(
    () => `tocsin status to end with ${code}; it said: ${said.output}`,
    async () => (said = await tocsin('status', '--from', from())).code === code,
    { withinMs: 30_000, everyMs: 500 },
  );
  return said;
}

beforeAll(async () => {
  for (const command of commands) {
    const here = command.replaceAll(/(?<=\s)\/image\b/g, app);
    const cwd = command.startsWith('node ') ? root : app;
    mkdirSync(app, { recursive: true });
    execFileSync('sh', ['-c', here], {
      cwd,
      env: { ...process.env, npm_config_prefer_offline: 'true' },
      stdio: 'pipe',
    });
  }
  // The base image has its Node where everybody may run it.
  copyFileSync(process.execPath, node);
  for (const path of [folder, app, node]) chmodSync(path, 0o755);

  const [kafka, redis] = await Promise.all([startKafka(), startRedis()]);
  clean.push(
    () => kafka.stop(),
    () => redis.stop(),
  );
  const settings = parse(read('deploy/compose/tocsin.yaml')) as Record<string, unknown> & {
    sources: { topic: string }[];
  };
  const log = kafkaLog({ brokers: [kafka.address], clientId: 'bank' });
  const cleanup = 'delete' as const;
  await log.createTopics(settings.sources.map(({ topic }) => ({ name: topic, partitions: 2, cleanup })));
  const transaction = {
    id: 't-1',
    accountId: 'acc-1',
    occurredAt: new Date().toISOString(),
    amount: { value: '1.00', currency: 'EUR' },
    direction: 'debit',
  };
  const value = JSON.stringify(transaction);
  await log.append([{ topic: settings.sources[0]!.topic, partition: 0, key: 'acc-1', value, headers: {} }]);
  await log.close();
  for (const name of services) {
    ports.set(name, await freePort());
    const own = {
      ...settings,
      kafka: { brokers: [kafka.address] },
      redis: { host: redis.host, port: redis.port },
      http: { host: '127.0.0.1', port: ports.get(name) },
    };
    writeFileSync(join(folder, `${name}.yaml`), JSON.stringify(own));
  }
}, 300_000);

afterAll(async () => {
  await Promise.all([...running.values()].map((service) => service.end('SIGTERM')));
  for (const end of clean) await end();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

it('makes the topics, runs every service, and says how they are', async () => {
  const made = await tocsin(...compose.services['topics']!.command);
  expect(made).toMatchObject({ code: 0, output: expect.stringContaining(`created ${topicNames.accountEvents}`) });

  for (const name of services) {
    const [program, parameters] = asNobody(compose.services[name]!.command, join(folder, `${name}.yaml`));
    running.set(name, startGuarded(program, parameters, { outputFile: join(folder, `${name}.out`), cwd: app }));
  }
  for (const [name, service] of running) {
    await waitUntil(
      () => `${name} to be ready; it said: ${service.lastWords()}`,
      () => {
        if (!service.running()) throw new Error(`${name} ended; it said: ${service.lastWords()}`);
        return fetch(`${url(name)}/health/ready`).then(
          ({ ok }) => ok,
          () => false,
        );
      },
      { withinMs: 60_000, everyMs: 200 },
    );
  }

  // What a service says is what the table says, and nothing else.
  const registered = (await new Metrics().registry.getMetricsAsJSON()).map(({ name }) => name).sort();
  for (const name of services) {
    const text = await (await fetch(`${url(name)}/metrics`)).text();
    const said = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, metric = '']) => metric);
    expect({ name, said: said.sort() }).toEqual({ name, said: registered });
  }

  await waitUntil(
    () => 'the transaction to be judged and saved',
    async () =>
      (await (await fetch(`${url('detect')}/metrics`)).text()).includes('tocsin_transactions_total{outcome="first"} 1'),
    { withinMs: 30_000, everyMs: 200 },
  );
  interface Stage {
    readonly stage: string;
    readonly owned: Readonly<Record<string, number>>;
    /** Null where the log did not answer this time. */
    readonly committed: { readonly lagRecords: number; readonly partitions: number } | null;
  }
  const seen = { code: -1, output: '', stages: [] as readonly Stage[] };
  await waitUntil(
    () => `all stages to run and all of it to be saved: ${seen.output}`,
    async () => {
      const { code, output } = await tocsin('status', '--json', '--from', from());
      const { stages } = JSON.parse(output) as { stages: readonly Stage[] };
      Object.assign(seen, { code, output, stages });
      return stages.every(
        ({ owned, committed }) => owned['running'] === committed?.partitions && committed?.lagRecords === 0,
      );
    },
    { withinMs: 60_000, everyMs: 500 },
  );
  expect(seen.code).toBe(0);
  expect(seen.stages.map(({ stage }) => stage)).toEqual([
    'ingest.cards',
    'ingest.events',
    'ingest.answers',
    'detect',
    'alert',
    'directory',
    'deliver.email.urgent',
    'deliver.email.routine',
  ]);

  const table = await saying(0);
  expect(table.output).toMatch(/^log +answers$/m);
  expect(table.output).toMatch(/^detect +8\/8 running +0 +0\.0 /m);
  expect(table.output).toMatch(/^email +closed +0 +0 +0 /m);
  expect(table.output).toContain(`${url('detect')}  ready, build `);

  await running.get('deliver')!.end('SIGTERM');
  const without = await saying(1);
  expect(without.output).toContain(`${url('deliver')}  AWAY: ECONNREFUSED`);
  expect(without.output).toMatch(/^deliver\.email\.urgent +4 +0 /m);
}, 240_000);

it('lets the services read what they run, and change nothing of it', () => {
  if (process.getuid?.() === 0) {
    const [program, parameters] = ['setpriv', [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups']];
    const write = (): string =>
      execFileSync(program, [...parameters, 'touch', entry], { stdio: 'pipe', encoding: 'utf8' });
    expect(write).toThrow(/Permission denied/);
  }
  expect(read('deploy/Dockerfile')).toMatch(/^USER 1000:1000$/m);
});
