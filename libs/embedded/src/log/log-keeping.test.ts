import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { days, hours } from '@tocsin/core';
import type { LogRecord, Subscriber } from '@tocsin/core';
import { waitUntil } from '@tocsin/testing';
import { embedded } from '../embedded.ts';
import type { Embedded } from '../embedded.ts';
import { Store } from '../store.ts';
import { EmbeddedLog } from './embedded-log.ts';
import { LogCore } from './log-core.ts';

let folder: string;
let all: Embedded;
let now = 0;

const start = Date.UTC(2026, 0, 1);
const reopen = async (): Promise<void> => {
  await all.close();
  all = await embedded({ folder, now: () => now });
};

beforeEach(async () => {
  now = start;
  folder = mkdtempSync(join(tmpdir(), 'tocsin-keeping-'));
  all = await embedded({ folder, now: () => now });
});

afterEach(async () => {
  await all.close();
  rmSync(folder, { recursive: true });
});

const put = async (topic: string, key: string, value: string | null): Promise<number> =>
  (await all.log.append([{ topic, partition: 0, key, value }]))[0]!.offset;

const text = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString());
const brief = (records: readonly LogRecord[]): readonly unknown[] =>
  records.map(({ offset, key, value }) => [offset, text(key), text(value)]);

describe('a folder that is opened again', () => {
  it('has everything: records, topics, commits, state, barriers, switches, short-term texts', async () => {
    await all.log.createTopics([{ name: 'kept', partitions: 3, cleanup: 'delete', retentionMs: days(7) }]);
    await all.log.append([
      { topic: 'kept', partition: 2, key: 'k', value: 'v', headers: { h: 'x' } },
      { topic: 'kept', partition: 2, key: null, value: null },
    ]);
    const facts = await all.log.facts('kept');
    const records = await all.log.read('kept', 2, 0, 10);
    const subscription = await all.log.subscribe({ topic: 'kept', group: 'g' }, silent());
    await subscription.commit(2, 1);
    const slot = all.state.slot('detect', 1);
    const acquired = await slot.acquire({ leaseMs: 1_000, takeOver: true });
    if ('busyMs' in acquired) throw new Error('A take-over is never refused.');
    const position = { offset: 2, fingerprint: { offset: 1, timestamp: start, crc: 7 }, generation: 1, clockAt: start };
    const entries = new Map([['!r', new Uint8Array(12)]]);
    await slot.checkpoint({ token: acquired.token, version: 0, position, entries, leaseMs: 1_000 });
    await all.barriers.raise('bank', 'cus', { offset: 3, channel: 'sms', verdict: 'deny' });
    const killSwitch = { tenantId: 'bank', scope: 'all', on: true, by: 'b', why: 'w', at: start };
    await all.barriers.switchKill(killSwitch);
    await all.shortTerm.put('code', '123', hours(1));

    await reopen();
    expect(await all.log.facts('kept')).toEqual(facts);
    expect(await all.log.bounds('kept', 2)).toEqual({ start: 0, end: 2 });
    expect(await all.log.read('kept', 2, 0, 10)).toEqual(records);
    expect([...(await all.log.committed('g', 'kept'))]).toEqual([[2, 1]]);
    expect(await all.state.slot('detect', 1).position()).toEqual(position);
    const question = { tenantId: 'bank', customerId: 'cus', channel: 'sms', provider: 'p' };
    expect(await all.barriers.ask([question])).toEqual([
      { barrier: { offset: 3, channel: 'sms', verdict: 'deny' }, killed: 'all' },
    ]);
    expect(await all.shortTerm.get('code')).toBe('123');
    expect(await put('kept', 'k', 'next')).toBe(0);
    expect((await all.log.append([{ topic: 'kept', partition: 2, key: null, value: 'third' }]))[0]!.offset).toBe(2);
  });
});

describe('the append time', () => {
  it('never runs backwards, not even over a restart with nothing left in the log', async () => {
    await all.log.createTopics([{ name: 't', partitions: 1, cleanup: 'delete' }]);
    now = start + 1_000;
    await put('t', 'k', 'a');
    now = start;
    await put('t', 'k', 'b');
    expect((await all.log.read('t', 0, 0, 10)).map(({ timestamp }) => timestamp)).toEqual([
      start + 1_000,
      start + 1_000,
    ]);
    await all.trimPartition('t', 0, 2);
    await reopen();
    expect(await all.log.bounds('t', 0)).toEqual({ start: 2, end: 2 });
    expect(await put('t', 'k', 'c')).toBe(2);
    expect((await all.log.read('t', 0, 2, 10))[0]!.timestamp).toBe(start + 1_000);
  });
});

