import { describe, expect, it } from '@jest/globals';
import { days, hours, minutes, seconds } from './bank/account.ts';
import type { Verdict } from './verdict.ts';

/* The oracle itself is judged by the cases that the reference calculates by hand. */

interface Oracle {
  readonly judge: (lines: readonly { number: number; value: Buffer | null }[], setUp: object) => Verdict;
  readonly read: (bytes: Buffer | null, receivedAt: number) => { readonly code?: string };
  readonly distance: (a: readonly [number, number], b: readonly [number, number]) => number;
}
const { judge, read, distance } = (await import(new URL('../oracle.mjs', import.meta.url).href)) as Oracle;

const now = Date.parse('2026-06-15T18:00:00Z');
const morning = Date.parse('2026-06-15T10:00:00Z');

interface Part {
  readonly [field: string]: unknown;
  readonly at?: number;
  readonly value?: string;
}

let count = 0;
const pay = ({ at = morning, value = '20.00', ...rest }: Part = {}): object => ({
  id: `t-${(count += 1)}`,
  accountId: 'a',
  occurredAt: new Date(at).toISOString(),
  amount: { value, currency: 'EUR' },
  direction: 'debit',
  channel: 'card-not-present',
  merchant: { country: 'BG' },
  card: { token: 'c' },
  ...rest,
});

const setUp = (conditions: object = {}, holders: readonly string[] | null = ['anna']): object => ({
  now,
  customers: [{ id: 'anna' }, { id: 'boris' }],
  accounts: [
    {
      id: 'a',
      holders: holders?.map((customerId) => ({ customerId })) ?? null,
      settings: { country: 'BG', openedOn: '2020-01-31' },
      conditions: { anna: conditions },
    },
  ],
});

const judged = (transactions: readonly object[], given = setUp()): Verdict =>
  judge(
    transactions.map((transaction, i) => ({ number: i + 1, value: Buffer.from(JSON.stringify(transaction)) })),
    given,
  );
/** Which of the transactions alert, by their place: `2 fraud-check`. */
const alerts = (transactions: readonly object[], given = setUp()): readonly string[] =>
  judged(transactions, given).alerts.map(
    ({ transactionId, type }) =>
      `${transactions.findIndex((one) => (one as { id: string }).id === transactionId)} ${type}`,
  );
const spaced = (count: number, value: string, apart: number, until: number): readonly object[] =>
  Array.from({ length: count }, (_, i) => pay({ at: until - (count - i) * apart, value }));

