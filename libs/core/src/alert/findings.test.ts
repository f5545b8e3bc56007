import { describe, expect, it } from '@jest/globals';
import { hours, minutes, seconds } from '../time.ts';
import { AlertWorld, clock, finding, rule, tenantId } from './test/alert-world.ts';

const routine = () => new AlertWorld().to('10:00:00').customer().consent('grant', 'sms', 'account-alert');

describe('conditions of the customer', () => {
  it('tells a finding once, however often it comes', () => {
    const world = routine();
    const found = finding(world.now, 't-1', { conditions: [{ condition: 'purchase-over', evidence: {} }] });
    world.record(found).record(found).in(minutes(2)).record(found).in(minutes(2));
    expect(world.told).toEqual(['sms:purchase-over']);
    expect(world.counts.filter((line) => line === 'findings_dropped repeated')).toHaveLength(2);
  });

  it('merges what holds on one transaction into one message, the others as reasons', () => {
    const world = routine().purchase({}, ['deposit', 'international-use', 'purchase-over']).in(minutes(1));
    expect(world.deliveries).toHaveLength(1);
    expect(world.deliveries[0]!.content).toMatchObject({
      kind: 'purchase-over',
      reasons: ['international-use', 'deposit'],
      items: [{ amount: { minor: 8000, currency: 'EUR' }, merchant: 'Corner Shop', last4: '1234' }],
    });
    expect(world.deliveries[0]).toMatchObject({ lane: 'routine', priority: 1, purpose: 'account-alert' });
  });

  it('groups purchases: three within five seconds leave together, a later one waits for the interval', () => {
    const world = routine();
    for (const time of ['10:00:00', '10:00:03', '10:00:04']) world.to(time).purchase();
    world.to('10:00:04');
    expect(world.told).toEqual([]);
    world.to('10:00:05').to('10:00:40').purchase().to('10:02:00');
    expect(world.deliveries.map(({ content }) => content.items.length)).toEqual([3, 1]);
    expect(
      world.outputs
        .filter(({ topic }) => topic === 'deliveries.sms.routine')
        .filter(({ value }) => (value as { type: string }).type === 'delivery')
        .map(({ at }) => at),
    ).toEqual([clock('10:00:05'), clock('10:01:05')]);
    // Newest first.
    const [first] = world.deliveries;
    expect(first!.content.items.map(({ time }) => time!.at)).toEqual([
      clock('10:00:03'),
      clock('10:00:02'),
      clock('09:59:59'),
    ]);
  });

  it('does not mix accounts or types in one group', () => {
    const world = routine()
      .purchase()
      .finds({ accountId: 'acc-2', conditions: [{ condition: 'purchase-over', evidence: {} }] });
    world.purchase({}, ['balance-below']).in(seconds(10));
    expect(world.deliveries).toHaveLength(3);
  });

  it('bounds a group and still counts everything in it', () => {
    const world = routine();
    for (let n = 0; n < 60; n += 1) world.purchase();
    world.in(seconds(6));
    const { items, more } = world.deliveries[0]!.content;
    expect(items).toHaveLength(40);
    expect(more).toEqual({ count: 20, sums: [{ minor: 160_000, currency: 'EUR' }] });
  });

  it.each([
    ['waitMs', { waitMs: hours(24), intervalMs: 0 }],
    ['intervalMs', { waitMs: 0, intervalMs: hours(24) }],
  ])('lets no message go stale by what the customer wants to wait for: %s', (_, choice) => {
    const world = routine();
    world.record({
      type: 'preferences',
      version: 1,
      id: 'prefs-1',
      tenantId,
      customerId: 'cus-1',
      acceptedAt: world.now,
      grouping: { '*': choice },
    });
    world.purchase().in(minutes(5)).purchase().in(hours(24));
    const last = world.deliveries.at(-1)!;
    expect(last.content.items).toHaveLength(choice.waitMs > 0 ? 2 : 1);
    // It left five minutes ago, and then has twelve hours, as every movement of money.
    expect(last.expiresAt).toBe(world.now - minutes(5) + hours(12));
  });

  it('sends every alert by itself when the customer turned grouping off', () => {
    const world = routine().in(1000);
    world.record({
      type: 'preferences',
      version: 1,
      id: 'pref-1',
      tenantId,
      customerId: 'cus-1',
      acceptedAt: world.now,
      grouping: { '*': { waitMs: 0, intervalMs: 0 } },
    });
    world.purchase().purchase();
    expect(world.deliveries.map(({ content }) => content.items.length)).toEqual([1, 1]);
  });

  it('waits for the cool-down of the same subject, and never of another', () => {
    const world = routine().in(1000);
    world.record({
      type: 'preferences',
      version: 1,
      id: 'pref-1',
      tenantId,
      customerId: 'cus-1',
      acceptedAt: world.now,
      grouping: { '*': { waitMs: 0, intervalMs: 0 } },
      coolDownMs: { 'purchase-over': minutes(10) },
    });
    world
      .purchase()
      .in(minutes(9))
      .purchase()
      .purchase({ merchant: { id: 'm-2' } })
      .purchase({}, ['balance-below']);
    expect(world.told).toEqual(['sms:purchase-over', 'sms:purchase-over', 'sms:balance-below']);
    world.in(minutes(1)).purchase();
    expect(world.told).toHaveLength(4);
    expect(world.history().alerts.map(({ state }) => state)).toContain('cooled-down');
  });

  it('tells each crossing of a balance that detect reports, because detect does the re-arming', () => {
    const world = routine().purchase({ balanceAfter: { minor: 9500, currency: 'EUR' } }, ['balance-below']);
    world
      .in(hours(1))
      .purchase({ balanceAfter: { minor: 9800, currency: 'EUR' } }, ['balance-below'])
      .in(minutes(2));
    expect(world.deliveries.map(({ content }) => content.items[0]!.balance)).toEqual([
      { minor: 9500, currency: 'EUR' },
      { minor: 9800, currency: 'EUR' },
    ]);
  });

  it.each([
    ['purchase-over', 12],
    ['deposit', 24],
  ])('lets %s go stale after %d hours, counted from the bank’s record', (condition, hoursOld) => {
    const world = routine();
    world.finds({ conditions: [{ condition, evidence: {} }], receivedAt: clock('08:00:00') }).in(minutes(1));
    expect(world.deliveries[0]).toMatchObject({
      expiresAt: clock('08:00:00') + hours(hoursOld),
      receivedAt: clock('08:00:00'),
    });
  });

  it('leaves to the inbox what no channel may carry', () => {
    const world = new AlertWorld().customer().purchase().in(minutes(1));
    expect(world.told).toEqual([]);
    expect(world.caseKinds).toEqual([]);
    expect(world.counts).toContain('deliveries inbox expired');
    expect(world.history().alerts[0]).toMatchObject({ kind: 'purchase-over', state: 'expired' });
  });
});

