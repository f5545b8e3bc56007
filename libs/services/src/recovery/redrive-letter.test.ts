import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { deliverStage, detectStage, partitionOf, topicNames, topicSpecs } from '@tocsin/core';
import type { AccountRecord, DeadLetter, DeliveryRecord, FindingRecord, OutcomeRecord, Stage } from '@tocsin/core';
import { runStage } from '@tocsin/engine';
import { silentLogger } from '@tocsin/nest';
import { customerConditions, fraudRules } from '@tocsin/rules';
import { waitUntil } from '@tocsin/testing';
import { stringify } from 'yaml';
import { channelIds, openPlatform } from '../platform/platform.ts';
import type { Platform } from '../platform/platform.ts';
import { sha256 } from '../platform/digests.ts';
import { readSettings } from '../read-settings.ts';
import { everyRecord, jsonOf } from './every-record.ts';
import { installedStages } from './installed-stages.ts';
import { letterAgain, redriveLetter, redriven } from './redrive-letter.ts';
import type { LetterAgain } from './redrive-letter.ts';

const clean: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const undo of clean.splice(0).reverse()) await undo();
});

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'tocsin-redrive-'));
  clean.push(() => rmSync(made, { recursive: true, force: true }));
  return made;
};

async function installation() {
  const settings = readSettings(
    stringify({
      secret: 's'.repeat(32),
      folder: folder(),
      tenants: { mybank: { bankName: 'My Bank' } },
      sources: [{ name: 'cards', topic: 'bank.cards', tenant: 'mybank', startAt: 'earliest' }],
      channels: { email: { host: '127.0.0.1', port: 1, from: 'a@bank.example' } },
    }),
    {},
  );
  const platform = await openPlatform(settings, silentLogger);
  clean.push(() => platform.close());
  await platform.log.createTopics([
    ...topicSpecs(channelIds, platform.counts),
    { name: 'bank.cards', partitions: 1, cleanup: 'delete' },
  ]);
  const stages = installedStages(settings, platform);
  const again = (letter: DeadLetter, now = Date.now()) => letterAgain(letter, stages, platform.partitions, now);
  return { platform, again, stages };
}

const all = async <T>({ log }: Platform, topic: string): Promise<readonly T[]> => {
  const found: T[] = [];
  for await (const record of everyRecord(log, topic)) found.push(jsonOf<T>(record)!);
  return found;
};

/** Runs a stage until it has read everything that stands on its topic. */
async function runs<In>({ log, state, partitions, limits }: Platform, stage: Stage<In>): Promise<void> {
  const running = await runStage({
    stage,
    log,
    state,
    partitions,
    group: `tocsin.${stage.name}`,
    deadLettersTopic: topicNames.deadLetters,
    limits: { ...limits, checkpointMs: 50 },
  });
  await waitUntil('the stage to have read all', async () => {
    const count = (await log.facts(stage.input))!.partitions;
    for (let partition = 0; partition < count; partition++) {
      const { end } = await log.bounds(stage.input, partition);
      const position = await state.slot(stage.name, partition).position();
      if (end > 0 && (position?.offset ?? 0) < end) return false;
    }
    return true;
  });
  await running.stop();
}

const sendable = (what: LetterAgain): Extract<LetterAgain, { kind: 'append' }> => {
  if (what.kind === 'left') throw new Error(`It was left: ${what.why}`);
  return what;
};

const detect = () => detectStage({ rules: fraudRules, conditions: customerConditions });

/** A build that cannot process one transaction. */
function broken(id: string): Stage<AccountRecord> {
  const stage = detect();
  return {
    ...stage,
    step: (context, record) => {
      if (record.type === 'transaction' && record.transaction.id === id) throw new Error('a fault of this build');
      stage.step(context, record);
    },
  };
}

const account = { tenantId: 'mybank', accountId: 'acc-1' };
const now = Date.now();

const records = (): readonly AccountRecord[] => {
  const transaction: AccountRecord = {
    type: 'transaction',
    version: 1,
    tenantId: 'mybank',
    transaction: {
      id: 't-1',
      lifecycleId: 't-1',
      accountId: 'acc-1',
      occurredAt: now,
      precision: 'instant',
      amount: { minor: 7_500, currency: 'EUR' },
      direction: 'debit',
      status: 'authorised',
      channel: 'card-present',
    },
    receivedAt: now,
    origin: { topic: 'bank.cards', partition: 0, offset: 0 },
  };
  return [
    {
      type: 'account-holders',
      version: 1,
      id: 'h',
      ...account,
      acceptedAt: now,
      holders: [{ customerId: 'cus-1', role: 'owner' }],
    },
    {
      type: 'conditions',
      version: 1,
      id: 'c',
      ...account,
      customerId: 'cus-1',
      acceptedAt: now,
      conditions: { 'purchase-over': { on: true, amount: { minor: 5_000, currency: 'EUR' } } },
    },
    transaction,
  ];
};

