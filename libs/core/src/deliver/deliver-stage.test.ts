import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import type { LedgerRow } from '../records/outside.ts';
import { days, hours, minutes, seconds } from '../time.ts';
import { aContact, aDelivery, aRedrive, DeliverWorld, start } from './test/deliver-world.ts';
import { disclosuresKey } from './job.ts';
import { verifyChain } from './ledger-chain.ts';
import { retryDelay } from './retry-schedule.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
const world = () => new DeliverWorld({ digest });
const accepted = { kind: 'accepted', ref: 'SM1' } as const;
const later = { kind: 'retry', code: '429', scope: 'message' } as const;
const notSent = { kind: 'not-sent', code: 'late' } as const;

describe('a delivery', () => {
  it('waits until it is attempted, and is accepted once', () => {
    const w = world().given(aDelivery(), aDelivery());
    expect(w.job()).toMatchObject({ attempts: 0, dueAt: start, acceptedAt: start });
    expect(w.counts).toEqual(['records_dropped deliver.sms.urgent repeated-delivery']);
    expect(w.outputs).toEqual([]);
  });

  it('ends with the outcome of its attempt, told to alert with the reference and what left', () => {
    const w = world().given(aDelivery()).attempt(1).in(seconds(1)).outcome(1, accepted);
    expect(w.receipts).toEqual([
      {
        type: 'receipt',
        version: 1,
        id: 'a1/sms/1#1/accepted',
        tenantId: 'bank',
        customerId: 'cus-1',
        channel: 'sms',
        deliveryId: 'a1/sms/1',
        alertId: 'a1',
        state: 'accepted',
        ref: 'SM1',
        at: start + seconds(1),
        disclosed: ['kind', 'amount'],
      },
    ]);
    expect(w.job()).toBeUndefined();
    expect(w.timers).toEqual([]);
    expect(w.outputs.find(({ topic }) => topic === 'customer-events')!.key).toBe('bank:cus-1');
  });

  describe('that is withdrawn', () => {
    const withdrawn = aDelivery({ withdrawn: true });

    it('is over, and its copies are dropped', () => {
      const w = world().given(aDelivery(), withdrawn, withdrawn, aDelivery()).attempt(1);
      expect(w.told).toEqual(['a1/sms/1#0/expired withdrawn']);
      expect([w.job(), w.timers, w.ledger]).toEqual([undefined, [], []]);
    });

    it('is not tried again, but ends as its attempt does', () => {
      const begun = () => world().given(aDelivery()).attempt(1).given(withdrawn, withdrawn);
      expect(begun().told).toEqual([]);
      expect(begun().outcome(1, accepted).told).toEqual(['a1/sms/1#1/accepted']);
      expect(begun().outcome(1, later).told).toEqual(['a1/sms/1#1/expired withdrawn']);
      expect(begun().outcome(1, notSent).told).toEqual(['a1/sms/1#1/expired withdrawn']);
      expect(begun().in(minutes(2)).in(minutes(1)).job()).toBeDefined();
    });

    it('and was never told, or is over, changes nothing', () => {
      expect(world().given(withdrawn).outputs).toEqual([]);
      const ended = world().given(aDelivery()).attempt(1).outcome(1, accepted).given(withdrawn);
      expect(ended.told).toEqual(['a1/sms/1#1/accepted']);
    });

    it('leaves when an operator sends it again', () => {
      const w = world().given(aDelivery(), withdrawn, aRedrive('r1')).attempt(1).outcome(1, later);
      expect(w.job()).toMatchObject({ retries: 1 });
    });
  });

  it('is not accepted again within two days of its end', () => {
    const w = world().given(aDelivery()).attempt(1).outcome(1, accepted).in(hours(47)).given(aDelivery());
    expect(w.job()).toBeUndefined();
  });

  it('can only expire when a copy comes after its end was forgotten', () => {
    const w = world().given(aDelivery()).outcome(1, { kind: 'badAddress', code: 'b' });
    w.in(hours(50)).given(aDelivery()).attempt(1).outcome(1, accepted);
    expect(w.told).toEqual(['a1/sms/1#0/badAddress b', 'a1/sms/1#0/expired']);
    expect(w.job()).toBeUndefined();
    expect(w.ledger).toEqual([]);
  });

  it('is not forgotten while it could still be sent', () => {
    const fresh = aDelivery({ expiresAt: start + days(4) });
    const w = world().given(fresh).attempt(1).outcome(1, accepted).in(hours(50)).given(fresh);
    expect(w.job()).toBeUndefined();
    expect(w.in(days(2)).given(fresh).told).toEqual(['a1/sms/1#1/accepted', 'a1/sms/1#0/expired']);
  });

  it('expires when nobody sent it in time', () => {
    const w = world()
      .given(aDelivery({ expiresAt: start + minutes(5) }))
      .in(minutes(5));
    expect(w.told).toEqual(['a1/sms/1#0/expired']);
    expect(w.counts).toContain('deliveries sms expired');
    expect(w.job()).toBeUndefined();
  });

  it('that comes too late is answered all the same', () => {
    expect(world().given(aDelivery({ expiresAt: start })).told).toEqual(['a1/sms/1#0/expired']);
  });

  it('does not expire while its attempt is under way', () => {
    const w = world()
      .given(aDelivery({ expiresAt: start + seconds(10) }))
      .attempt(1)
      .in(seconds(20));
    expect(w.told).toEqual([]);
    expect(w.outcome(1, accepted).told).toEqual(['a1/sms/1#1/accepted']);
  });

  it.each([
    ['permanent', { kind: 'permanent', code: 'blocked-content' }, 'a1/sms/1#1/permanent blocked-content'],
    ['badAddress', { kind: 'badAddress', code: '21211' }, 'a1/sms/1#1/badAddress 21211'],
    ['ineligible', { kind: 'ineligible', code: '21610', untilAt: start + 1 }, 'a1/sms/1#1/ineligible 21610'],
    ['unknown', { kind: 'unknown', code: 'timeout' }, 'a1/sms/1#1/unknown timeout'],
  ] as const)('ends %s', (_, outcome, receipt) => {
    const w = world().given(aDelivery()).attempt(1).outcome(1, outcome);
    expect(w.told).toEqual([receipt]);
    expect(w.receipts[0]!.untilAt).toBe('untilAt' in outcome ? outcome.untilAt : undefined);
  });

  it('says of a bad address which contact had it, whatever stands now', () => {
    const w = world()
      .given(aContact({ sourceOffset: 5 }), aDelivery())
      .attempt(1);
    w.given(aContact({ sourceOffset: 7, address: '+359888000002' })).outcome(1, { kind: 'badAddress', code: '21211' });
    expect(w.receipts).toMatchObject([{ state: 'badAddress', contactOffset: 5 }]);
  });

  it.each(['revoked', 'kill-switch', 'not-allowed'])('withheld by ourselves (%s) is revoked', (code) => {
    const w = world().given(aDelivery()).outcome(1, { kind: 'ineligible', code });
    expect(w.told).toEqual([`a1/sms/1#0/revoked ${code}`]);
    expect(w.ledger).toEqual([]);
  });
});