describe('fraud', () => {
  it('asks from the alert score on, at once, urgently', () => {
    const world = new AlertWorld().customer().suspects();
    expect(world.deliveries).toHaveLength(1);
    const [delivery] = world.deliveries;
    expect(delivery).toMatchObject({ lane: 'urgent', priority: 0, purpose: 'fraud-protection', channel: 'sms' });
    expect(delivery!.content).toMatchObject({ kind: 'fraud-check', reasons: ['new-device-spend'] });
    expect(delivery!.content.questionId).toMatch(/^[0-9a-f]{16}$/);
    expect(delivery!.id).toBe(`${delivery!.alertId}/sms/1`);
    expect(delivery!.expiresAt).toBe(world.now + hours(24));
  });

  it.each([
    [0.49, 0],
    [0.5, 1],
    [1 - 0.5, 1],
  ])('with a score of %d it sends %d messages', (score, sent) => {
    const world = new AlertWorld().customer().finds({ score, fired: [rule({ score })] });
    expect(world.deliveries).toHaveLength(sent);
  });

  it('heeds the score of the tenant’s policy', () => {
    const world = new AlertWorld().customer();
    world.record({
      type: 'tenant-policy',
      version: 1,
      id: 'policy-1',
      tenantId,
      policy: {
        id: 'p',
        version: 1,
        bankName: 'Bank',
        defaultLanguage: 'en',
        defaultTimeZone: 'UTC',
        channels: { sms: { allowed: true } },
        legalBasis: { 'fraud-protection': { basis: 'law', channels: ['sms'] } },
        alertScore: 0.9,
      },
    });
    world.suspects();
    expect(world.told).toEqual([]);
  });

  it('takes the text of the question when conditions hold as well, and sends one message', () => {
    const world = routine();
    world.suspects({}, { conditions: [{ condition: 'purchase-over', evidence: {} }] }).in(minutes(5));
    expect(world.told).toEqual(['sms:fraud-check']);
    expect(world.deliveries[0]!.content.reasons).toEqual(['new-device-spend', 'purchase-over']);
  });

  it('keeps one open question per card, and lets what follows join it', () => {
    const world = new AlertWorld()
      .customer()
      .suspects()
      .suspects()
      .suspects({ card: { token: 'card-2', last4: '9876' } });
    expect(world.told).toEqual(['sms:fraud-check', 'sms:fraud-check']);
    expect(world.questions().map(({ transactionIds }) => transactionIds.length)).toEqual([2, 1]);
  });

  it('calls a person when no channel is left', () => {
    const world = new AlertWorld().customer({ addresses: {} }).suspects();
    expect(world.told).toEqual([]);
    expect(world.cases).toMatchObject([{ kind: 'unreachable', severity: 'high' }]);
    expect(world.cases[0]!.reasons).toContain('sms: no-address');
    expect(world.history().alerts[0]).toMatchObject({ state: 'unreachable' });
  });

  it('uses no address that was not confirmed', () => {
    const world = new AlertWorld();
    world.record({
      type: 'profile',
      version: 1,
      id: 'p',
      tenantId,
      customerId: 'cus-1',
      acceptedAt: world.now,
      language: 'en',
      timeZone: 'UTC',
      contactPoints: { sms: { address: '+1', verified: false } },
      channelOrder: ['sms'],
    });
    world.suspects();
    expect(world.told).toEqual([]);
    expect(world.of('address')).toEqual([]);
  });
});

