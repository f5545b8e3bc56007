import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  kafkaAnswers,
  needTool,
  quietPorts,
  redisAnswers,
  startKafka,
  startKafkaCluster,
  startRedis,
  waitUntil,
} from '../index.ts';

const at = (address: string): [string, number] => [address.split(':')[0]!, Number(address.split(':')[1])];

const clean: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const undo of clean.splice(0).reverse()) await undo();
});

describe('a private Redis', () => {
  it('answers, and leaves neither process nor folder', async () => {
    const redis = await startRedis();
    clean.push(() => redis.stop());
    expect(await redisAnswers(redis.host, redis.port)).toBe(true);
    await redis.stop();
    expect(await redisAnswers(redis.host, redis.port)).toBe(false);
    expect(existsSync(redis.dir)).toBe(false);
  });

  it('starts again on the folder of one that was killed', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'tocsin-kept-'));
    clean.push(() => rmSync(dir, { recursive: true, force: true }));
    const first = await startRedis({ dir, appendonly: true, requirepass: 'for-this-test' });
    await first.kill();
    expect(existsSync(dir)).toBe(true);
    const second = await startRedis({ dir, appendonly: true, port: first.port });
    expect(second.pid).not.toBe(first.pid);
    await second.stop();
    expect(existsSync(dir)).toBe(true);
  });

  it('says what Redis said when it cannot start', async () => {
    await expect(startRedis({ settings: { 'no-such-setting': 1 } })).rejects.toThrow(/no-such-setting/);
  });

  it('ends when the process that started it is killed', async () => {
    const source = new URL('./start-redis.ts', import.meta.url).href;
    const program = `const { startRedis } = await import(${JSON.stringify(source)});
      const { port, pid, dir } = await startRedis(); console.log(JSON.stringify({ port, pid, dir })); setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const line = await new Promise<string>((resolve) =>
      owner.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString())),
    );
    const { port, dir } = JSON.parse(line) as { port: number; dir: string };
    expect(await redisAnswers('127.0.0.1', port)).toBe(true);
    owner.kill('SIGKILL');
    await waitUntil('Redis to be gone', async () => !(await redisAnswers('127.0.0.1', port)));
    await waitUntil('its folder to be gone', () => !existsSync(dir));
  });
});

describe('a private broker', () => {
  it('answers, comes back at the same address after kill -9, and is gone after stop', async () => {
    const kafka = await startKafka();
    clean.push(() => kafka.stop());
    const former = kafka.pid;
    expect(await kafkaAnswers(...at(kafka.address))).toBe(true);
    await kafka.kill();
    expect(await kafkaAnswers(...at(kafka.address))).toBe(false);
    await kafka.restart();
    expect(kafka.pid).not.toBe(former);
    expect(await kafkaAnswers(...at(kafka.address))).toBe(true);
    const kcat = spawnSync(needTool('kcat'), ['-b', kafka.address, '-L'], { encoding: 'utf8' });
    expect(kcat.stdout).toContain('1 brokers');
    await kafka.stop();
    expect(await kafkaAnswers(...at(kafka.address))).toBe(false);
  });

  it('says what the broker said when it cannot start', async () => {
    await expect(startKafka({ settings: { 'num.io.threads': 'many' } })).rejects.toThrow(/num\.io\.threads/);
  });
});

describe('a cluster of brokers', () => {
  it('has another controller when the first is killed, and a door for whoever comes through a proxy', async () => {
    const [advertised] = await quietPorts(3);
    const cluster = await startKafkaCluster({
      brokers: 3,
      doors: { DOOR: [advertised!, advertised! + 1, advertised! + 2] },
    });
    clean.push(() => cluster.stop());
    for (const broker of cluster.brokers) expect(await kafkaAnswers('127.0.0.1', broker.door('DOOR'))).toBe(true);
    const first = await waitUntil('a controller', () => cluster.controller()?.toString());
    await cluster.brokers[Number(first)]!.kill();
    await waitUntil('another controller', () => cluster.controller()?.toString() !== first, { withinMs: 30_000 });
    expect(cluster.brokers.map((broker) => broker.running())).toEqual([0, 1, 2].map((i) => i !== Number(first)));
    await cluster.brokers[Number(first)]!.restart();
    expect(await kafkaAnswers(...at(cluster.addresses[Number(first)]!))).toBe(true);
  }, 120_000);
});

describe('ports that stay free', () => {
  it('are all different, also when asked for at once, and lie below those of outgoing connections', async () => {
    const ports = (await Promise.all([quietPorts(20), quietPorts(20)])).flat();
    expect(new Set(ports).size).toBe(40);
    expect(Math.max(...ports)).toBeLessThan(32_768);
  });
});
