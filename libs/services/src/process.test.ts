import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { topicNames, topicSpecs } from '@tocsin/core';
import { embedded } from '@tocsin/embedded';
import { freePort, waitUntil } from '@tocsin/testing';
import { stringify } from 'yaml';
import { hashApiKey } from './gateway/api-key.ts';
import { channelIds } from './platform/platform.ts';

/* The gateway as operators run it: its own process, one file, signals and exit codes. */

const main = fileURLToPath(new URL('../../../apps/gateway/dist/main.js', import.meta.url));

const clean: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const undo of clean.splice(0).reverse()) await undo();
});

function inFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-process-'));
  clean.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function run(folder: string, configuration: unknown) {
  const file = join(folder, 'tocsin.yaml');
  writeFileSync(file, typeof configuration === 'string' ? configuration : stringify(configuration));
  const child = spawn(process.execPath, [main, '--config', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  clean.push(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
  });
  return { ended, said: () => said, signal: (name: NodeJS.Signals) => child.kill(name), file };
}

const settings = (folder: string, port: number) => ({
  secret: 's'.repeat(32),
  folder: join(folder, 'store'),
  logLevel: 'warn',
  http: { port },
  tenants: { mybank: { bankName: 'My Bank' } },
  gateway: {
    apiKeys: [{ id: 'a', tenant: 'mybank', sha256: hashApiKey('the key'), scopes: ['customers:write'] }],
  },
});

describe('a service as a process', () => {
  it('ends with code 2 where the configuration is wrong, and names every problem', async () => {
    const folder = inFolder();
    const gateway = run(folder, 'secret: short\nhttp: { port: -1 }\nsurprise: 1\n');
    expect(await gateway.ended).toBe(2);
    const [title, ...problems] = gateway.said().trimEnd().split('\n');
    expect(title).toBe(`${gateway.file}: The configuration has 4 problems.`);
    expect(problems.sort()).toEqual([
      '  http.port: must not be less than 0',
      '  secret: must have 32 to 256 characters',
      '  surprise: is not a known setting',
      '  tenants: must name at least one tenant',
    ]);
  });

  it('takes its configuration as the command does, and refuses what it does not know rather than start with another one', () => {
    const folder = inFolder();
    const file = join(folder, 'wrong.yaml');
    writeFileSync(file, 'secret: short\n');
    const said = (...args: readonly string[]) => {
      const { status, stderr } = spawnSync(process.execPath, [main, ...args], { cwd: folder, encoding: 'utf8' });
      return { status, first: stderr.split('\n')[0] };
    };
    const read = { status: 2, first: `${file}: The configuration has 2 problems.` };
    expect(said('--config', file)).toEqual(read);
    expect(said(`--config=${file}`)).toEqual(read);
    expect(said('-c', file)).toEqual(read);
    writeFileSync(join(folder, 'tocsin.yaml'), 'secret: short\n');
    for (const args of [['--confg', file], [file], ['--config'], ['--config', '--help']]) {
      const { status, first } = said(...args);
      expect({ args, status, started: first?.includes('problems') }).toEqual({ args, status: 2, started: false });
    }
    expect(said('--help').status).toBe(0);
  });

  it('ends with code 2 where there is no configuration, or its port is taken, and says what to do', async () => {
    const folder = inFolder();
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    clean.push(() => new Promise((resolve) => holder.close(resolve)));
    const { port } = holder.address() as AddressInfo;
    const taken = run(folder, settings(folder, port));
    const missing = spawn(process.execPath, [main, '--config', join(folder, 'none.yaml')], { stdio: 'ignore' });
    expect(await new Promise((resolve) => missing.once('close', resolve))).toBe(2);
    expect(await taken.ended).toBe(2);
    expect(taken.said()).toContain(`Port ${port} on 127.0.0.1 is taken by `);
    if (process.platform === 'linux') expect(taken.said()).toContain(`process ${process.pid} (`);
    expect(taken.said()).toContain('set http.port to a free one.');
  });

  it('ends with code 2 where its folder is another process’s', async () => {
    const folder = inFolder();
    const held = await embedded({ folder: join(folder, 'store') });
    clean.push(() => held.close());
    const gateway = run(folder, settings(folder, await freePort()));
    expect(await gateway.ended).toBe(2);
    expect(gateway.said()).toContain(`in use by process ${process.pid}`);
  });

  it('ends with code 2 where a topic has another partition count than configured', async () => {
    const folder = inFolder();
    const store = await embedded({ folder: join(folder, 'store') });
    await store.log.createTopics(topicSpecs(channelIds, { stage: 3, delivery: 4, outside: 4 }));
    await store.close();
    const gateway = run(folder, settings(folder, await freePort()));
    expect(await gateway.ended).toBe(2);
    expect(gateway.said()).toContain(topicNames.addresses);
  });

  it('drains on SIGTERM: what was answered stands, and its partitions are free', async () => {
    const folder = inFolder();
    const counts = { stage: 2, delivery: 2, outside: 2 };
    const prepared = await embedded({ folder: join(folder, 'store') });
    await prepared.log.createTopics(topicSpecs(channelIds, counts));
    await prepared.close();
    const port = await freePort();
    const gateway = run(folder, { ...settings(folder, port), partitions: counts });
    const url = `http://127.0.0.1:${port}`;
    await waitUntil(
      () => `the gateway to be ready; it said: ${gateway.said()}`,
      () =>
        fetch(`${url}/health/ready`).then(
          ({ ok }) => ok,
          () => false,
        ),
    );
    expect(gateway.said()).toContain(`gateway listens on ${url}`);
    const body = JSON.stringify({ language: 'en', timeZone: 'UTC', contactPoints: {}, channelOrder: [] });
    const headers = { 'content-type': 'application/json', 'x-api-key': 'the key' };
    const put = (n: number) => fetch(`${url}/v1/customers/cus-${n}/profile`, { method: 'PUT', headers, body });
    expect((await put(100)).status).toBe(200);
    // Under way when the signal comes: each is answered, or was never taken.
    const calls = Array.from({ length: 20 }, (_, n) =>
      put(n).then(
        ({ status }) => ({ n, status }),
        () => ({ n, status: 0 }),
      ),
    );
    gateway.signal('SIGTERM');
    const answered = (await Promise.all(calls)).filter(({ status }) => status === 200);
    expect(await gateway.ended).toBe(0);

    const store = await embedded({ folder: join(folder, 'store') });
    clean.push(() => store.close());
    const recorded = new Set<string>();
    for (let partition = 0; partition < counts.stage; partition++) {
      for (const { value } of await store.log.read(topicNames.customerEvents, partition, 0, 1_000)) {
        recorded.add((JSON.parse(Buffer.from(value!).toString()) as { customerId: string }).customerId);
      }
      // A lease that was not given up would keep the next owner waiting.
      const slot = store.state.slot('directory', partition);
      expect(await slot.acquire({ leaseMs: 1_000, takeOver: false })).toMatchObject({ token: expect.any(String) });
    }
    expect([...recorded]).toEqual(expect.arrayContaining(['cus-100', ...answered.map(({ n }) => `cus-${n}`)]));
  });
});
