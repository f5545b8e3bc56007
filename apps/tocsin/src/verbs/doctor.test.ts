import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Command } from 'commander';
import { kafkaLog } from '@tocsin/kafka';
import { startKafka } from '@tocsin/testing';
import type { RunningKafka } from '@tocsin/testing';
import { addDoctor } from './doctor.ts';

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