describe('attempts', () => {
  it('of two owners race: the first in the log stands, and only its writer reports', () => {
    const w = world().given(aDelivery()).attempt(1, 'zombie').attempt(1, 'me');
    expect(w.job()!.attempting).toMatchObject({ by: 'zombie', attempt: 1, startedAt: start });
    w.outcome(1, notSent, 'me');
    expect(w.job()!.attempting).toBeDefined();
    w.outcome(1, accepted, 'zombie');
    expect(w.told).toEqual(['a1/sms/1#1/accepted']);
    expect(w.counts).toEqual(
      expect.arrayContaining([
        'records_dropped deliver.sms.urgent repeated-attempt',
        'records_dropped deliver.sms.urgent outcome-of-another',
      ]),
    );
  });

  it('change nothing when repeated, nor do their outcomes', () => {
    const w = world().given(aDelivery()).attempt(1).attempt(1).outcome(1, later).outcome(1, later).attempt(1);
    expect(w.job()).toMatchObject({ attempts: 1, retries: 1 });
    expect(w.job()!.attempting).toBeUndefined();
    expect(w.ledger.map(({ outcome }) => outcome)).toEqual(['possible', 'not-sent']);
  });

  it('without outcome past their deadline are unknown, and nothing is sent again', () => {
    const w = world().given(aDelivery()).attempt(1).in(seconds(34));
    expect(w.told).toEqual([]);
    for (let n = 0; n < 5; n++) expect(w.in(seconds(1)).told).toEqual([]);
    w.in(seconds(1));
    expect(w.told).toEqual(['a1/sms/1#1/unknown no-outcome']);
    w.outcome(1, accepted).attempt(2).outcome(2, accepted);
    expect(w.told).toHaveLength(1);
  });

  it('are not unknown only because the log was silent: whoever knows the outcome could not tell it either', () => {
    const w = world().given(aDelivery()).attempt(1).in(minutes(10));
    expect(w.outcome(1, accepted).told).toEqual(['a1/sms/1#1/accepted']);
    // Now and then a single record gets through.
    const more = world().given(aDelivery()).attempt(1);
    for (let n = 0; n < 4; n++) more.in(minutes(10));
    expect(more.outcome(1, later).job()).toMatchObject({ attempts: 1, retries: 1 });
    expect(more.job()!.attempting).toBeUndefined();
    expect(more.attempt(2).in(seconds(40)).job()!.attempting).toMatchObject({ attempt: 2, doubts: 1 });
  });

  it('from a wrong clock get a minute', () => {
    const w = world().given(aDelivery());
    const record = {
      type: 'attempt',
      version: 1,
      id: 'x',
      deliveryId: 'a1/sms/1',
      tenantId: 'bank',
      customerId: 'cus-1',
      attempt: 1,
      by: 'me',
    } as const;
    const disclosure = {
      provider: 'P',
      providerAccount: '',
      channel: 'sms',
      purpose: 'fraud-protection',
      ground: { kind: 'legal-basis', basis: 'b' },
      classes: [],
      fields: [],
      template: '',
    } as const;
    w.given({ ...record, deadlineAt: start - hours(1), disclosure });
    expect(w.in(seconds(59)).told).toEqual([]);
    expect(w.in(seconds(1)).job()!.attempting!.doubts).toBe(1);
  });

  it('are not needed where nothing was sent, but for everything else', () => {
    for (const outcome of [accepted, later, { kind: 'unknown', code: 'x' }] as const) {
      expect(world().given(aDelivery()).outcome(1, outcome).outputs).toEqual([]);
    }
    expect(world().given(aDelivery()).outcome(1, { kind: 'ineligible', code: 'no-address' }).told).toEqual([
      'a1/sms/1#0/ineligible no-address',
    ]);
    expect(world().given(aDelivery()).outcome(2, { kind: 'ineligible', code: 'no-address' }).told).toEqual([]);
  });
});

