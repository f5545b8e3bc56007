import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { topicSpecs } from '@tocsin/core';
import { silentLogger } from '@tocsin/nest';
import { stringify } from 'yaml';
import { channelIds, openPlatform } from './platform/platform.ts';
import { readSettings } from './read-settings.ts';
import { start } from './start.ts';

it('says once why a stage waits, however long it does', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-subscribing-'));
  const settings = readSettings(
    stringify({
      secret: 's'.repeat(32),
      folder,
      http: { port: 0 },
      tenants: { mybank: { bankName: 'My Bank' } },
      sources: [{ name: 'cards', topic: 'bank.cards', tenant: 'mybank', startAt: 'earliest' }],
    }),
    {},
  );
  const platform = await openPlatform(settings, silentLogger);
  await platform.log.createTopics(topicSpecs(channelIds, platform.counts));
  const lines: object[] = [];
  const logger = {
    ...silentLogger,
    warn: (message: string, fields?: object) => void lines.push({ message, ...fields }),
  };
  const running = await start({ settings, services: ['ingest'], logger, platform });
  try {
    await sleep(3_500);
    expect(lines).toEqual([
      {
        message: 'a stage cannot subscribe yet; trying again',
        topic: 'bank.cards',
        reason: 'Topic bank.cards does not exist.',
      },
    ]);
  } finally {
    await running.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
