import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startBankWorld } from './bank-world.ts';
import type { BankWorld } from './bank-world.ts';
import { tocsin } from './tocsin.ts';

/* Redis is emptied under a running system and there is no snapshot: the last resort, on a real broker. */

const stages = ['ingest.cards', 'detect', 'alert', 'deliver.sms.routine', 'deliver.sms.urgent', 'directory'];

describe('a Redis that was emptied', () => {
  let world: BankWorld;
  let file: string;

  beforeAll(async () => {
    world = await startBankWorld();
    await world.startServices();
    for (const customer of [1, 2, 3]) await world.enrol(customer);
    for (const customer of [1, 2, 3]) await world.pay(customer, `${customer}01`);
    for (const customer of [1, 2, 3]) await world.hears(customer, [`${customer}01`]);
    file = join(mkdtempSync(join(tmpdir(), 'tocsin-rules-')), 'rules.yaml');
    writeFileSync(file, 'id: first\nrules:\n  purchase-over: { mode: live }\n  velocity-count: { mode: shadow }\n');
  }, 120_000);
  afterAll(() => world?.close());

  it('takes a rule set and a policy in every partition, hot, under a version that grows', async () => {
    const shown = await tocsin(world, 'rules', 'show', '--json');
    expect(JSON.parse(shown.out)).toEqual([
      expect.objectContaining({ stage: 'detect', partition: 0, version: null }),
      expect.objectContaining({ stage: 'detect', partition: 1, version: null }),
    ]);
    const activated = await tocsin(world, 'rules', 'activate', file, '--json');
    expect({ code: activated.code, err: activated.err }).toEqual({ code: 0, err: '' });
    const { version } = JSON.parse(activated.out) as { version: number };
    const again = await tocsin(world, 'rules', 'activate', file, '--json');
    expect((JSON.parse(again.out) as { version: number }).version).toBeGreaterThan(version);
    const after = JSON.parse((await tocsin(world, 'rules', 'show', '--json')).out) as { id: string }[];
    expect(after.map(({ id }) => id)).toEqual(['first', 'first']);

    const bad = file.replace('.yaml', '-bad.yaml');
    writeFileSync(bad, 'id: bad\nrules: { no-such-rule: {} }\n');
    const refused = await tocsin(world, 'rules', 'activate', bad);
    expect({ code: refused.code, err: refused.err }).toEqual({ code: 2, err: expect.stringContaining('no-such-rule') });

    const policy = file.replace('rules.yaml', 'policy.yaml');
    writeFileSync(
      policy,
      'id: p1\nbankName: New Bank\ndefaultLanguage: en\ndefaultTimeZone: UTC\nchannels: { sms: { allowed: true } }\nlegalBasis: {}\n',
    );
    const put = await tocsin(world, 'policy', 'activate', policy, '--json');
    expect({ code: put.code, err: put.err }).toEqual({ code: 0, err: '' });
    await world.pay(1, '109');
    await world.hears(1, ['109']);
    expect(world.told(1).at(-1)).toContain('New Bank');
  }, 120_000);

  it('stops every partition that had got anywhere, and sends nothing', async () => {
    await world.call('POST', 'kill-switches', { scope: 'provider:Other', on: false, why: 'only to have one' });
    const kill = await world.call('POST', 'kill-switches', { scope: 'channel:sms', on: true, why: 'it leaks' });
    expect(kill.status).toBe(200);
    const off = await world.call('POST', 'kill-switches', { scope: 'channel:sms', on: false, why: 'mended' });
    expect(off.status).toBe(200);
    await world.flushRedis();
    for (const customer of [1, 2, 3]) await world.pay(customer, `${customer}02`);
    await world.isDown('ingest.cards', 'STATE_EMPTY');
    await world.stopServices();
    await world.startServices();
    for (const stage of stages) await world.isDown(stage, 'STATE_EMPTY');
    expect([1, 2, 3].flatMap((customer) => world.told(customer)).join()).not.toMatch(/102|202|302/);
  }, 120_000);

  it('is not rebuilt unless somebody accepts what that means', async () => {
    const asked = await tocsin(world, 'recover');
    expect({ code: asked.code, err: asked.err }).toEqual({ code: 2, err: expect.stringContaining('--accept-amnesia') });
    expect(asked.out).toContain('restore it');
    const tried = await tocsin(world, 'recover', '--accept-amnesia', '--dry-run');
    expect({ code: tried.code, out: tried.out }).toEqual({ code: 0, out: expect.stringContaining('in silence up to') });
    expect(Object.keys(await world.down())).toEqual(expect.arrayContaining(stages));
  }, 120_000);

  it('is rebuilt from the logs, and what was told is not told again', async () => {
    const before = [1, 2, 3].flatMap((customer) => world.told(customer)).length;
    const done = await tocsin(world, 'recover', '--accept-amnesia', '--json');
    expect({ code: done.code, err: done.err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(done.out)).toMatchObject({ done: true, customers: 3, documents: 0, killSwitches: 2 });
    await world.isWell();
    for (const customer of [1, 2, 3]) await world.hears(customer, [`${customer}01`, `${customer}02`]);
    expect([1, 2, 3].flatMap((customer) => world.told(customer))).toHaveLength(before + 3);
    expect(world.told(1).at(-1)).toContain('New Bank');
    const rules = JSON.parse((await tocsin(world, 'rules', 'show', '--json')).out) as { id: string }[];
    expect(rules.map(({ id }) => id)).toEqual(['first', 'first']);
    expect((await tocsin(world, 'ledger', 'verify')).out).not.toContain('BROKEN');
    const again = await tocsin(world, 'recover');
    expect({ code: again.code, out: again.out }).toEqual({ code: 0, out: expect.stringContaining('nothing is lost') });
  }, 180_000);

  it('is rebuilt also where the logs no longer have who the customers are', async () => {
    // All that is older than now goes: profiles, consents, contacts, addresses, the activations.
    await world.stopServices();
    for (const topic of [
      'account-events',
      'customer-events',
      'addresses',
      'deliveries.sms.routine',
      'deliveries.sms.urgent',
    ])
      for (const partition of [0, 1]) {
        const { end } = await world.bank.bounds(topic, partition);
        await world.deleteRecords(topic, partition, end);
      }
    await world.flushRedis();
    await world.startServices();
    await world.isDown('alert', 'STATE_EMPTY');
    const done = await tocsin(world, 'recover', '--accept-amnesia', '--json');
    expect({ code: done.code, err: done.err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(done.out)).toMatchObject({ customers: 3, documents: 2 });
    await world.isWell();
    const rules = JSON.parse((await tocsin(world, 'rules', 'show', '--json')).out) as { id: string }[];
    expect(rules.map(({ id }) => id)).toEqual(['first', 'first']);
    // The provider's webhook finds the customer by the number, and a STOP is in force.
    expect(await world.says(2, 'STOP')).toBe(200);
    await world.enrolAccount(1);
    await world.enrolAccount(2);
    const told = world.told(2).length;
    await world.pay(2, '203');
    await world.pay(1, '103');
    await world.hears(1, ['103']);
    expect(world.told(2).slice(told).join()).not.toContain('203');
    expect((await tocsin(world, 'ledger', 'verify')).out).not.toContain('BROKEN');
  }, 180_000);
});
