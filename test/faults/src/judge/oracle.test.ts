import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from '@jest/globals';
import { Workload, reachOf } from '../bank/workload.ts';
import type { Published } from '../bank/workload.ts';
import type { Verdict } from './verdict.ts';

/* The campaign proves something only if its oracle can object: a perfect run is bent in one place at a time. */

const folder = mkdtempSync(join(tmpdir(), 'tocsin-oracle-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const now = Date.parse('2026-06-15T12:00:00Z');
const workload = new Workload({ seed: 3, customers: 20, stopping: 2, alerting: 0.2, copies: 0.05 });
const lines = [
  ...workload.begin(now - 3_600_000),
  ...Array.from({ length: 60 }, (_, i) => workload.next(10, now + i * 1_000)).flat(),
];
const partitionOf = ({ key, partition }: Published): number => partition ?? 1 + (Number(key.slice(-2)) % 5 || 0);
const offsets = new Map<number, number>();
const bank = lines.map((line) => {
  const partition = partitionOf(line);
  const offset = offsets.get(partition) ?? 0;
  offsets.set(partition, offset + 1);
  return { partition, offset, timestamp: line.at, value: line.value!.toString('base64') };
});

interface Sent {
  customerId: string | null;
  channel: string;
  to: string;
  text: string;
  key: string;
  amount: string;
  seen: boolean;
  place: number;
  at: number;
  outcome: string;
}

const transactions = lines.map(({ value }, i) => {
  const { id, accountId } = JSON.parse(value!.toString()) as { id: string; accountId: string };
  return { partition: 0, offset: i, id, accountId };
});
const customers = workload.setUp.customers.map((one) => ({
  id: one.id,
  reach: reachOf(one),
  addresses: one.addresses,
}));

/** One message for each payment that the customer must hear of. */
function perfect(): Sent[] {
  const told = new Set<string>();
  return lines.flatMap(({ value, key }, place): Sent[] => {
    const { id, amount } = JSON.parse(value!.toString()) as { id: string; amount: { value: string; currency: string } };
    const account = workload.setUp.accounts.find((one) => one.id === key)!;
    const customer = customers.find((one) => one.id === account.holders![0]!.customerId)!;
    const fraud = Number(amount.value) >= 500;
    const channel = fraud ? customer.reach.fraud : customer.reach.routine;
    if (Number(amount.value) < 50 || channel === null || told.has(id)) return [];
    told.add(id);
    const what = `${amount.value} ${amount.currency}`;
    const text = fraud ? `Tocsin Bank: Did you pay ${what} at Book Corner?` : `Tocsin Bank: ${what} at Book Corner.`;
    const to = (customer.addresses as Record<string, string>)[channel]!;
    return [
      {
        customerId: customer.id,
        channel,
        to,
        text,
        key: id,
        amount: what,
        seen: true,
        place,
        at: now + place,
        outcome: 'accepted',
      },
    ];
  });
}

function ask(bend: (sent: Sent[]) => Sent[], more: object = {}): Verdict {
  const file = join(folder, 'evidence.json');
  const { accounts } = workload.setUp;
  const evidence = {
    setUp: { now, accounts, customers },
    bank,
    ruleSets: [],
    transactions,
    rejected: [],
    taken: [],
    faults: [],
    doubts: [],
    deliveries: [],
    attempted: lines.map(({ value }) => (JSON.parse(value!.toString()) as { id: string }).id),
    sent: bend(perfect()),
    ...more,
  };
  writeFileSync(file, JSON.stringify(evidence));
  const oracle = fileURLToPath(new URL('../../oracle.mjs', import.meta.url));
  const run = spawnSync(process.execPath, [oracle, file], { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout) as Verdict;
}

const counts = ({ found }: Verdict): Record<string, number> =>
  Object.fromEntries(Object.entries(found).flatMap(([what, all]) => (all.length === 0 ? [] : [[what, all.length]])));
const fault = { number: 1, kind: 'kill', target: 'deliver-a' };
const isFraud = ({ text }: Sent): boolean => text.includes('Did you pay');
const again = 'You may have had this message already. ';

describe('the oracle of the campaign', () => {
  it('has nothing against a perfect run', () => {
    const verdict = ask((sent) => sent);
    expect(counts(verdict)).toEqual({});
    expect(verdict.alerts).toBeGreaterThan(60);
    expect(verdict.duplicates).toBeGreaterThan(5);
  });

  it('misses what did not arrive, unless it is routine and its outcome is known to be unknown', () => {
    const at = perfect().findIndex((one) => !isFraud(one));
    const { customerId, amount } = perfect()[at]!;
    expect(counts(ask((sent) => sent.toSpliced(at, 1)))).toEqual({ lost: 1 });
    const doubts = [{ payment: `${customerId} ${amount}`, at: now + at + 50 }];
    // The product's own word is not enough: something must have been in trouble.
    expect(counts(ask((sent) => sent.toSpliced(at, 1), { doubts }))).toEqual({ lost: 1 });
    const killed = { ...fault, beganAt: now + at, endedAt: now + at + 100 };
    const verdict = ask((sent) => sent.toSpliced(at, 1), { doubts, faults: [killed] });
    expect([counts(verdict), verdict.allowed.unknown]).toEqual([{}, 1]);
    // What happened after the outcome was called unknown explains nothing.
    const later = { ...killed, beganAt: now + at + 60 };
    expect(counts(ask((sent) => sent.toSpliced(at, 1), { doubts, faults: [later] }))).toEqual({ lost: 1 });
    const unheard = { ...perfect()[at]!, seen: false, outcome: 'timed-out' };
    expect(counts(ask((sent) => sent.toSpliced(at, 1, unheard), { doubts }))).toEqual({});
  });

  it('takes for reminders two further deliveries of a question, after ten minutes each', () => {
    const fraud = perfect().find(isFraud)!;
    const later = (minutes: number, key: string): Sent => ({
      ...fraud,
      key,
      at: fraud.at + minutes * 60_000,
      place: 9_000 + minutes,
    });
    const attempted = [...perfect().map(({ key }) => key), 'r1', 'r2', 'r3'];
    const told = (...more: Sent[]) => ask((sent) => [...sent, ...more], { attempted });
    const verdict = told(later(10, 'r1'), later(60, 'r2'));
    expect([counts(verdict), verdict.allowed.reminded]).toEqual([{}, 2]);
    expect(counts(told(later(5, 'r1')))).toEqual({ doubled: 1 });
    expect(counts(told(later(10, 'r1'), later(60, 'r2'), later(90, 'r3')))).toEqual({ doubled: 1 });
    expect(counts(told(later(10, fraud.key)))).toEqual({ doubled: 1 });
    expect(counts(told(later(10, 'r1'), later(11, 'r1')))).toEqual({ doubled: 1 });
  });

  it('never forgives the loss of a fraud question', () => {
    const at = perfect().findIndex(isFraud);
    const { customerId, amount } = perfect()[at]!;
    expect(
      counts(ask((sent) => sent.toSpliced(at, 1), { doubts: [{ payment: `${customerId} ${amount}`, at: now + at }] })),
    ).toEqual({ lost: 1 });
  });

  it('sees what arrived twice, and forgives it only where it says so, is urgent and has a cause', () => {
    const fraud = perfect().find((one) => isFraud(one) && one.channel === 'messenger')!;
    const routine = perfect().find((one) => !isFraud(one))!;
    expect(counts(ask((sent) => [...sent, { ...routine, place: 9_000 }]))).toEqual({ doubled: 1 });
    expect(counts(ask((sent) => [...sent, { ...routine, text: again + routine.text, place: 9_000 }]))).toEqual({
      doubled: 1,
    });
    const repeat = { ...fraud, channel: 'sms', at: fraud.at + 30_000, text: again + fraud.text };
    expect(counts(ask((sent) => [...sent, { ...repeat, text: fraud.text }]))).toEqual({ doubled: 1 });
    expect(counts(ask((sent) => [...sent, repeat]))).toEqual({ doubled: 1 });
    const about = { ...fault, beganAt: fraud.at - 100, endedAt: fraud.at + 100 };
    const verdict = ask((sent) => [...sent, repeat], { faults: [about] });
    expect([counts(verdict), Object.values(verdict.allowed.repeated)]).toEqual([{}, [1]]);
    // The one process forgets what it knew when it is killed, and at no other time: a full disk excuses nothing.
    const one = { number: 1, target: 'the one process', kind: 'embedded-kill' };
    const killed = { ...one, beganAt: fraud.at + 200, endedAt: fraud.at + 2_000 };
    expect(counts(ask((sent) => [...sent, repeat], { faults: [killed] }))).toEqual({});
    const before = { ...one, beganAt: fraud.at - 20_000, endedAt: fraud.at - 15_000 };
    const full = { ...killed, kind: 'disk-full', target: 'the disk of the embedded storage' };
    expect(counts(ask((sent) => [...sent, repeat], { faults: [before, full] }))).toEqual({ doubled: 1 });
  });

  it('sees what nobody expects, and what reached a stranger', () => {
    const one = perfect()[0]!;
    expect(
      counts(
        ask((sent) => [...sent, { ...one, text: 'Tocsin Bank: 77.77 EUR at Book Corner.', customerId: 'cus-0001' }]),
      ),
    ).toHaveProperty('unexpected', 1);
    expect(counts(ask((sent) => [...sent, { ...one, customerId: null }]))).toHaveProperty('unexpected');
  });

  it('sees what left without an attempt that stands', () => {
    const [first, ...rest] = perfect().map(({ key }) => key);
    const verdict = ask((sent) => sent, { attempted: rest.filter((key) => key !== first) });
    expect(counts(verdict)).toEqual({ unexpected: 1 });
    expect(verdict.found.unexpected[0]).toContain('has no attempt');
  });

  it('sees a channel that the customer did not agree to', () => {
    const one = perfect().find((each) => each.channel === 'sms' && !isFraud(each))!;
    const there = perfect().map((each) => (each.key === one.key ? { ...each, channel: 'email' } : each));
    expect(counts(ask(() => there))).toHaveProperty('unconsented');
  });

  it('sees what left after consent was taken back', () => {
    const one = perfect().find(({ channel }) => channel === 'messenger')!;
    const taken = {
      customerId: 'somebody',
      channel: 'messenger',
      to: one.to,
      askedAt: one.at - 5_000,
      answeredAt: one.at - 4_000,
      place: one.place,
      mayAnswer: false,
    };
    expect(
      counts(ask((sent) => sent.filter(({ to, key }) => to !== one.to || key === one.key), { taken: [taken] })),
    ).toHaveProperty('unconsented', 1);
  });

  it('sees two alerts of one account that were decided in another order, and counts those that were only told so', () => {
    const own = Map.groupBy(
      perfect().filter((one) => !isFraud(one)),
      ({ to }) => to,
    );
    const [first, second] = [...own.values()].find((all) => all.length > 2)!;
    const deliveries = [first!, second!].map(({ customerId, amount, channel }, i) => ({
      customerId,
      amount,
      channel,
      offset: 2 - i,
    }));
    expect(counts(ask((sent) => sent, { deliveries }))).toEqual({ reordered: 1 });
    const where = transactions.findIndex(({ id }) => id === second!.key);
    const elsewhere = bank.map((record, i) => (i === where ? { ...record, partition: 8, offset: 0 } : record));
    expect(counts(ask((sent) => sent, { deliveries, bank: elsewhere }))).toEqual({});
    const swapped = perfect().map((one) =>
      one.key === first!.key
        ? { ...one, place: second!.place }
        : one.key === second!.key
          ? { ...one, place: first!.place }
          : one,
    );
    expect(Object.keys(counts(ask(() => swapped)))).toEqual(['reordered']);
    const verdict = ask(() => swapped, { faults: [{ ...fault, beganAt: now, endedAt: now + 1_000 }] });
    expect(counts(verdict)).toEqual({});
    expect(verdict.allowed.overtaken).toBeGreaterThan(0);
  });

  it('asks for fraud only where the rule was on', () => {
    const ruleSets = [{ partition: 0, offset: -1, version: 1, off: ['amount-vs-median'] }];
    const { found } = ask((sent) => sent, { ruleSets });
    expect(found.unexpected.length + found.unconsented.length).toBeGreaterThan(0);
  });

  it('wants every broken record on rejected, with its code', () => {
    const poisoned = { partition: 9, offset: 0, timestamp: now, value: Buffer.from('{').toString('base64') };
    const more = { bank: [...bank, poisoned] };
    expect(counts(ask((sent) => sent, more))).toEqual({ misread: 1 });
    expect(
      counts(ask((sent) => sent, { ...more, rejected: [{ partition: 9, offset: 0, code: 'JSON_INVALID' }] })),
    ).toEqual({});
  });
});
