import { describe, expect, it } from '@jest/globals';
import { days, hours, minutes } from '../time.ts';
import type { Transaction } from '../transaction.ts';
import { contentHash } from './content-hash.ts';
import { DetectWorld, payment, start, tenantId } from './test/detect-world.ts';

const text = (value: unknown): string => new TextDecoder().decode(value as Uint8Array);

describe('what the bank sends twice', () => {
  it('is dropped and counted', () => {
    const at = { occurredAt: start };
    const world = new DetectWorld().pay('t-1', at).pay('t-1', at).in(minutes(1)).pay('t-1', at).pay('t-2');
    expect(world.told).toEqual(['t-2 cus-1: twice(2 debits)']);
    expect(world.counts.filter((count) => count === 'records_dropped detect duplicate')).toHaveLength(2);
  });

  it('is recognised whatever was left out or empty', () => {
    const world = new DetectWorld().pay('t-1').pay('t-1', { merchant: {}, card: {} });
    expect(world.counts).toContain('records_dropped detect duplicate');
  });

  it('is another transaction on another account or with another tenant', () => {
    const world = new DetectWorld()
      .pay('t-1')
      .pay('t-1', { accountId: 'acc-2', direction: 'credit' })
      .pay('t-1', { tenantId: 'other' });
    expect(world.counts).toEqual(['transactions first', 'transactions first', 'transactions first']);
  });

  it('is told apart although ids hold colons', () => {
    const world = new DetectWorld().pay('b:c', { accountId: 'a' }).pay('c', { accountId: 'a:b' });
    expect(world.counts).toEqual(['transactions first', 'transactions first']);
  });

  it('is remembered for seven days after it was last seen', () => {
    const at = { occurredAt: start, receivedAt: start };
    const world = new DetectWorld().pay('t-1', at).in(days(6)).pay('t-1', at).in(days(6)).pay('t-1', at);
    expect(world.counts.slice(1)).toEqual(['records_dropped detect duplicate', 'records_dropped detect duplicate']);
    world.in(days(7)).pay('t-1', at);
    expect(world.counts.at(-1)).toBe('transactions first');
  });
});