describe('what was certainly not sent', () => {
  it('is tried again by the schedule, spread, then leaves it to another channel', () => {
    const w = world().given(aDelivery());
    const delays: number[] = [];
    for (let n = 1; n <= 6; n++) {
      w.attempt(n).outcome(n, later);
      delays.push(w.job()!.dueAt - w.now);
      w.in(minutes(1));
    }
    [1, 2, 5, 10, 15, 30].forEach((planned, i) => {
      expect(delays[i]).toBeGreaterThanOrEqual(seconds(planned));
      expect(delays[i]).toBeLessThanOrEqual(seconds(planned) * 1.25);
    });
    w.attempt(7).outcome(7, later);
    expect(w.told).toEqual(['a1/sms/1#7/permanent retries-used-up']);
    expect(w.deadLetters).toHaveLength(1);
  });

  it('waits as long as the provider asks, but no longer than is useful', () => {
    const w = world()
      .given(aDelivery())
      .attempt(1)
      .outcome(1, { ...later, afterMs: seconds(40) });
    expect(w.job()!.dueAt - start).toBeGreaterThanOrEqual(seconds(40));
    const impatient = world()
      .given(aDelivery())
      .attempt(1)
      .outcome(1, { ...later, afterMs: hours(1) });
    expect(impatient.told).toEqual(['a1/sms/1#1/permanent retries-used-up']);
  });

  it('is given to another channel rather than tried when it is stale', () => {
    const w = world()
      .given(aDelivery({ expiresAt: start + 500 }))
      .attempt(1)
      .outcome(1, later);
    expect(w.told).toEqual(['a1/sms/1#1/permanent retries-used-up']);
  });

  it('costs no try when it was let go before the first byte', () => {
    const w = world().given(aDelivery());
    for (let n = 1; n <= 20; n++) w.attempt(n).outcome(n, notSent).in(seconds(2));
    expect(w.job()).toMatchObject({ attempts: 20, retries: 0 });
    w.outcome(21, { ...notSent, afterMs: 5_000 });
    expect(w.job()!.dueAt).toBe(w.now + 5_000);
  });

  it('has the same delay on every replay', () => {
    const schedule = { delaysMs: [1_000], longestMs: 60_000 };
    expect(retryDelay(schedule, 1, undefined, 'a#1', digest)).toBe(retryDelay(schedule, 1, undefined, 'a#1', digest));
    expect(retryDelay(schedule, 1, undefined, 'a#1', digest)).not.toBe(
      retryDelay(schedule, 1, undefined, 'b#1', digest),
    );
    expect(retryDelay(schedule, 2, undefined, 'a#1', digest)).toBeUndefined();
  });
});