describe('rules', () => {
  it('velocity-count: three within the minute, and the first exactly a minute old is outside', () => {
    const at = (offsets: readonly number[]) => alerts(offsets.map((offset) => pay({ at: morning + offset })));
    expect(at([0, 20 * seconds, 50 * seconds])).toEqual(['2 fraud-check']);
    expect(at([0, 30 * seconds, 60 * seconds])).toEqual([]);
    expect(at([0, 20 * minutes, 59 * minutes])).toEqual([]);
  });

  it('velocity-count: a late one judges nobody again, and is counted by what follows', () => {
    const at = (offsets: readonly number[]) => alerts(offsets.map((offset) => pay({ at: morning + offset * seconds })));
    expect(at([0, 40, 20])).toEqual([]);
    expect(at([20, 0, 40])).toEqual(['2 fraud-check']);
  });

  it('amount-vs-median: three times the median of five, and a floor of a hundred', () => {
    const after = (value: string, median: string, known = 5) =>
      alerts([...spaced(known, median, 3 * hours, morning), pay({ value })]);
    expect(after('120.00', '40.00')).toEqual(['5 fraud-check']);
    expect(after('119.99', '40.00')).toEqual([]);
    expect(after('50.00', '5.00')).toEqual([]);
    expect(after('120.00', '40.00', 4)).toEqual([]);
  });

  it('impossible-travel: Sofia to Paris in an hour, not in two and a half, and never to Pernik', () => {
    const places = { sofia: [42.6977, 23.3219], paris: [48.8566, 2.3522], pernik: [42.6052, 23.0378] } as const;
    expect(distance(places.sofia, places.paris)).toBeCloseTo(1757, -1);
    const there = (place: keyof typeof places, after: number) => {
      const at = ([latitude, longitude]: readonly [number, number]) => ({
        channel: 'card-present',
        merchant: { country: 'BG', latitude, longitude },
      });
      return alerts([pay(at(places.sofia)), pay({ at: morning + after, ...at(places[place]) })]);
    };
    expect(there('paris', 1 * hours)).toEqual(['1 fraud-check']);
    expect(there('paris', 150 * minutes)).toEqual([]);
    expect(there('pernik', 1 * minutes)).toEqual([]);
  });

  it('first-seen country: .4 alone is quiet; with the third payment of an hour it is .64', () => {
    const abroad = { value: '250.00', merchant: { country: 'FR' } };
    expect(alerts([pay(), pay({ at: morning + 3 * hours, ...abroad })])).toEqual([]);
    expect(
      alerts([pay(), pay({ at: morning + 12 * minutes }), pay({ at: morning + 25 * minutes, ...abroad })]),
    ).toEqual(['2 fraud-check']);
    expect(
      alerts([
        pay(),
        pay({ at: morning + 12 * minutes }),
        pay({ at: morning + 25 * minutes, ...abroad, value: '199.99' }),
      ]),
    ).toEqual([]);
  });

  it('decline-burst: three in ten minutes, the first not exactly ten minutes old, none of them technical', () => {
    const at = (offsets: readonly number[], reasons: readonly string[] = []) =>
      alerts(
        offsets.map((offset, i) =>
          pay({ at: morning + offset * minutes, status: 'declined', declineReason: reasons[i] ?? '51' }),
        ),
      );
    expect(at([0, 4, 9])).toEqual(['2 fraud-check']);
    expect(at([0, 4, 11])).toEqual([]);
    expect(at([0, 4, 10])).toEqual([]);
    expect(at([0, 4, 9], ['51', '91', '51'])).toEqual([]);
  });

  it('card-testing: fifty times the largest probe; three that pass are .64 themselves', () => {
    const probes = [
      pay({ value: '1.00', status: 'declined' }),
      pay({ at: morning + 2 * minutes, value: '1.50', status: 'declined' }),
      pay({ at: morning + 5 * minutes, value: '0.50' }),
    ];
    expect(alerts([...probes, pay({ at: morning + 2 * hours, value: '75.00' })])).toEqual(['3 fraud-check']);
    expect(alerts([...probes, pay({ at: morning + 2 * hours, value: '74.99' })])).toEqual([]);
    expect(alerts([0, 3, 6].map((offset) => pay({ at: morning + offset * minutes, value: '1.00' })))).toEqual([
      '2 fraud-check',
    ]);
    expect(alerts([0, 5, 11].map((offset) => pay({ at: morning + offset * minutes, value: '1.00' })))).toEqual([]);
  });
});

describe('conditions', () => {
  const limit = (value: string) => ({ on: true, amount: { value, currency: 'EUR' } });

  it('purchase-over from the limit upward, on authorisation, once for the booking too', () => {
    const wants = setUp({ 'purchase-over': limit('50.00') });
    expect(
      alerts([pay({ value: '49.99' }), pay({ at: morning + 3 * hours, value: '50.00', status: 'authorised' })], wants),
    ).toEqual(['1 purchase-over']);
    const first = pay({ value: '50.00', status: 'authorised' });
    expect(alerts([first, { ...first, status: 'booked' }], wants)).toEqual(['0 purchase-over']);
    expect(alerts([pay({ value: '50.00', status: 'declined' })], wants)).toEqual([]);
  });

  it('balance-below on crossing, armed again only above five percent more', () => {
    const wants = setUp({ 'balance-below': limit('100.00') });
    const levels = (balances: readonly string[]) =>
      alerts(
        balances.map((value, i) => pay({ at: morning + i * 70 * minutes, balanceAfter: { value, currency: 'EUR' } })),
        wants,
      );
    expect(levels(['120.00', '95.00', '90.00'])).toEqual(['1 balance-below']);
    expect(levels(['120.00', '95.00', '104.00', '99.00'])).toEqual(['1 balance-below']);
    expect(levels(['120.00', '95.00', '106.00', '98.00'])).toEqual(['1 balance-below', '3 balance-below']);
    expect(levels(['120.00', '100.00'])).toEqual([]);
  });

  it('deposit and international-use; several on one payment are one alert; fraud swallows them', () => {
    const wants = setUp({ deposit: limit('0.01'), 'international-use': { on: true }, 'purchase-over': limit('50.00') });
    expect(alerts([pay({ direction: 'credit', channel: 'transfer' })], wants)).toEqual(['0 deposit']);
    expect(alerts([pay({ merchant: { country: 'DE' } })], wants)).toEqual(['0 international-use']);
    expect(alerts([pay({ value: '60.00', merchant: { country: 'DE' } })], wants)).toEqual(['0 purchase-over']);
    const large = [...spaced(5, '40.00', 3 * hours, morning), pay({ value: '120.00' })];
    expect(alerts(large, wants)).toEqual(['5 fraud-check']);
  });
});

