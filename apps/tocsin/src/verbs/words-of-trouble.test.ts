import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Command } from 'commander';
import { freePort, startRedis } from '@tocsin/testing';
import type { RunningRedis } from '@tocsin/testing';
import { addActivations } from './activations.ts';
import { addDoctor } from './doctor.ts';
import { addTopics } from './topics.ts';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-words-'));
let there: RunningRedis;
beforeAll(async () => {
  there = await startRedis({ requirepass: 'right' });
});
afterAll(async () => {
  await there.stop();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => {
  jest.restoreAllMocks();
  process.exitCode = undefined;
});

interface Where {
  readonly kafka: number;
  readonly redis: number;
  readonly password?: string;
  readonly client?: 'kafkajs' | 'platformatic';
}

/** What a command prints, or the words with which it fails. */
async function said(where: Where, add: (program: Command) => void, ...words: readonly string[]): Promise<string> {
  const file = join(folder, 'tocsin.yaml');
  writeFileSync(
    file,
    [
      'secret: at-least-thirty-two-characters-long',
      'storage: kafka',
      `kafka: { brokers: ['127.0.0.1:${where.kafka}'], client: ${where.client ?? 'platformatic'} }`,
      `redis: { port: ${where.redis}, password: ${where.password ?? 'right'} }`,
      'tenants: { alpha: { bankName: Alpha Bank } }',
    ].join('\n'),
  );
  const printed: string[] = [];
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  const program = new Command().option('--config <file>');
  add(program);
  return program.parseAsync(['--config', file, ...words], { from: 'user' }).then(
    () => printed.join(''),
    (error: unknown) => (error as Error).message,
  );
}

describe('a command whose Kafka or Redis is away', () => {
  it.each(['platformatic', 'kafkajs'] as const)(
    'names the broker that it asked, and what became of it: %s',
    async (client) => {
      const kafka = await freePort();
      const words = await said({ kafka, redis: there.port, client }, addTopics, 'topics', 'verify');
      expect(words).toContain(`connect ECONNREFUSED 127.0.0.1:${kafka}`);
    },
  );

  it('names the Redis that it asked', async () => {
    const [kafka, redis] = [await freePort(), await freePort()];
    const words = await said({ kafka, redis }, addActivations, 'rules', 'show');
    expect(words).toBe(`Redis is not available. Asked was 127.0.0.1:${redis}: ECONNREFUSED.`);
  });

  it('tells a wrong password from a Redis that is away', async () => {
    const kafka = await freePort();
    const words = await said({ kafka, redis: there.port, password: 'mistaken' }, addDoctor, 'doctor');
    expect(words).toContain(`connect ECONNREFUSED 127.0.0.1:${kafka}`);
    expect(words).toContain(`Asked was 127.0.0.1:${there.port}: it answers, and refuses us.`);
    expect(words).not.toContain('mistaken');
  });
});