describe('a contradiction', () => {
  const raw = '{"id": "t-1",  "amount": {"value":"20.00","currency":"EUR"}}';

  it('is rejected with the bytes of the bank, and the first stands', () => {
    const world = new DetectWorld().pay('t-1').pay('t-1', { amount: { minor: 2_000, currency: 'EUR' }, raw });
    const [rejected] = world.rejected;
    expect(text(rejected!.value)).toBe(raw);
    expect(text(rejected!.rawKey)).toBe(raw.slice(0, 3));
    expect(rejected!.headers).toMatchObject({
      'tocsin-code': 'DUPLICATE_CONFLICT',
      'tocsin-path': 'id',
      'tocsin-origin-topic': 'bank',
      'tocsin-origin-partition': '0',
      'tocsin-origin-offset': '1',
      'tocsin-origin-timestamp': String(start),
      'tocsin-masked': '0',
      tocsin: new Uint8Array([255, 1]),
    });
    expect(world.counts).toContain('rejected detect DUPLICATE_CONFLICT');
    // The first one is still the one that a copy is compared with.
    world.pay('t-1');
    expect(world.counts.at(-1)).toBe('records_dropped detect duplicate');
    expect(world.told).toEqual([]);
  });

  it('is rejected with the bytes of the bank also where ingest 0.1.0 wrote them into the record', () => {
    const given = new DetectWorld().pay('t-1');
    const transaction = { ...payment('t-1', start), reference: 'other' };
    const origin = { topic: 'bank', partition: 0, offset: 9 };
    const raw0 = { key: 'k', value: raw, headers: {} };
    given.record({ type: 'transaction', version: 1, tenantId, transaction, receivedAt: start, origin, raw: raw0 });
    expect(text(given.rejected[0]!.value)).toBe(raw);
    expect(text(given.rejected[0]!.rawKey)).toBe('k');
  });

  it('is one too when the time is another, even by days', () => {
    const world = new DetectWorld().pay('t-1').in(days(2)).pay('t-1', { raw });
    expect(world.rejected).toHaveLength(1);
  });

  it('keeps no full card number', () => {
    const world = new DetectWorld().pay('t-1').pay('t-1', { reference: 'x', raw: '{"note":"4242424242424242"}' });
    expect(text(world.rejected[0]!.value)).toBe('{"note":"************4242"}');
    expect(world.rejected[0]!.headers).toMatchObject({ 'tocsin-masked': '1' });
  });

  it('says so where it can only show the canonical transaction', () => {
    const world = new DetectWorld().pay('t-1').pay('t-1', { reference: 'other' });
    expect(JSON.parse(text(world.rejected[0]!.value))).toMatchObject({ id: 't-1', reference: 'other' });
    expect(world.rejected[0]!.headers).toMatchObject({ 'tocsin-canonical': 'true', 'tocsin-sha256': 'unknown' });
  });

  it('can be seen in every field', () => {
    const full: Transaction = {
      id: 't',
      lifecycleId: 'l',
      accountId: 'a',
      customerId: 'c',
      occurredAt: 1,
      precision: 'instant',
      valueDate: '2026-01-01',
      amount: { minor: 1, currency: 'EUR' },
      direction: 'debit',
      status: 'booked',
      channel: 'atm',
      merchant: { id: 'm', name: 'n', mcc: '1', country: 'BG', city: 'S', latitude: 1, longitude: 2, terminalId: 'T' },
      counterparty: { name: 'n', account: 'a', country: 'BG' },
      card: { token: 't', last4: '1', entryMode: 'chip', pinVerified: true, threeDs: false },
      device: { id: 'd', ip: 'i' },
      balanceAfter: { minor: 1, currency: 'EUR' },
      declineReason: '1',
      reversalOf: 'r',
      bankTransactionCode: 'b',
      reference: 'f',
    };
    const other = (value: unknown): unknown => {
      if (typeof value === 'boolean') return !value;
      return typeof value === 'number' ? value + 1 : `${String(value)}x`;
    };
    const seen = new Set([contentHash(full)]);
    let variants = 1;
    for (const [name, value] of Object.entries(full)) {
      if (name === 'id' || name === 'status') continue;
      const parts = typeof value === 'object' ? Object.keys(value as object) : [undefined];
      for (const part of parts) {
        const changed =
          part === undefined
            ? other(value)
            : { ...(value as object), [part]: other((value as Record<string, unknown>)[part]) };
        seen.add(contentHash({ ...full, [name]: changed }));
        const { [name]: _removed, ...without } = full as unknown as Record<string, unknown>;
        const less = part === undefined ? without : { ...full, [name]: { ...(value as object), [part]: undefined } };
        if (!['amount'].includes(name)) seen.add(contentHash(less as unknown as Transaction));
        variants += ['amount'].includes(name) ? 1 : 2;
      }
    }
    expect(seen.size).toBe(variants);
    expect(contentHash({ ...full, status: 'declined', id: 'other' })).toBe(contentHash(full));
  });
});