describe('the fold', () => {
  it('drops a copy, reports a contradiction, and joins a lifecycle', () => {
    const first = pay({ status: 'authorised' });
    const other = { ...first, amount: { value: '20.01', currency: 'EUR' } };
    const verdict = judged([first, first, other, { ...first, status: 'booked' }, first]);
    expect(verdict).toMatchObject({
      accepted: 1,
      duplicates: 2,
      updates: 1,
      rejected: [{ line: 3, code: 'DUPLICATE_CONFLICT' }],
    });
    expect(
      judged([pay({ lifecycleId: 'l', status: 'authorised' }), pay({ lifecycleId: 'l', status: 'booked' })]),
    ).toMatchObject({ accepted: 1, updates: 1 });
  });

  it('takes a reversed payment out of the windows', () => {
    const first = pay({ status: 'authorised' });
    expect(
      alerts([
        first,
        { ...first, status: 'reversed' },
        pay({ at: morning + 20 * seconds }),
        pay({ at: morning + 50 * seconds }),
      ]),
    ).toEqual([]);
  });

  it('alerts nobody of what is older than five days', () => {
    const old = now - 6 * days;
    expect(judged([0, 20, 40].map((offset) => pay({ at: old + offset * seconds })))).toMatchObject({
      alerts: [],
      historyOnly: 3,
    });
  });

  it('tells each known holder; nobody known is one case; a second finding joins the open question', () => {
    const burst = [0, 10, 20, 30].map((offset) => pay({ at: morning + offset * seconds }));
    const joint = judged(burst, setUp({}, ['anna', 'boris']));
    expect(joint.alerts.map(({ customerId, joins }) => `${customerId} ${joins}`)).toEqual([
      'anna false',
      'boris false',
      'anna true',
      'boris true',
    ]);
    for (const holders of [null, ['stranger'], ['stranger', 'another']]) {
      const verdict = judged(burst.slice(0, 3), setUp({}, holders));
      expect([verdict.alerts.length, verdict.cases.length]).toEqual([0, 1]);
    }
    expect(
      judged(
        burst.slice(0, 3).map((one) => ({ ...one, customerId: 'anna' })),
        setUp({}, null),
      ).alerts,
    ).toHaveLength(1);
  });
});

describe('rejection', () => {
  const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  const deep = (levels: number): unknown => (levels === 0 ? 1 : { in: deep(levels - 1) });
  const good = pay();
  const amount = (part: object) => bytes({ ...good, amount: { value: '1.00', currency: 'EUR', ...part } });

  it.each<readonly [string, Buffer | null, string | undefined]>([
    ['a good record', bytes(good), undefined],
    ['null', null, 'RECORD_EMPTY'],
    ['64 KiB and more', Buffer.alloc(65_537, 32), 'RECORD_TOO_LARGE'],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'ENCODING_INVALID'],
    ['truncated', bytes(good).subarray(0, -4), 'JSON_INVALID'],
    ['sixteen levels', bytes({ ...good, x: deep(15) }), undefined],
    ['seventeen levels', bytes({ ...good, x: deep(16) }), 'RECORD_TOO_DEEP'],
    ['no id', bytes({ ...good, id: undefined }), 'REF_MISSING'],
    ['no account', bytes({ ...good, accountId: undefined }), 'ACCOUNT_MISSING'],
    ['a number as value', amount({ value: 1 }), 'SCHEMA_INVALID'],
    ['a list as direction', bytes({ ...good, direction: ['debit'] }), 'SCHEMA_INVALID'],
    ['surplus decimals', amount({ value: '12.345' }), 'AMOUNT_INVALID'],
    ['surplus zeros', amount({ value: '12.3000' }), undefined],
    ['an empty value', amount({ value: '' }), 'AMOUNT_INVALID'],
    ['a negative amount', amount({ value: '-5.00' }), 'AMOUNT_NEGATIVE'],
    ['an unknown currency', amount({ currency: 'ZZZ' }), 'CURRENCY_UNKNOWN'],
    ['a day that does not exist', bytes({ ...good, occurredAt: '2026-02-30' }), 'TIME_INVALID'],
    ['a time without zone', bytes({ ...good, occurredAt: '2026-01-01T12:00:00' }), 'TIME_INVALID'],
    ['more than a day ahead', bytes({ ...good, occurredAt: new Date(now + 25 * hours).toISOString() }), 'TIME_FUTURE'],
  ])('%s', (_name, value, code) => {
    expect(read(value, now).code).toBe(code);
  });
});