describe('nobody to tell', () => {
  it.each([
    ['a holder without a profile', { customerId: 'cus-9' }],
    ['an account without a known holder', { customerId: 'account/acc-1' }],
  ])('makes a case of fraud for %s, and counts conditions', (_, who) => {
    const world = new AlertWorld();
    world.suspects({}, who).finds({ ...who, conditions: [{ condition: 'deposit', evidence: {} }] });
    expect(world.deliveries).toEqual([]);
    expect(world.cases).toMatchObject([{ kind: 'unknown-customer', accountId: 'acc-1' }]);
    expect(world.counts).toContain('alerts deposit unknown-customer');
  });

  it('makes one case of two unknown holders of one account', () => {
    const world = new AlertWorld();
    world.suspects({ id: 't-7' }, { customerId: 'cus-8' }).suspects({ id: 't-7' }, { customerId: 'cus-9' });
    const ids = world.outputs.filter(({ topic }) => topic === 'cases').map(({ headers }) => headers!['ce_id']);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
    expect(world.cases[0]!.id).toBe(ids[0]);
  });
});

describe('no tipping-off', () => {
  const staff = rule({
    rule: 'structuring',
    family: 'laundering',
    audience: 'staff',
    score: 0.95,
    summary: 'cash below the limit',
  });

  it('never asks or tells the customer because of a rule for staff', () => {
    const world = routine()
      .finds({ score: 0.95, fired: [staff] })
      .in(hours(25));
    expect(world.deliveries).toEqual([]);
    expect(world.history().alerts).toEqual([]);
    expect(world.cases).toMatchObject([{ kind: 'staff-finding', reasons: ['structuring: cash below the limit'] }]);
    expect(world.cases[0]!.customerId).toBeUndefined();
  });

  it('does not let such a rule push a weak suspicion over the line', () => {
    const weak = rule({ score: 0.4 });
    const world = routine().finds({ score: 0.97, fired: [staff, weak] });
    expect(world.deliveries).toEqual([]);
  });

  it('writes the customer exactly what it would have written without', () => {
    const conversation = (fired: ReturnType<typeof rule>[], score: number) => {
      const world = routine().finds({ score, fired, conditions: [{ condition: 'purchase-over', evidence: {} }] });
      world.reports('accepted').in(minutes(11)).says('no').bankSays('refused').in(hours(30)).says('help');
      return {
        outputs: world.outputs.filter(({ value }) => (value as { kind?: string }).kind !== 'staff-finding'),
        history: world.history(),
      };
    };
    const with0 = conversation([rule()], 0.8);
    const with1 = conversation([staff, rule()], 0.99);
    expect(with1.outputs.map(({ topic, json }) => [topic, json])).toEqual(
      with0.outputs.map(({ topic, json }) => [topic, json]),
    );
    expect(with1.history).toEqual(with0.history);
    expect(with0.outputs.length).toBeGreaterThan(10);
    expect(JSON.stringify(with1)).not.toMatch(/structuring|cash below/);
  });
});

describe('a channel whose provider account is one tenant’s', () => {
  it('is chosen for its customers only, and tells senders of nobody else', () => {
    const life = (owner: string) => new AlertWorld({ owners: { sms: owner } }).customer().suspects();
    expect(life('bank').told).toEqual(['sms:fraud-check']);
    const other = life('other');
    expect(other.told).toEqual(['email:fraud-check']);
    expect(other.contact('sms')).toBeUndefined();
    other.reports('permanent').reports('permanent');
    expect(other.told.filter((told) => told.startsWith('sms'))).toEqual([]);
  });
});