describe('dead letters and redrive', () => {
  it('carry the delivery and its whole story', () => {
    const w = world()
      .given(aDelivery())
      .attempt(1)
      .outcome(1, later)
      .in(seconds(2))
      .attempt(2)
      .outcome(2, { kind: 'permanent', code: 'content' });
    const [letter] = w.deadLetters;
    expect(letter).toMatchObject({ id: 'a1/sms/1#2', kind: 'undeliverable', stage: 'deliver.sms.urgent' });
    expect(JSON.parse(Buffer.from(letter!.value!, 'base64').toString())).toEqual(aDelivery());
    expect(letter!.story!.map(({ what }) => what)).toEqual([
      'accepted',
      'attempt 1',
      'retry: 429',
      'attempt 2',
      'permanent: content',
    ]);
    expect(w.outputs.find(({ topic }) => topic === 'dead-letters')!.headers).toMatchObject({ ce_id: 'a1/sms/1#2' });
  });

  it('a redrive opens it again, once, with attempts that go on counting', () => {
    const w = world().given(aDelivery()).attempt(1).outcome(1, { kind: 'permanent', code: 'content' });
    w.given(aRedrive('r1'), aRedrive('r1')).attempt(2).outcome(2, accepted);
    expect(w.told).toEqual(['a1/sms/1#1/permanent content', 'a1/sms/1#2/accepted']);
    w.given(aRedrive('r1'), aRedrive('r2'));
    expect(w.job()).toBeUndefined();
    expect(w.counts.filter((count) => count.startsWith('redrives'))).toEqual([
      'redrives sms reopened',
      'redrives sms refused',
      'redrives sms refused',
      'redrives sms refused',
    ]);
  });

  it('a letter whose redrive was accepted is not sent again for as long as there is the letter', () => {
    const w = world().given(aDelivery()).attempt(1).outcome(1, { kind: 'permanent', code: 'content' });
    w.given(aRedrive('r1')).attempt(2).outcome(2, accepted).in(days(29));
    w.given(aRedrive('r2', aDelivery({ expiresAt: w.now + hours(1) })));
    expect(w.job()).toBeUndefined();
    expect(w.counts).toContain('redrives sms refused');
  });

  it('a redrive that was obeyed and expired is not obeyed again, and another one goes on counting', () => {
    const w = world().given(aDelivery()).attempt(1).outcome(1, { kind: 'permanent', code: 'content' });
    w.given(aRedrive('r1')).in(days(20));
    const again = aDelivery({ expiresAt: w.now + hours(1) });
    expect(w.given(aRedrive('r1', again)).job()).toBeUndefined();
    expect(w.given(aRedrive('r2', again)).job()).toMatchObject({ attempts: 1, redrives: ['r1', 'r2'] });
  });

  it('nothing is seen more than twice, whoever redrives it', () => {
    const unknown = { kind: 'unknown', code: 'timeout' } as const;
    const w = world()
      .given(aDelivery())
      .attempt(1)
      .outcome(1, unknown)
      .given(aRedrive('r1'))
      .attempt(2)
      .outcome(2, unknown);
    expect(w.given(aRedrive('r2')).job()).toBeUndefined();
  });

  it('a redrive may bring a new expiry, or is stale itself', () => {
    const w = world()
      .given(aDelivery({ expiresAt: start + 10 }))
      .in(20);
    w.given(aRedrive('r1', aDelivery({ expiresAt: start + 10 })));
    expect(w.told).toEqual(['a1/sms/1#0/expired', 'a1/sms/1#0/expired']);
    expect(w.given(aRedrive('r2')).job()).toBeDefined();
  });
});

describe('contacts and policies', () => {
  it('keep the newest', () => {
    const w = world().given(
      aContact({ sourceOffset: 5 }),
      aContact({ sourceOffset: 7, stopped: true }),
      aContact({ sourceOffset: 6 }),
    );
    expect(w.state('c:bank:cus-1')).toMatchObject({ sourceOffset: 7, stopped: true });
    const policy = (version: number) =>
      ({
        type: 'tenant-policy',
        version: 1,
        id: `p${version}`,
        tenantId: 'bank',
        policy: {
          id: 'p',
          version,
          bankName: `B${version}`,
          defaultLanguage: 'en',
          defaultTimeZone: 'UTC',
          channels: {},
          legalBasis: {},
        },
      }) as const;
    w.given(policy(2), policy(1));
    expect(w.state('!p:bank')).toMatchObject({ version: 2, bankName: 'B2' });
    expect(w.outputs).toEqual([]);
  });
});