describe('retention', () => {
  it('removes what is older than its topic keeps, and nothing where that is for ever', async () => {
    await all.log.createTopics([
      { name: 'week', partitions: 1, cleanup: 'delete', retentionMs: days(7) },
      { name: 'ever', partitions: 1, cleanup: 'delete' },
    ]);
    for (let day = 0; day < 10; day++) {
      now = start + days(day);
      for (const topic of ['week', 'ever']) await put(topic, 'k', `day ${day}`);
    }
    await all.trim();
    expect(await all.log.bounds('week', 0)).toEqual({ start: 2, end: 10 });
    expect(await all.log.bounds('ever', 0)).toEqual({ start: 0, end: 10 });
    await expect(all.log.read('week', 0, 1, 1)).rejects.toMatchObject({ code: 'BEFORE_START' });
    expect(text((await all.log.read('week', 0, 2, 1))[0]!.value)).toBe('day 2');
    now = start + days(100);
    await all.trim();
    await reopen();
    expect(await all.log.bounds('week', 0)).toEqual({ start: 10, end: 10 });
    expect(await all.log.bounds('ever', 0)).toEqual({ start: 0, end: 10 });
  });

  it('forgets short-term texts that have expired', async () => {
    await all.shortTerm.put('a', '1', 1_000);
    await all.shortTerm.put('b', '2', hours(1));
    now += 2_000;
    await all.trim();
    now -= 2_000;
    expect([await all.shortTerm.get('a'), await all.shortTerm.get('b')]).toEqual([null, '2']);
  });
});

describe('a compacted topic', () => {
  it('keeps the newest record of each key for ever, and a tombstone for a day', async () => {
    await all.log.createTopics([{ name: 'customers', partitions: 1, cleanup: 'compact' }]);
    await put('customers', 'a', '1');
    await put('customers', 'b', '1');
    await put('customers', 'a', '2');
    await put('customers', 'c', '1');
    await put('customers', 'b', null);
    await put('customers', 'd', null);
    await put('customers', 'd', 'back');
    const kept = [
      [2, 'a', '2'],
      [3, 'c', '1'],
      [4, 'b', null],
      [6, 'd', 'back'],
    ];
    expect(brief(await all.log.read('customers', 0, 0, 100))).toEqual(kept);
    now = start + hours(23);
    await all.trim();
    expect(brief(await all.log.read('customers', 0, 0, 100))).toEqual(kept);
    now = start + hours(25);
    await all.trim();
    await reopen();
    expect(brief(await all.log.read('customers', 0, 0, 100))).toEqual(kept.filter(([offset]) => offset !== 4));
    expect(await all.log.bounds('customers', 0)).toEqual({ start: 0, end: 7 });
    expect(await put('customers', 'b', 'anew')).toBe(7);
    await put('customers', 'c', 'x'.repeat(3_000));
    await put('customers', 'key'.repeat(2_000), 'long');
    expect((await all.log.read('customers', 0, 3, 100)).map(({ offset }) => offset)).toEqual([6, 7, 8, 9]);
  });
});

describe('an append', () => {
  it('never waits for a reader', async () => {
    await all.log.createTopics([{ name: 't', partitions: 1, cleanup: 'delete' }]);
    await put('t', 'k', 'first');
    let inside = false;
    const { promise: free, resolve: letGo } = Promise.withResolvers<void>();
    const subscription = await all.log.subscribe(
      { topic: 't', group: 'stuck' },
      {
        ...silent(),
        assigned: (partitions) =>
          setImmediate(() => partitions.forEach((partition) => subscription.seek(partition, 0))),
        batch: () => {
          inside = true;
          return free;
        },
      },
    );
    await waitUntil('the reader to be stuck', () => inside);
    for (let i = 0; i < 50; i++) await put('t', 'k', String(i));
    expect((await all.log.bounds('t', 0)).end).toBe(51);
    letGo();
  });

  it('of 30,000 records is one piece, in order', async () => {
    await all.log.createTopics([{ name: 't', partitions: 2, cleanup: 'delete' }]);
    const records = Array.from({ length: 30_000 }, (_, i) => ({
      topic: 't',
      partition: i % 2,
      key: 'k',
      value: String(i),
    }));
    const appended = await all.log.append(records);
    expect(appended.every(({ partition, offset }, i) => partition === i % 2 && offset === Math.floor(i / 2))).toBe(
      true,
    );
    const read = await all.log.read('t', 1, 0, 20_000);
    expect(read.map(({ value }) => Number(text(value)))).toEqual(Array.from({ length: 15_000 }, (_, i) => 2 * i + 1));
  });
});

describe('a transaction that fails', () => {
  it('leaves nothing of it, not in memory either, and the next append stands where it would have', async () => {
    await all.close();
    const store = new Store(folder);
    await store.claim();
    const core = new LogCore(store, () => now);
    const log = new EmbeddedLog(core);
    await log.createTopics([{ name: 't', partitions: 1, cleanup: 'delete' }]);
    const record = (value: string) => [{ topic: 't', partition: 0, key: null, value }];
    await log.append(record('before'));
    // What is asked for in one turn shares a transaction.
    const shared = log.append(record('lost'));
    const failing = store.change(() => {
      throw new Error('the disk is full');
    });
    await expect(shared).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(failing).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await log.bounds('t', 0)).toEqual({ start: 0, end: 1 });
    expect((await log.append(record('after')))[0]!.offset).toBe(1);
    expect((await log.read('t', 0, 0, 10)).map(({ value }) => text(value))).toEqual(['before', 'after']);
    await log.close();
    await store.close();
    all = await embedded({ folder, now: () => now });
    expect((await all.log.read('t', 0, 0, 10)).map(({ value }) => text(value))).toEqual(['before', 'after']);
  });
});

function silent(): Subscriber {
  return {
    assigned: () => undefined,
    revoked: () => undefined,
    failed: () => undefined,
    batch: () => Promise.resolve(),
  };
}
