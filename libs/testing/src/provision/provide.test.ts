import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { kafkaAddress, redisAddress } from './addresses.ts';
import { differences } from './broker-jars.ts';
import { freePort } from './free-port.ts';
import { provide, withdraw } from './provide.ts';
import { redisAnswers, startRedis } from './start-redis.ts';

describe('what the tests of one run share', () => {
  const former = { ...process.env };
  beforeEach(() => {
    delete process.env['TOCSIN_TEST_REDIS'];
    delete process.env['TOCSIN_TEST_KAFKA'];
    process.env['TOCSIN_TEST_CONTAINERS'] = 'no';
  });
  afterEach(async () => {
    await withdraw();
    process.env = { ...former };
  });

  it('is started once, announced by address, and stopped', async () => {
    await provide(['redis']);
    const address = redisAddress();
    await provide(['redis']);
    expect(redisAddress()).toBe(address);
    const [host, port] = address.split(':') as [string, string];
    expect(await redisAnswers(host, Number(port))).toBe(true);
    await withdraw();
    expect(await redisAnswers(host, Number(port))).toBe(false);
    expect(() => redisAddress()).toThrow('"tocsin": { "needs": ["redis"] }');
  });

  it('is taken from the environment where an address is given, and then left alone', async () => {
    const redis = await startRedis({ requirepass: 'for-this-test' });
    process.env['TOCSIN_TEST_REDIS'] = `${redis.host}:${redis.port}`;
    await provide(['redis']);
    await withdraw();
    expect(redisAddress()).toBe(`${redis.host}:${redis.port}`);
    expect(await redisAnswers(redis.host, redis.port)).toBe(true);
    await redis.stop();
  });

  it('fails, and says how, when nobody answers at the given address', async () => {
    process.env['TOCSIN_TEST_KAFKA'] = `127.0.0.1:${await freePort()}`;
    await expect(provide(['kafka'])).rejects.toThrow(
      /TOCSIN_TEST_KAFKA is set to .* but no Apache Kafka answers there/,
    );
    process.env['TOCSIN_TEST_KAFKA'] = 'nonsense';
    await expect(provide(['kafka'])).rejects.toThrow('TOCSIN_TEST_KAFKA must be host:port.');
    expect(kafkaAddress()).toBe('nonsense');
  });
});

describe('the recorded check sums', () => {
  it('find what is missing, changed or foreign', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tocsin-sums-'));
    try {
      const sumOfEmpty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
      const recorded = `${sumOfEmpty}  a.jar\n${sumOfEmpty}  b.jar\n`;
      expect(differences(folder, recorded)).toEqual(['a.jar', 'b.jar']);
      writeFileSync(join(folder, 'a.jar'), '');
      writeFileSync(join(folder, 'b.jar'), '');
      expect(differences(folder, recorded)).toEqual([]);
      writeFileSync(join(folder, 'b.jar'), 'changed');
      writeFileSync(join(folder, 'c.jar'), '');
      expect(differences(folder, recorded)).toEqual(['b.jar', 'c.jar']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