describe('the course of one transaction', () => {
  const auth = { status: 'authorised' } as const;

  it('counts once from authorisation to booking, whether id or lifecycle joins them', () => {
    const byId = new DetectWorld().pay('t-1', auth).in(minutes(5)).pay('t-1').pay('t-2', auth);
    expect(byId.told).toEqual(['t-2 cus-1: twice(2 debits)']);
    const byLifecycle = new DetectWorld()
      .pay('t-1', { ...auth, lifecycleId: 'l-1' })
      .in(days(3))
      .pay('b-1', { lifecycleId: 'l-1' })
      .in(minutes(5))
      .pay('t-2', auth);
    expect(byLifecycle.told).toEqual([]);
    expect(byLifecycle.counts).toContain('transactions update');
  });

  it('counts once where the lifecycle is named after the id of the first record', () => {
    const world = new DetectWorld()
      .pay('t-1', auth)
      .in(minutes(1))
      .pay('b-1', { lifecycleId: 't-1' })
      .pay('t-1', { ...auth, occurredAt: start })
      .pay('t-1', { occurredAt: start })
      .in(minutes(1))
      .pay('t-2', auth)
      .pay('b-2', { lifecycleId: 't-2' });
    expect(world.told).toEqual(['t-2 cus-1: twice(2 debits)']);
    expect(world.rejected).toEqual([]);
    world.pay('r-1', { status: 'reversed', reversalOf: 'b-1' }).pay('t-2', { status: 'reversed' }).pay('t-3');
    expect(world.told).toHaveLength(1);
  });

  it('counts once also where the first record comes last', () => {
    const world = new DetectWorld()
      .pay('b-1', { lifecycleId: 't-1' })
      .pay('t-1', auth)
      .pay('t-1', auth)
      .pay('c-1', { ...auth, lifecycleId: 't-2' })
      .pay('t-2');
    expect(world.told).toEqual(['c-1 cus-1: twice(2 debits)']);
    expect(world.counts.filter((count) => count.startsWith('transactions'))).toEqual([
      'transactions first',
      'transactions first',
      'transactions update',
    ]);
  });

  it('lets a rule fire once', () => {
    const world = new DetectWorld()
      .pay('t-1', auth)
      .in(minutes(1))
      .pay('t-2', auth)
      .pay('t-2')
      .pay('t-1', { occurredAt: start });
    expect(world.told).toEqual(['t-2 cus-1: twice(2 debits)']);
  });

  it('lets another rule fire later, under a name of its own', () => {
    const world = new DetectWorld().pay('t-1', auth).pay('t-2', auth).pay('t-2', { status: 'declined' });
    expect(world.told).toEqual(['t-2 cus-1: twice(2 debits)', 't-2 cus-1: refused(1 refused)']);
    expect(world.findings.map(({ id }) => id)).toEqual(['bank/acc-1/t-2/cus-1', 'bank/acc-1/t-2~declined/cus-1']);
  });

  it('never gives two findings of a customer one name, whatever stands in the ids', () => {
    const ofAccount = (accountId: string) => ({ accountId, status: 'declined' }) as const;
    const { findings } = new DetectWorld()
      .pay('b/t', ofAccount('a'))
      .pay('t', ofAccount('a/b'))
      .pay('t', ofAccount('a%2Fb'))
      .pay('u~declined', ofAccount('c'))
      .pay('t', { accountId: 'c', status: 'authorised' })
      .pay('u', { accountId: 'c', status: 'authorised' })
      .pay('u', ofAccount('c'));
    expect(findings).toHaveLength(6);
    expect(new Set(findings.map(({ id }) => id)).size).toBe(6);
  });

  it('judges a booking as of its authorisation', () => {
    const world = new DetectWorld()
      .pay('t-1', auth)
      .in(hours(5))
      .pay('t-2', auth)
      .in(minutes(1))
      .pay('t-1', { occurredAt: start + hours(5) });
    expect(world.told).toEqual([]);
  });

  it('takes a reversed transaction out of the windows', () => {
    const world = new DetectWorld()
      .pay('t-1', auth)
      .in(minutes(1))
      .pay('t-1', { status: 'reversed' })
      .pay('t-2')
      .pay('t-3');
    expect(world.told).toEqual(['t-3 cus-1: twice(2 debits)']);
    expect(world.counts).toContain('transactions reversal');
  });

  it.each([
    ['by id', {}, {}],
    ['in a lifecycle', { lifecycleId: 'l-1' }, {}],
    ['in a lifecycle, and reversed in it', { lifecycleId: 'l-1' }, { lifecycleId: 'l-1' }],
  ])('takes out what a reversal names: %s', (_name, original, reversal) => {
    const world = new DetectWorld()
      .pay('t-1', original)
      .in(minutes(1))
      .pay('r-1', { status: 'reversed', reversalOf: 't-1', ...reversal })
      .pay('r-1', { status: 'reversed', reversalOf: 't-1', ...reversal })
      .pay('t-2')
      .pay('t-3');
    expect(world.told).toEqual(['t-3 cus-1: twice(2 debits)']);
    expect(world.counts).toContain('records_dropped detect duplicate');
  });

  it('takes nothing out for a refund that was declined', () => {
    const refund = { status: 'declined', direction: 'credit', reversalOf: 't-1' } as const;
    const world = new DetectWorld().pay('t-1', auth).pay('r-1', refund).pay('t-1', { occurredAt: start }).pay('t-2');
    expect(world.counts).toContain('transactions update');
    expect(world.told.at(-1)).toBe('t-2 cus-1: twice(2 debits)');
  });

  it('does not count what was reversed before it came', () => {
    const world = new DetectWorld().pay('r-1', { status: 'reversed', reversalOf: 't-1' }).pay('t-1').pay('t-2');
    expect(world.told).toEqual([]);
    expect(world.counts).toContain('records_dropped detect superseded');
  });

  it('takes a declined one out of the windows, and makes it a decline', () => {
    const world = new DetectWorld().pay('t-1', { status: 'pending' }).pay('t-1', { status: 'declined' }).pay('t-2');
    expect(world.told).toEqual(['t-1 cus-1: refused(1 refused)']);
    world.pay('t-3', { status: 'declined' });
    expect(world.told.at(-1)).toBe('t-3 cus-1: refused(2 refused)');
  });

  it('drops an earlier status that comes late', () => {
    const world = new DetectWorld()
      .pay('b-1', { lifecycleId: 'l-1' })
      .pay('t-1', { ...auth, lifecycleId: 'l-1' })
      .pay('t-1', { ...auth, lifecycleId: 'l-1' })
      .pay('t-2', auth);
    expect(world.told).toEqual(['t-2 cus-1: twice(2 debits)']);
    expect(world.counts.filter((count) => count.startsWith('records_dropped'))).toEqual([
      'records_dropped detect superseded',
      'records_dropped detect duplicate',
    ]);
  });

  it('joins a booking to its authorisation for thirty days', () => {
    const world = new DetectWorld()
      .pay('t-1', auth)
      .in(days(29))
      .pay('t-1', { receivedAt: start + days(29) });
    expect(world.counts.at(-1)).toBe('transactions update');
  });
});

