import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { LedgerRow, LogRecord } from '@tocsin/core';
import { bankFile } from '../bank-records.ts';
import { reaches } from '../bank/people.ts';
import type { Channel, Customer, Reach } from '../bank/people.ts';
import { keyOfDelivery } from '../harness/sent.ts';
import type { Sent } from '../harness/sent.ts';
import { askOracle } from '../verdict.ts';
import type { ExpectedAlert } from '../verdict.ts';
import { alertProblems } from './alerts.ts';
import { cardsIn } from './cards.ts';
import { disclosureProblems } from './disclosure.ts';
import type { DisclosureInput } from './disclosure.ts';
import { rejectedProblems } from './rejected.ts';

/* The end-to-end test proves something only if its checks can fail: a perfect run is bent in one place at a time. */

const folder = mkdtempSync(join(tmpdir(), 'tocsin-checks-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = bankFile(7, Date.parse('2026-06-15T18:00:00Z'));
const verdict = askOracle(folder, file);
const customers = new Map(file.setUp.customers.map((one) => [one.id, one]));
const secondFile = new Set(
  file.lines
    .filter(({ file: which }) => which === 2)
    .flatMap(({ value }) => /"id":"([^"]+)"/.exec(value?.toString() ?? '')?.[1] ?? []),
);

const channelOf = (alert: ExpectedAlert, customer: Customer): Channel | null => {
  const reach: Reach = reaches[customer.reach];
  if (alert.type === 'fraud-check') return reach.fraud;
  return reach.routineLater !== undefined && /-t2$/.test(alert.transactionId) && secondFile.has(alert.transactionId)
    ? reach.routineLater
    : reach.routine;
};

/** The message that must come of an alert, on customers to whom no provider misbehaves. */
function perfect(alert: ExpectedAlert): readonly Sent[] {
  const customer = customers.get(alert.customerId)!;
  const channel = channelOf(alert, customer);
  if (alert.joins || channel === null || customer.misfortune !== undefined) return [];
  const named = alert.type !== 'fraud-check' || reaches[customer.reach].fraudNamesAmount;
  const text =
    alert.type === 'balance-below'
      ? 'Tocsin Bank: Balance of your account is below your limit.'
      : alert.type === 'fraud-check'
        ? `Tocsin Bank: Did you ${named ? `pay ${alert.amount}` : 'make a card payment'}?`
        : `Tocsin Bank: ${alert.amount}.`;
  const key = keyOfDelivery('secret', 'bank', `${alert.customerId}/${alert.transactionId}`);
  return [
    {
      channel,
      to: customer.addresses[channel]!,
      customer,
      text,
      key,
      seen: true,
      payloads: [],
      place: 0,
      at: 0,
      outcome: 'accepted',
    },
  ];
}
const lucky = {
  ...verdict,
  alerts: verdict.alerts.filter(({ customerId }) => customers.get(customerId)!.misfortune === undefined),
};
const sent = lucky.alerts.flatMap(perfect);
const told = (more: Partial<Parameters<typeof alertProblems>[0]>): readonly string[] =>
  alertProblems({ file, verdict: lucky, sent, unknownKeys: new Set(), unknownAlerts: new Set(), ...more }).map(
    ({ what }) => what,
  );
const one = sent.find(
  ({ channel, customer, text }) =>
    channel === 'messenger' && customer!.reach === 'messenger' && text.includes('Did you pay'),
)!;
const routine = sent.find(
  ({ channel, customer, text }) => channel === 'sms' && customer!.reach === 'sms' && !text.includes('Did you'),
)!;

describe('the check of alerts', () => {
  it('has nothing against a perfect run', () => expect(told({})).toEqual([]));

  it('misses what did not arrive', () =>
    expect(told({ sent: sent.filter((message) => message !== one) })).toEqual(['did not arrive on messenger']));

  it('sees what arrived twice, on one channel or on two', () => {
    expect(told({ sent: [...sent, { ...routine, key: 'other' }] })).toContain('arrived 2 times on sms');
    expect(told({ sent: [...sent, { ...one, channel: 'sms' }] })).toContain('arrived on sms, besides messenger');
  });

  it('sees what nobody expects, and what reached a stranger', () => {
    expect(told({ sent: [...sent, { ...one, text: 'Tocsin Bank: Did you pay 1.23 EUR?', key: 'k' }] })).toHaveLength(1);
    expect(told({ sent: [...sent, { ...one, customer: undefined, to: '1' }] })).toHaveLength(1);
  });

  it('sees a routine alert that left although nobody agreed', () => {
    const alert = lucky.alerts.find(
      ({ customerId, type }) => customers.get(customerId)!.reach === 'silent' && type === 'purchase-over',
    )!;
    const customer = customers.get(alert.customerId)!;
    const left: Sent = {
      channel: 'sms',
      to: customer.addresses.sms!,
      customer,
      text: `Tocsin Bank: ${alert.amount}.`,
      key: 'k',
      seen: true,
      payloads: [],
      at: 0,
      outcome: 'accepted',
      place: 0,
    };
    expect(told({ sent: [...sent, left] })).toContain('left on sms, although no channel was allowed');
  });

  it('after an unknown outcome wants the next channel, with the words, and never the same one twice', () => {
    const unknownKeys = new Set([one.key]);
    const lost = sent.map((message) => (message === one ? { ...one, seen: false } : message));
    const again: Sent = { ...one, channel: 'sms', to: one.customer!.addresses.sms!, key: 'next' };
    expect(told({ sent: lost, unknownKeys })).toEqual(['did not go on to sms after an unknown outcome']);
    expect(told({ sent: [...lost, again], unknownKeys })).toEqual(['does not say on sms that it may repeat']);
    const words = `${one.text} You may have had this message already.`;
    expect(told({ sent: [...lost, { ...again, text: words }], unknownKeys })).toEqual([]);
    expect(told({ sent: [...sent, { ...one, key: 'second' }], unknownKeys })).toContain('arrived 2 times on messenger');
  });
});

describe('the check of an urgent alert that has one channel only', () => {
  const only = sent.find(
    ({ customer, text }) => reaches[customer!.reach].order.length === 1 && text.includes('Did you'),
  )!;
  const again: Sent = { ...only, key: 'next', text: `${only.text} You may have had this message already.` };
  const unknownKeys = new Set([only.key]);
  const twice = `arrived 2 times on ${only.channel}`;

  it('takes it once more after an unknown outcome, with the words', () =>
    expect(told({ sent: [...sent, again], unknownKeys })).toEqual([]));

  it('takes no second one without the words, without the doubt, and no third', () => {
    expect(told({ sent: [...sent, { ...again, text: only.text }], unknownKeys })).toEqual([twice]);
    expect(told({ sent: [...sent, again] })).toContain(twice);
    expect(told({ sent: [...sent, again, { ...again, key: 'third' }], unknownKeys })).toEqual([
      `arrived 3 times on ${only.channel}`,
    ]);
  });
});

describe('the check of disclosures', () => {
  const row = (more: Partial<LedgerRow>, disclosure: Partial<LedgerRow['disclosure']>): LedgerRow =>
    ({
      id: 'd#1',
      deliveryId: 'd',
      customerId: one.customer!.id,
      attempt: 1,
      sequence: 1,
      outcome: 'accepted',
      disclosure: {
        channel: 'messenger',
        purpose: 'fraud-protection',
        classes: ['existence', 'amount'],
        fields: ['kind', 'amount'],
        ...disclosure,
      },
      ...more,
    }) as unknown as LedgerRow;
  const message: Sent = { ...one, key: keyOfDelivery('secret', 'bank', 'd') };
  const objections = (more: Partial<DisclosureInput>): readonly string[] =>
    disclosureProblems({
      secret: 'secret',
      tenant: 'bank',
      sent: [message],
      ledger: [row({}, {})],
      taken: [],
      ...more,
    });

  it('has nothing against a message that stands in the ledger as it left', () => expect(objections({})).toEqual([]));

  it.each<readonly [string, Partial<DisclosureInput>]>([
    ['no row', { ledger: [] }],
    ['a class that the row lacks', { ledger: [row({}, { classes: ['existence'], fields: ['kind'] })] }],
    [
      'a class that did not leave',
      { ledger: [row({}, { classes: ['existence', 'amount', 'merchant'], fields: ['kind', 'amount', 'merchant'] })] },
    ],
    ['another field', { ledger: [row({}, { fields: ['kind', 'merchant'] })] }],
    ['an amount too many', { sent: [{ ...message, text: `${message.text} 3.00 EUR` }] }],
    ['another customer', { ledger: [row({ customerId: 'cus-x' }, {})] }],
    ['another purpose', { ledger: [row({}, { purpose: 'account-alert' })] }],
    ['more requests than attempts', { sent: [message, message] }],
    ['nothing received', { sent: [] }],
    [
      'something after it was taken back',
      { taken: [{ channel: 'messenger', to: message.to, place: 0, mayAnswer: true }] },
    ],
  ])('objects to %s', (_name, more) => expect(objections(more).length).toBeGreaterThan(0));

  it('objects to what the customer never agreed to', () => {
    const customer = file.setUp.customers.find(({ reach }) => reach === 'narrow')!;
    const text = `${message.text} Cafe Alpha`;
    const ledger = [
      row(
        { customerId: customer.id },
        { classes: ['existence', 'amount', 'merchant'], fields: ['kind', 'amount', 'merchant'] },
      ),
    ];
    expect(objections({ sent: [{ ...message, customer, text }], ledger })).toHaveLength(1);
    expect(
      objections({
        sent: [{ ...message, text }],
        ledger: [row({}, { classes: ['existence', 'amount', 'merchant'], fields: ['kind', 'amount', 'merchant'] })],
      }),
    ).toEqual([]);
  });
});

describe('the check of rejections', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const bank: readonly LogRecord[] = file.lines.map(({ key, value, number, file: which }) => ({
    topic: 'bank',
    partition: 0,
    offset: number,
    timestamp: which * 10_000 + number,
    key: bytes(key),
    value,
    headers: {},
  }));
  const star = (value: Buffer | null): Buffer | null => {
    if (value === null || cardsIn(value.toString('latin1')) === 0) return value;
    return Buffer.from(
      value
        .toString('latin1')
        .replace(
          /(paid with )([\d -]+?)(\d{4})"/,
          (_all, before: string, hidden: string, last: string) => `${before}${hidden.replaceAll(/\d/g, '*')}${last}"`,
        ),
      'latin1',
    );
  };
  const rejected: readonly LogRecord[] = verdict.rejected.map(({ line, code }) => {
    const value = file.lines[line - 1]!.value;
    const large = value !== null && value.length > 512 * 1024;
    const headers: Record<string, string> = {
      'tocsin-origin-topic': 'bank',
      'tocsin-origin-partition': '0',
      'tocsin-origin-offset': String(line),
      'tocsin-code': code,
      'tocsin-masked': value !== null && cardsIn(value.toString('latin1')) > 0 ? '1' : '0',
      ...(large
        ? { 'tocsin-size': String(value.length), 'tocsin-sha256': createHash('sha256').update(value).digest('hex') }
        : {}),
    };
    return {
      ...bank[line - 1]!,
      value: large ? value.subarray(0, 4_096) : star(value),
      headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, bytes(text)])),
    };
  });
  const objections = (changed: readonly LogRecord[]): number =>
    rejectedProblems(file.lines, bank, changed, verdict, 'bank').length;
  const bent = (change: (record: LogRecord) => LogRecord): readonly LogRecord[] =>
    rejected.map((record, i) => (i === 0 ? change(record) : record));

  it('has nothing against a perfect topic, also where records stand twice', () => {
    expect(rejectedProblems(file.lines, bank, [...rejected, ...rejected], verdict, 'bank')).toEqual([]);
  });

  it('objects to a missing one, one too many, another code, and one changed byte', () => {
    expect(objections(rejected.slice(1))).toBe(1);
    expect(
      objections([
        ...rejected,
        { ...rejected[0]!, headers: { ...rejected[0]!.headers, 'tocsin-origin-offset': bytes('1000000') } },
      ]),
    ).toBe(1);
    expect(
      objections(
        bent((record) => ({ ...record, headers: { ...record.headers, 'tocsin-code': bytes('FORMAT_UNKNOWN') } })),
      ),
    ).toBe(1);
    const withBytes = rejected.findIndex(({ value }) => (value?.length ?? 0) > 0 && value!.length < 5_000);
    const changed = rejected.map((record, i) =>
      i === withBytes
        ? { ...record, value: Uint8Array.from(record.value!, (byte, at) => (at === 0 ? byte ^ 1 : byte)) }
        : record,
    );
    expect(objections(changed)).toBe(1);
  });
});