describe('a dead letter that is sent again', () => {
  it('is processed by the build that can, once, however often it is sent', async () => {
    const { platform, again } = await installation();
    const { log, partitions } = platform;
    const key = 'mybank:acc-1';
    const partition = partitionOf(key, partitions[topicNames.accountEvents]!);
    for (const record of records())
      await log.append([
        { topic: topicNames.accountEvents, partition, key, value: JSON.stringify(record), headers: { kept: 'yes' } },
      ]);
    await runs(platform, broken('t-1'));
    const [letter] = await all<DeadLetter>(platform, topicNames.deadLetters);
    expect(letter).toMatchObject({ stage: 'detect', kind: 'step-failed' });
    expect(await all<FindingRecord>(platform, topicNames.customerEvents)).toEqual([]);

    const what = sendable(await again(letter!));
    expect(Object.keys(what.record.headers!).sort()).toEqual(['kept', 'src']);
    // Sent in vain to the build that cannot, it becomes another letter, which can be sent again like the first one.
    await redriveLetter(platform, letter!, what);
    await runs(platform, broken('t-1'));
    const letters = await all<DeadLetter>(platform, topicNames.deadLetters);
    expect(letters.map(({ id }) => id)).toEqual([letter!.id, expect.not.stringMatching(`^${letter!.id}$`)]);

    for (let i = 0; i < 3; i++) await redriveLetter(platform, letters[1]!, sendable(await again(letters[1]!)));
    await runs(platform, detect());
    const findings = await all<FindingRecord>(platform, topicNames.customerEvents);
    expect(findings.map(({ id }) => id)).toEqual(['mybank/acc-1/t-1/cus-1']);
    expect(await all(platform, topicNames.deadLetters)).toHaveLength(2);
    expect([...(await redriven(log)).keys()].sort()).toEqual(letters.map(({ id }) => id).sort());
  });

  it('is left where its record is gone, is another one, or would undo what came later', async () => {
    const { platform, again } = await installation();
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    const of = (stage: string, topic: string, more: Partial<DeadLetter> = {}): DeadLetter => ({
      type: 'dead-letter',
      version: 1,
      id: `${stage}/${topic}/0/1@0.0`,
      stage,
      kind: 'step-failed',
      reason: 'The step failed: Error.',
      origin: { topic, partition: 0, offset: 0 },
      key: base64('k'),
      value: base64('{"type":"attempt"}'),
      ...more,
    });
    const why = async (letter: DeadLetter) => {
      const what = await again(letter);
      return what.kind === 'left' ? what.why : what.record;
    };
    const topic = 'deliveries.email.urgent';
    const first = async (name: string, value: string) =>
      platform.log.append([{ topic: name, partition: 0, key: 'k', value }]);
    expect(await why(of('alert', topicNames.customerEvents))).toContain('no longer kept');
    await first(topicNames.customerEvents, 'another one');
    expect(await why(of('alert', topicNames.customerEvents))).toContain('no longer kept');
    await first(topic, '{"type":"attempt"}');
    expect(await why(of('deliver.email.urgent', topic))).toContain('counts as unknown');
    expect(await why(of('directory', topicNames.addresses))).toContain('tied to somebody else');
    expect(await why(of('deliver.pigeon.urgent', topic))).toContain('no stage deliver.pigeon.urgent');
    expect(await why(of('alert', topicNames.customerEvents, { kind: 'too-large' }))).toContain('too large');
    const { value: _, ...timer } = of('alert', topicNames.customerEvents);
    expect(await why(timer)).toContain('a timer failed');
    // To the bank's topic it goes as the bank wrote it.
    await first('bank.cards', '{"type":"attempt"}');
    expect(await why(of('ingest.cards', 'bank.cards'))).toMatchObject({
      topic: 'bank.cards',
      partition: 0,
      headers: {},
    });
  });

  it('opens a delivery that was refused, once, and not one that is stale', async () => {
    const { platform, again } = await installation();
    const { log, partitions, state } = platform;
    const topic = 'deliveries.email.urgent';
    const key = 'mybank:cus-1';
    const partition = partitionOf(key, partitions[topic]!);
    const common = { version: 1, tenantId: 'mybank', customerId: 'cus-1' } as const;
    const delivery: DeliveryRecord = {
      type: 'delivery',
      ...common,
      id: 'a-1/email/1',
      alertId: 'a-1',
      channel: 'email',
      lane: 'urgent',
      priority: 0,
      purpose: 'fraud-protection',
      content: { kind: 'fraud-check', items: [], reasons: [] },
      expiresAt: Date.now() + 3_600_000,
    };
    const outcome: OutcomeRecord = {
      type: 'outcome',
      ...common,
      id: 'a-1/email/1#1',
      deliveryId: delivery.id,
      attempt: 1,
      outcome: { kind: 'permanent', code: 'refused' },
    };
    for (const record of [delivery, outcome])
      await log.append([{ topic, partition, key, value: JSON.stringify(record) }]);
    const stage = () => deliverStage({ channel: 'email', lane: 'urgent', digest: sha256 });
    await runs(platform, stage());
    const [letter] = await all<DeadLetter>(platform, topicNames.deadLetters);
    expect(letter).toMatchObject({ kind: 'undeliverable', stage: 'deliver.email.urgent' });
    expect(await again(letter!, delivery.expiresAt)).toEqual({
      kind: 'left',
      why: expect.stringContaining('stale since'),
    });

    for (let i = 0; i < 2; i++) await redriveLetter(platform, letter!, sendable(await again(letter!)));
    await runs(platform, stage());
    const [job] = await state.slot(stage().name, partition).peek(['!j:a-1/email/1']);
    expect(Buffer.from(job!).toString('latin1')).toContain('mayRepeat');
    await log.append([{ topic, partition, key, value: JSON.stringify(outcome) }]);
    await runs(platform, stage());
    const letters = await all<DeadLetter>(platform, topicNames.deadLetters);
    expect(letters).toHaveLength(2);
  });
});
