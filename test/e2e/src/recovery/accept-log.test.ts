import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topicNames } from '@tocsin/core';
import { waitUntil } from '@tocsin/testing';
import { bankTopic, startBankWorld } from './bank-world.ts';
import type { BankWorld } from './bank-world.ts';
import { tocsin } from './tocsin.ts';

/* Topics that are created anew or cut under a running system, on a real broker; and what an operator then runs. */

describe('a log that is not the one that was read', () => {
  let world: BankWorld;

  beforeAll(async () => {
    world = await startBankWorld();
    await world.startServices();
    await world.enrol(1);
    await world.enrol(2);
    await world.pay(1, '101');
    await world.pay(2, '201');
    await world.hears(1, ['101']);
    await world.hears(2, ['201']);
  }, 90_000);
  afterAll(() => world?.close());

  /** Every record of the topic is behind a checkpoint. */
  const consumed = (stage: string, topic: string): Promise<unknown> =>
    waitUntil(`${stage} to have consumed all`, async () => {
      for (let partition = 0; partition < 2; partition++) {
        const { end } = await world.bank.bounds(topic, partition);
        const position = await world.platform.state.slot(stage, partition).position();
        if (end > 0 && (position?.offset ?? 0) < end) return false;
      }
      return true;
    });

  it('is accepted by one command where the bank’s topic was created anew, without a restart', async () => {
    await consumed('ingest.cards', bankTopic);
    await world.recreateTopic(bankTopic);
    await world.pay(1, '102');
    await world.pay(2, '202');
    await waitUntil('ingest to stop', async () => /partition/.test((await world.down())['ingest.cards'] ?? ''));
    expect(world.told(1).join()).not.toContain('102');

    const tried = await tocsin(world, 'accept-log', '--stage', 'ingest.cards', '--dry-run');
    expect(tried.out).toContain('would accept');
    expect((await world.down())['ingest.cards']).toContain('partition');
    const done = await tocsin(world, 'accept-log', '--stage', 'ingest.cards', '--json');
    expect(done.code).toBe(0);
    const { partitions } = JSON.parse(done.out) as { partitions: { does: string; generation?: number }[] };
    expect(partitions.filter(({ does }) => does === 'accept').map(({ generation }) => generation)).toContain(2);
    await world.hears(1, ['101', '102']);
    await world.hears(2, ['201', '202']);
    await world.isWell();
  }, 120_000);

  it('is accepted where records were removed unread, and nothing else is asked for', async () => {
    await world.stopServices();
    for (const id of ['103', '104', '105']) await world.pay(1, id);
    const { end } = await world.bank.bounds(bankTopic, 1);
    await world.deleteRecords(bankTopic, 1, end - 1);
    await world.startServices();
    await world.isDown('ingest.cards', 'BEFORE_START');
    const { code, out } = await tocsin(world, 'accept-log', '--stage', 'ingest.cards', '--partition', '1');
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('BEFORE_START: accepted') });
    await world.hears(1, ['105']);
    expect(world.told(1).join()).not.toMatch(/103|104/);
    const again = await tocsin(world, 'accept-log', '--stage', 'ingest.cards');
    expect(again.out).toContain('nothing to accept');
  }, 120_000);

  it('is accepted for deliveries that were sent, and none is sent again', async () => {
    const topic = 'deliveries.sms.routine';
    const before = world.told(1).length + world.told(2).length;
    await consumed('deliver.sms.routine', topic);
    await world.recreateTopic(topic);
    await world.isDown('deliver.sms.routine', 'partition');
    await tocsin(world, 'accept-log', '--stage', 'deliver.sms.routine');
    await world.isWell();
    await world.pay(1, '106');
    await world.hears(1, ['106']);
    expect(world.told(1).length + world.told(2).length).toBe(before + 1);
  }, 120_000);

  it('is accepted for what concerns customers, and a STOP is in force before and after', async () => {
    const topic = 'customer-events';
    await consumed('alert', topic);
    await world.recreateTopic(topic);
    expect(await world.says(2, 'STOP')).toBe(200);
    await world.isDown('alert', 'partition');
    expect((await tocsin(world, 'accept-log', '--stage', 'alert')).code).toBe(0);
    await world.isWell();
    await world.pay(2, '207');
    await world.pay(1, '107');
    await world.hears(1, ['107']);
    expect(world.told(2).join()).not.toContain('207');
    // Its copy of the contact counts as newer than the barrier, and than what it had of the topic before.
    expect(await world.says(2, 'START')).toBe(200);
    await consumed('alert', topic);
    await world.pay(2, '208');
    await world.hears(2, ['208']);
    expect(await world.says(2, 'STOP')).toBe(200);
    await world.pay(2, '209');
    await world.pay(1, '109');
    await world.hears(1, ['109']);
    expect(world.told(2).join()).not.toContain('209');
  }, 120_000);

  it('refuses a stage that does not exist, and says which there are', async () => {
    const { code, err } = await tocsin(world, 'accept-log', '--stage', 'nothing');
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('ingest.cards, detect, alert') });
    expect((await tocsin(world, 'accept-log', '--help')).out).toContain('--dry-run');
  });

  it('writes down who accepted what', async () => {
    const rows: string[] = [];
    for (let partition = 0; partition < 2; partition++) {
      const { start } = await world.bank.bounds(topicNames.audit, partition);
      for (const { value } of await world.bank.read(topicNames.audit, partition, start, 1_000)) {
        rows.push(Buffer.from(value ?? []).toString());
      }
    }
    expect(rows.filter((row) => row.includes('"action":"accept-log"')).length).toBeGreaterThanOrEqual(3);
  });
});
