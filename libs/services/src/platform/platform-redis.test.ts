import { expect, it } from '@jest/globals';
import { silentLogger } from '@tocsin/nest';
import { startRedis } from '@tocsin/testing';
import { stringify } from 'yaml';
import { readSettings } from '../read-settings.ts';
import { openPlatform } from './platform.ts';

it('demands of Redis what a bank needs where the settings say production', async () => {
  const redis = await startRedis({ appendonly: false });
  try {
    const problems = async (production: boolean): Promise<readonly string[]> => {
      const settings = readSettings(
        stringify({
          storage: 'kafka',
          secret: 's'.repeat(32),
          // Nobody asks it anything.
          kafka: { brokers: ['127.0.0.1:1'] },
          redis: { host: '127.0.0.1', port: redis.port, production },
          tenants: { mybank: { bankName: 'My Bank' } },
        }),
        {},
      );
      const platform = await openPlatform(settings, silentLogger);
      try {
        return await platform.state.check();
      } finally {
        await platform.close();
      }
    };
    expect(await problems(false)).toEqual([]);
    expect(await problems(true)).toEqual([
      expect.stringContaining('Set min-replicas-to-write 1'),
      expect.stringContaining('Set appendonly yes'),
    ]);
  } finally {
    await redis.stop();
  }
});
