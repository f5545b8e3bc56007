import { join } from 'node:path';
import { afterEach, expect, it } from '@jest/globals';
import { topicSpecs } from '@tocsin/core';
import { silentLogger } from '@tocsin/nest';
import { smallDisk, waitUntil } from '@tocsin/testing';
import { stringify } from 'yaml';
import { hashApiKey } from './gateway/api-key.ts';
import { channelIds, openPlatform } from './platform/platform.ts';
import { readSettings } from './read-settings.ts';
import { start } from './start.ts';

const clean: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const undo of clean.splice(0).reverse()) await undo();
});

const size = 24 * 1024 * 1024;
const counts = { stage: 2, delivery: 2, outside: 2 };

it('a full disk is named by health, metric and log; nothing is answered that does not stand; it goes on when there is space', async () => {
  const disk = smallDisk(size);
  clean.push(() => disk.remove());
  const settings = readSettings(
    stringify({
      secret: 's'.repeat(32),
      folder: join(disk.folder, 'store'),
      partitions: counts,
      engine: { checkpointMs: 200 },
      http: { port: 0 },
      tenants: { mybank: { bankName: 'My Bank' } },
      gateway: {
        apiKeys: [
          { id: 'a', tenant: 'mybank', sha256: hashApiKey('the key'), scopes: ['customers:write', 'customers:read'] },
        ],
      },
    }),
    {},
  );
  const lines: string[] = [];
  const logger = { ...silentLogger, error: (message: string) => void lines.push(message) } as typeof silentLogger;
  const platform = await openPlatform(settings, logger);
  await platform.log.createTopics(topicSpecs(channelIds, counts));
  const running = await start({ settings, services: ['gateway', 'alert'], logger, platform });
  clean.push(() => running.close());

  let sent = 0;
  const put = async (): Promise<number> => {
    // Large enough to fill a disk with a few hundred of them.
    const language = 'en';
    const contactPoints = { email: { address: `${'x'.repeat(300)}@bank.example`, verified: true } };
    const { status } = await fetch(`${running.url}/v1/customers/cus-${sent}/profile`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', 'x-api-key': 'the key' },
      body: JSON.stringify({ language, timeZone: 'UTC', contactPoints, channelOrder: [] }),
    });
    if (status === 200) sent += 1;
    return status;
  };
  const health = async (): Promise<string> => (await fetch(`${running.url}/health/ready`)).text();
  await waitUntil('the first profile to be taken', async () => (await put()) === 200);
  expect(await put()).toBe(200);

  disk.fill(size);
  expect(
    await waitUntil('the disk to be full', async () => {
      const status = await put();
      return status === 200 ? false : status;
    }),
  ).toBe(503);
  await waitUntil('health to say so', async () => (await health()).includes('DISK_FULL'));
  const metrics = await (await fetch(`${running.url}/metrics`)).text();
  expect(metrics).toContain('tocsin_dependency_up{dependency="state"} 0');
  expect(lines.filter((line) => line.includes('Make space; no restart is needed'))).toHaveLength(1);
  expect((await fetch(`${running.url}/health/live`)).status).toBe(200);
  const stood = sent;

  disk.free();
  await waitUntil('it to go on', async () => (await put()) === 200);
  await waitUntil('health to be well', async () => (await fetch(`${running.url}/health/ready`)).ok);
  // Whatever was answered is there to read.
  for (const id of [0, 1, stood - 1, sent - 1]) {
    await waitUntil(`the profile of cus-${id}`, async () =>
      fetch(`${running.url}/v1/customers/cus-${id}/profile`, { headers: { 'x-api-key': 'the key' } }).then(
        ({ ok }) => ok,
      ),
    );
  }
}, 90_000);