describe('a barrier in the log', () => {
  const noted = (offset: number, verdict: 'allow' | 'deny' | 'wait' = 'deny') =>
    ({
      type: 'barrier',
      version: 1,
      id: `c${offset}`,
      tenantId: 'bank',
      customerId: 'cus-1',
      channel: 'sms',
      offset,
      verdict,
    }) as const;
  const standing = (w: DeliverWorld) => w.state('b:bank:cus-1');

  it('stands until the contact is as new, and the newest counts', () => {
    const w = world().given(aContact({ sourceOffset: 5 }), noted(8), noted(7, 'allow'));
    expect(standing(w)).toMatchObject({ offset: 8, verdict: 'deny' });
    w.given(aContact({ sourceOffset: 7 }));
    expect(standing(w)).toMatchObject({ offset: 8 });
    w.given(aContact({ sourceOffset: 8, stopped: true }));
    expect(standing(w)).toBeUndefined();
  });

  it('says nothing new where the contact knows already', () => {
    expect(standing(world().given(aContact({ sourceOffset: 9 }), noted(9), noted(4)))).toBeUndefined();
  });

  it('may come before anything is known of the customer', () => {
    expect(standing(world().given(noted(3)))).toMatchObject({ offset: 3 });
  });
});

describe('the disclosure ledger', () => {
  const filled = () => {
    const w = world().given(aDelivery(), aDelivery({ id: 'a2/sms/1', alertId: 'a2' }));
    return w.attempt(1).attempt(1, 'me', 'a2/sms/1').outcome(1, accepted).outcome(1, later, 'me', 'a2/sms/1');
  };

  it('says what may have left before it leaves, and then what became of it', () => {
    const { ledger } = filled();
    expect(ledger.map(({ id, outcome, sequence }) => [sequence, id, outcome])).toEqual([
      [1, 'a1/sms/1#1', 'possible'],
      [2, 'a2/sms/1#1', 'possible'],
      [3, 'a1/sms/1#1', 'accepted'],
      [4, 'a2/sms/1#1', 'not-sent'],
    ]);
    expect(ledger[0]).toMatchObject({ chain: 'deliver.sms.urgent/0', disclosure: { fields: ['kind', 'amount'] } });
  });

  it('is a chain in which nothing can be changed, taken out or put in', () => {
    const { ledger } = filled();
    expect(verifyChain(ledger, digest)).toMatchObject({
      intact: true,
      chains: [{ chain: 'bank deliver.sms.urgent/0', rows: 4, first: 1, last: 4 }],
    });
    const fault = (rows: readonly LedgerRow[], partial = false) =>
      verifyChain(rows, digest, { partial }).chains[0]!.fault;
    const [a, b, c, d] = ledger as [LedgerRow, LedgerRow, LedgerRow, LedgerRow];
    expect(fault([a, b, { ...c, outcome: 'unknown' }, d])).toEqual({ kind: 'altered', sequence: 3 });
    expect(fault([a, c, d])).toEqual({ kind: 'missing', sequence: 2 });
    expect(fault([b, c, d])).toEqual({ kind: 'missing', sequence: 1 });
    expect(fault([b, c, d], true)).toBeUndefined();
    expect(fault([a, b, b, c, d])).toBeUndefined();
    const { hash: _, ...forged } = { ...b, outcome: 'refused' as const };
    expect(verifyChain([a, { ...b, outcome: 'refused', hash: digest(JSON.stringify(forged)) }, c], digest).intact).toBe(
      false,
    );
  });

  it('keeps the newest thirty of a customer at hand, with what became of each', () => {
    const w = world();
    for (let n = 1; n <= 32; n++) {
      w.given(aDelivery({ id: `d${n}` }))
        .attempt(1, 'me', `d${n}`)
        .outcome(1, accepted, 'me', `d${n}`);
    }
    const rows = w.state<readonly LedgerRow[]>(disclosuresKey('bank:cus-1'))!;
    expect(rows.map(({ deliveryId }) => deliveryId)).toEqual(Array.from({ length: 30 }, (_, i) => `d${i + 3}`));
    expect(rows.every(({ outcome }) => outcome === 'accepted')).toBe(true);
  });
});