describe('age', () => {
  const outcomeOf = (age: number, alertsFrom?: number) =>
    new DetectWorld()
      .pay('t-1', { occurredAt: start - age })
      .pay('t-2', { occurredAt: start - age, ...(alertsFrom === undefined ? {} : { alertsFrom }) });

  it('of five days still alerts, a moment more feeds history alone', () => {
    expect(outcomeOf(days(5)).told).toEqual(['t-2 cus-1: twice(2 debits)']);
    const old = outcomeOf(days(5) + 1);
    expect(old.told).toEqual([]);
    expect(old.counts).toContain('records detect history-only');
    old.pay('t-3', { occurredAt: start - days(5) });
    expect(old.told).toEqual(['t-3 cus-1: twice(3 debits)']);
  });

  it('counts from when the bank sent it, not from when it is read', () => {
    const late = new DetectWorld().in(days(20));
    const then = { occurredAt: start, receivedAt: start + days(1) };
    expect(late.pay('t-1', then).pay('t-2', then).told).toEqual(['t-2 cus-1: twice(2 debits)']);
  });

  it('counts from no later than the log had it, whatever time the bank’s producer wrote', () => {
    const fast = { receivedAt: 1_000 * start };
    const world = new DetectWorld().pay('t-1', fast).pay('t-2', fast);
    expect(world.told).toEqual(['t-2 cus-1: twice(2 debits)']);
    expect(world.findings[0]!.receivedAt).toBe(start);
  });

  it('is history before the tenant began', () => {
    expect(outcomeOf(0, start).told).toHaveLength(1);
    expect(outcomeOf(1, start).told).toEqual([]);
  });
});

describe('order', () => {
  it('judges only what arrives, by what had happened until then', () => {
    const world = new DetectWorld()
      .pay('t-1', { occurredAt: start })
      .pay('t-2', { occurredAt: start + minutes(90) })
      .pay('t-3', { occurredAt: start + minutes(45) });
    expect(world.told).toEqual(['t-3 cus-1: twice(2 debits)']);
    world.pay('t-4', { occurredAt: start + minutes(91) });
    expect(world.told.at(-1)).toBe('t-4 cus-1: twice(3 debits)');
  });
});
