import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Command } from 'commander';
import { topicNames, topicSpecs } from '@tocsin/core';
import type { Log } from '@tocsin/core';
import { kafkaLog } from '@tocsin/kafka';
import { channelIds } from '@tocsin/services';
import { startKafka } from '@tocsin/testing';
import type { RunningKafka } from '@tocsin/testing';
import { addDoctor } from './doctor.ts';
import { embeddedInstallation } from './embedded-installation.testing.ts';

interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
}

describe('tocsin doctor', () => {
  let kafka: RunningKafka;
  let folder: string;

  beforeAll(async () => {
    kafka = await startKafka();
    folder = mkdtempSync(join(tmpdir(), 'tocsin-doctor-'));
  });
  afterEach(() => {
    jest.restoreAllMocks();
    process.exitCode = undefined;
  });
  afterAll(async () => {
    await kafka.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const doctor = async (): Promise<readonly Finding[]> => {
    const said: string[] = [];
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => said.push(String(text)) > 0);
    const program = new Command().option('--config <file>');
    addDoctor(program);
    await program.parseAsync(['--config', join(folder, 'tocsin.yaml'), 'doctor', '--json'], { from: 'user' });
    return JSON.parse(said.join('')) as readonly Finding[];
  };

  it('looks for a source of the bank’s on the cluster on which it lies', async () => {
    writeFileSync(
      join(folder, 'tocsin.yaml'),
      [
        'storage: embedded',
        `folder: ${join(folder, 'data')}`,
        'secret: at-least-thirty-two-characters-long',
        'tenants: { alpha: { bankName: Alpha Bank } }',
        `sources: [{ name: payments, topic: bank, format: json, startAt: earliest, tenant: alpha, kafka: { brokers: ["${kafka.address}"] } }]`,
      ].join('\n'),
    );
    const source = (findings: readonly Finding[]) => findings.find(({ what }) => what === 'source payments');
    expect(source(await doctor())).toMatchObject({ ok: false, detail: 'The topic bank does not exist.' });
    const bank = kafkaLog({ brokers: [kafka.address], clientId: 'bank' });
    await bank.createTopics([{ name: 'bank', partitions: 1, cleanup: 'delete' }]);
    await bank.close();
    const findings = await doctor();
    expect(source(findings)).toMatchObject({ ok: true });
    expect(findings.map(({ what }) => what)).toContain('positions of ingest.payments');
  });
});

/** As a member of a group that went so far. */
async function commit(log: Log, group: string, topic: string, partition: number, offset: number): Promise<void> {
  const subscription = await log.subscribe(
    { group, topic, sessionTimeoutMs: 10_000 },
    {
      assigned: () => undefined,
      revoked: () => undefined,
      batch: () => Promise.resolve(),
      failed: () => undefined,
    },
  );
  await subscription.commit(partition, offset);
  await subscription.close();
}

describe('what tocsin doctor says of positions', () => {
  const installation = embeddedInstallation();

  afterAll(() => installation.remove());
  afterEach(() => {
    process.exitCode = undefined;
  });

  it('names each partition that cannot go on, and the command that mends it; the exit code says that something is wrong', async () => {
    const topic = topicNames.accountEvents;
    await installation.with(async ({ log, state, counts }) => {
      await log.createTopics([...topicSpecs(channelIds, counts), { name: 'bank', partitions: 1, cleanup: 'delete' }]);
      for (const partition of [0, 1, 2]) await log.append([{ topic, partition, key: 'a', value: '{}' }]);
      const stands = async (partition: number, offset: number, crc?: number): Promise<void> => {
        const slot = state.slot('detect', partition);
        const acquired = await slot.acquire({ leaseMs: 1_000, takeOver: false });
        if ('busyMs' in acquired) throw new Error('Somebody else has the slot.');
        const fingerprint = crc === undefined ? null : { offset: 0, timestamp: 1, crc };
        const position = { offset, fingerprint, generation: 1, clockAt: 0 };
        await slot.checkpoint({ ...acquired, position, entries: new Map(), leaseMs: 1_000, release: true });
      };
      await commit(log, 'tocsin.detect', topic, 0, 1);
      await stands(1, 1, 4711);
      await stands(2, 7);
    });
    const findings = JSON.parse(await installation.run(addDoctor, 'doctor', '--json')) as readonly Finding[];
    const { ok, detail } = findings.find(({ what }) => what === 'positions of detect')!;
    expect(ok).toBe(false);
    expect(process.exitCode).toBe(1);
    expect(detail).toContain('partition 0: STATE_EMPTY, the store knows nothing, although the group was at 1.');
    expect(detail).toContain('"tocsin recover"');
    expect(detail).toContain('partition 1: FINGERPRINT_DIFFERS');
    expect(detail).toContain('partition 2: BEYOND_END, the position 7 lies beyond the end 1');
    expect(detail.match(/"tocsin accept-log --stage detect --dry-run"/g)).toHaveLength(1);
    expect(findings.find(({ what }) => what === 'positions of alert')).toMatchObject({ ok: true });
  });
});
