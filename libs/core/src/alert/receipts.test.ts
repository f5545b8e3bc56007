import { describe, expect, it } from '@jest/globals';
import { providerKey } from '../provider-key.ts';
import { minutes, seconds } from '../time.ts';
import { AlertWorld, clock, tenantId, testDigest } from './test/alert-world.ts';

/** Push, then Messenger, then SMS, then e-mail; fraud may be told on all of them. */
const everywhere = (...order: readonly string[]) =>
  new AlertWorld({ timing: { remindAfterMs: [], unansweredAfterMs: 0 } })
    .to('10:00:00')
    .customer({ order: order.length > 0 ? order : ['push', 'messenger', 'sms', 'email'] })
    .link()
    .consent('grant', 'messenger', 'fraud-protection');

const routine = () =>
  new AlertWorld()
    .to('10:00:00')
    .customer({ order: ['sms', 'email'] })
    .consent('grant', 'sms', 'account-alert')
    .consent('grant', 'email', 'account-alert')
    .purchase()
    .in(seconds(5));

const channelsOf = (world: AlertWorld) => world.deliveries.map(({ channel }) => channel);

describe('failover of an urgent message', () => {
  it('goes from push to Messenger to SMS, and counts a push that comes late', () => {
    const world = everywhere().suspects().reports('accepted').to('10:00:29');
    expect(channelsOf(world)).toEqual(['push']);
    world.to('10:00:30');
    expect(channelsOf(world)).toEqual(['push', 'messenger']);
    world.reports('ineligible', { code: '10/2018278' });
    expect(channelsOf(world)).toEqual(['push', 'messenger', 'sms']);
    world.reports('accepted').to('10:00:31').receipt(world.deliveries[0]!, 'delivered');
    expect(world.counts.filter((line) => line.startsWith('visible_duplicates'))).toEqual(['visible_duplicates push']);
    world.receipt(world.deliveries[0]!, 'read');
    expect(world.counts.filter((line) => line.startsWith('visible_duplicates'))).toHaveLength(1);
    expect(channelsOf(world)).toHaveLength(3);
    expect(world.history().alerts[0]!.channels.map(({ state }) => state)).toEqual(['read', 'ineligible', 'accepted']);
  });

  it.each(['permanent', 'badAddress', 'ineligible', 'revoked'] as const)(
    'takes the next channel at once on %s',
    (state) => {
      const world = everywhere().suspects().reports(state);
      expect(channelsOf(world)).toEqual(['push', 'messenger']);
      expect(world.deliveries[1]!.content.mayRepeat).toBeUndefined();
      expect(world.deliveries.map(({ id }) => id.split('/').slice(1))).toEqual([
        ['push', '1'],
        ['messenger', '2'],
      ]);
    },
  );

  it('takes the next channel when the provider says later that it failed', () => {
    const world = everywhere().suspects().reports('accepted').in(seconds(10));
    world.receipt(world.deliveries[0]!, 'failed');
    expect(channelsOf(world)).toEqual(['push', 'messenger']);
  });

  it.each([
    ['messenger', 60],
    ['sms', 180],
  ] as const)('waits on %s for %d s', (channel, wait) => {
    const world = everywhere(channel, 'email')
      .suspects()
      .reports('accepted')
      .in(seconds(wait - 1));
    expect(channelsOf(world)).toEqual([channel]);
    world.in(seconds(1));
    expect(channelsOf(world)).toEqual([channel, 'email']);
    expect(world.deliveries[1]!.content.mayRepeat).toBe(true);
  });

  it('counts from the hand-over, so an outage escalates nothing', () => {
    const world = everywhere().suspects().in(minutes(30)).reports('accepted').in(seconds(29));
    expect(channelsOf(world)).toEqual(['push']);
  });

  it('takes accepted for final where the channel has no receipts', () => {
    const world = everywhere('email', 'sms').suspects().reports('accepted').in(minutes(60));
    expect(channelsOf(world)).toEqual(['email']);
    expect(world.caseKinds).toEqual([]);
  });

  it('ends with a person when every channel failed', () => {
    const world = everywhere().suspects();
    for (let n = 0; n < 4; n += 1) world.reports('permanent');
    expect(channelsOf(world)).toEqual(['push', 'messenger', 'sms', 'email']);
    expect(world.cases).toMatchObject([{ kind: 'unreachable', transactionIds: ['t-4'] }]);
    expect(world.counts).toContain('deliveries inbox expired');
  });

  it('does not go on once the customer has answered', () => {
    const world = everywhere().suspects().reports('accepted').says('yes');
    world.record({ ...receiptOf(world), state: 'failed' });
    world.in(minutes(10));
    expect(channelsOf(world)).toEqual(['push', 'sms']);
    expect(world.told).toEqual(['push:fraud-check', 'sms:answer-yes']);
  });
});

const receiptOf = (world: AlertWorld) => ({
  type: 'receipt' as const,
  version: 1 as const,
  id: 'late',
  tenantId: 'bank',
  customerId: 'cus-1',
  channel: 'push',
  deliveryId: world.deliveries[0]!.id,
  alertId: world.deliveries[0]!.alertId,
  at: world.now,
});

describe('an unknown outcome', () => {
  it('of an urgent message waits 30 s, then takes the next channel, saying that it may repeat', () => {
    const world = everywhere().suspects().reports('unknown').in(seconds(29));
    expect(channelsOf(world)).toEqual(['push']);
    world.in(seconds(1));
    expect(channelsOf(world)).toEqual(['push', 'messenger']);
    expect(world.deliveries[1]!.content.mayRepeat).toBe(true);
  });

  it('is settled by a receipt that comes in time', () => {
    const world = everywhere().suspects().reports('unknown', { ref: 'ref-x' }).in(seconds(20));
    world.record({ ...receiptOf(world), state: 'delivered' }).in(minutes(10));
    expect(channelsOf(world)).toEqual(['push']);
  });

  it('is settled by the key that was sent along, although nobody told the provider’s id', () => {
    const keyed = (world: AlertWorld, state: 'sent' | 'delivered', ref: string) =>
      world.record({
        type: 'receipt',
        version: 1,
        id: `dlr-${ref}-${state}`,
        tenantId,
        customerId: world.deliveries[0]!.customerId,
        channel: 'push',
        ref,
        key: providerKey(testDigest, tenantId, world.deliveries[0]!.id),
        state,
        at: world.now,
      });
    const world = everywhere().suspects().reports('unknown').in(seconds(20));
    keyed(world, 'sent', 'id-1');
    // Another message that carries the same key is not this one.
    keyed(world, 'delivered', 'id-2');
    expect(world.history().alerts[0]!.channels[0]).toMatchObject({ state: 'sent' });
    keyed(world, 'delivered', 'id-1').in(minutes(10));
    expect(channelsOf(world)).toEqual(['push']);

    // Also where the receipt was faster than the news that the outcome is unknown.
    const early = everywhere().suspects();
    keyed(early, 'delivered', 'id-1').reports('unknown').in(minutes(10));
    expect(channelsOf(early)).toEqual(['push']);
    expect(early.history().alerts[0]!.channels[0]).toMatchObject({ state: 'delivered' });
  });

  it('is settled by the key alone, where the provider gives back nothing else', () => {
    const keyed = (world: AlertWorld, state: 'sent' | 'delivered' | 'failed') =>
      world.record({
        type: 'receipt',
        version: 1,
        id: world.nextId('dlr'),
        tenantId,
        customerId: world.deliveries[0]!.customerId,
        channel: 'push',
        key: providerKey(testDigest, tenantId, world.deliveries[0]!.id),
        state,
        at: world.now,
      });
    const world = keyed(everywhere().suspects().reports('unknown'), 'delivered').in(minutes(10));
    expect(channelsOf(world)).toEqual(['push']);

    // What was accepted has an id of its own, or the key as its id; a report may be faster than that news.
    for (const ref of ['id-1', undefined]) {
      const accepted = { ref: ref ?? providerKey(testDigest, tenantId, everywhere().suspects().deliveries[0]!.id) };
      const known = keyed(everywhere().suspects().reports('accepted', accepted), 'delivered').in(minutes(10));
      expect(channelsOf(known)).toEqual(['push']);
      const early = keyed(everywhere().suspects(), 'delivered').reports('accepted', accepted).in(minutes(10));
      expect(channelsOf(early)).toEqual(['push']);
      const failed = keyed(everywhere().suspects().reports('accepted', accepted), 'failed');
      expect(channelsOf(failed)).toEqual(['push', 'messenger']);
    }
  });

  it('is sent once more on the same channel when there is no other, and then never again', () => {
    const world = new AlertWorld({ timing: { remindAfterMs: [], unansweredAfterMs: 0 } })
      .customer({ order: ['sms'], addresses: { sms: '+359880000001' } })
      .suspects()
      .reports('unknown')
      .in(seconds(30));
    expect(world.deliveries.map(({ channel, content }) => [channel, content.mayRepeat ?? false])).toEqual([
      ['sms', false],
      ['sms', true],
    ]);
    world.reports('unknown').in(minutes(30));
    expect(world.deliveries).toHaveLength(2);
    expect(world.caseKinds).toEqual(['unreachable']);
  });

  it('of a routine message moves only on a proven failure', () => {
    const world = routine().reports('unknown').in(minutes(9));
    expect(channelsOf(world)).toEqual(['sms']);
    world.record({ ...receiptOf(world), channel: 'sms', state: 'failed' });
    expect(channelsOf(world)).toEqual(['sms', 'email']);
  });

  it('of a routine message ends in the inbox after ten minutes', () => {
    const world = routine().reports('unknown').in(minutes(10));
    expect(channelsOf(world)).toEqual(['sms']);
    expect(world.counts).toContain('deliveries inbox expired');
    expect(world.caseKinds).toEqual([]);
  });

  it('asks no third channel when the first turns out to have failed while the second is under way', () => {
    const world = everywhere().suspects().reports('unknown').in(seconds(30));
    world.record({ ...receiptOf(world), state: 'failed' });
    expect(channelsOf(world)).toEqual(['push', 'messenger']);
  });

  it('goes on to the next channel when the second one certainly failed', () => {
    const world = everywhere().suspects().reports('unknown').in(seconds(30)).reports('permanent');
    expect(channelsOf(world)).toEqual(['push', 'messenger', 'sms']);
    expect(world.deliveries[2]!.content.mayRepeat).toBe(true);
  });
});

describe('routine messages', () => {
  it('take the next channel at once on a failure, and after ten minutes of silence', () => {
    expect(channelsOf(routine().reports('permanent'))).toEqual(['sms', 'email']);
    const silent = routine().reports('accepted').in(minutes(9));
    expect(channelsOf(silent)).toEqual(['sms']);
    expect(channelsOf(silent.in(minutes(1)))).toEqual(['sms', 'email']);
  });

  it('are over when they are stale', () => {
    const world = routine().reports('expired');
    expect(channelsOf(world)).toEqual(['sms']);
    expect(world.history().alerts[0]).toMatchObject({ state: 'expired' });
  });
});

describe('receipts', () => {
  const accepted = () =>
    everywhere('messenger', 'sms')
      .suspects()
      .reports('accepted', { at: clock('10:00:00') });

  it('only move forward', () => {
    const world = accepted();
    const [delivery] = world.deliveries;
    world
      .receipt(delivery!, 'read')
      .receipt(delivery!, 'delivered')
      .receipt(delivery!, 'sent')
      .receipt(delivery!, 'failed');
    expect(world.history().alerts[0]!.channels[0]).toMatchObject({ state: 'read' });
    expect(world.counts.filter((line) => line.startsWith('receipts'))).toEqual([
      'receipts accepted forward',
      'receipts read forward',
      'receipts delivered stale',
      'receipts sent stale',
      'receipts failed conflict',
    ]);
    expect(channelsOf(world.in(minutes(10)))).toEqual(['messenger']);
  });

  it('count a delivery after a failure as a conflict, and as seen twice', () => {
    const world = accepted();
    const [delivery] = world.deliveries;
    world.receipt(delivery!, 'failed').receipt(delivery!, 'delivered');
    expect(world.counts).toContain('receipts delivered conflict');
    expect(world.counts).toContain('visible_duplicates messenger');
    expect(world.history().alerts[0]!.channels[0]).toMatchObject({ state: 'failed' });
  });

  it('wait for the delivery that they belong to', () => {
    const world = everywhere('messenger', 'sms').suspects();
    world.receipt(world.deliveries[0]!, 'delivered').in(minutes(9)).reports('accepted').in(minutes(5));
    expect(channelsOf(world)).toEqual(['messenger']);
    expect(world.history().alerts[0]).toMatchObject({ state: 'delivered' });
  });

  it('do not wait longer than ten minutes', () => {
    const world = everywhere('messenger', 'sms').suspects();
    world.receipt(world.deliveries[0]!, 'delivered').in(minutes(10)).reports('accepted').in(minutes(2));
    expect(channelsOf(world)).toEqual(['messenger', 'sms']);
  });

  it('speak by a watermark of everything sent before it', () => {
    const world = accepted();
    const mark = (state: 'delivered' | 'read', watermarkAt: number) =>
      world.record({
        type: 'receipt',
        version: 1,
        id: `w-${state}-${watermarkAt}`,
        tenantId: 'bank',
        customerId: 'cus-1',
        channel: 'messenger',
        state,
        watermarkAt,
        at: world.now,
      });
    mark('delivered', clock('09:59:00'));
    expect(world.history().alerts[0]).toMatchObject({ state: 'accepted' });
    mark('delivered', clock('10:00:00'));
    expect(world.history().alerts[0]).toMatchObject({ state: 'delivered' });
    mark('read', clock('10:00:00'));
    expect(world.history().alerts[0]).toMatchObject({ state: 'read' });
    expect(channelsOf(world.in(minutes(10)))).toEqual(['messenger']);
  });

  it('mark a bad address for every alert, until the address changes', () => {
    const world = everywhere('sms', 'email').suspects().reports('badAddress');
    expect(world.contact('sms')).toMatchObject({ address: null });
    world.suspects({ card: { token: 'card-2' } });
    expect(channelsOf(world)).toEqual(['sms', 'email', 'email']);
    world.in(1000).customer({ order: ['sms'], addresses: { sms: '+359880000002' } });
    expect(world.contact('sms')).toMatchObject({ address: '+359880000002' });
    world.suspects({ card: { token: 'card-3' } });
    expect(channelsOf(world).at(-1)).toBe('sms');
  });

  it('say nothing of an address that came after the attempt', () => {
    const world = everywhere('sms', 'email').suspects();
    const tried = world.contact('sms')!.sourceOffset;
    world.in(1000).customer({ order: ['sms'], addresses: { sms: '+359880000002' } });
    const { sourceOffset } = world.contact('sms')!;
    expect(sourceOffset).toBeGreaterThan(tried);
    world.reports('badAddress', { contactOffset: tried });
    expect(world.contact('sms')).toMatchObject({ address: '+359880000002' });
    // A consent changes the contact, and not the address.
    world.consent('grant', 'sms', 'account-alert').suspects({ card: { token: 'card-2' } });
    world.reports('badAddress', { contactOffset: sourceOffset });
    expect(world.contact('sms')).toMatchObject({ address: null });
  });

  it('of an address that the bank vouches for anew are forgotten', () => {
    const world = everywhere('sms', 'email').suspects().reports('badAddress').in(1000);
    const addresses = { sms: '+359880000001', email: 'a@example.org' };
    world.customer({ addresses });
    expect(world.contact('sms')).toMatchObject({ address: '+359880000001' });
    expect(world.profileState().invalid).toEqual({});
  });

  it('remember until when a provider refuses the person', () => {
    const world = everywhere('sms', 'email').suspects();
    world.reports('ineligible', { untilAt: world.now + minutes(60) }).suspects({ card: { token: 'card-2' } });
    expect(channelsOf(world)).toEqual(['sms', 'email', 'email']);
    world.in(minutes(60)).suspects({ card: { token: 'card-3' } });
    expect(channelsOf(world).at(-1)).toBe('sms');
  });

  it('show names of what left in the history, never values', () => {
    const world = everywhere()
      .suspects()
      .reports('accepted', { disclosed: ['amount', 'merchant'] });
    expect(world.history().alerts[0]).toMatchObject({ disclosed: ['amount', 'merchant'], state: 'accepted' });
    expect(JSON.stringify(world.history())).not.toMatch(/Corner Shop|minor/);
  });

  it('of a delivery that an operator sent again bring it back to life', () => {
    const world = everywhere().suspects();
    for (let n = 0; n < 4; n += 1) world.reports('permanent');
    world.record({ ...receiptOf(world), id: 'again', state: 'accepted' });
    expect(world.history().alerts[0]!.channels[0]).toMatchObject({ state: 'accepted' });
    expect(world.history().alerts[0]).toMatchObject({ state: 'accepted' });
  });
});

describe('a dead letter that an operator sent again', () => {
  const refused = () => everywhere().suspects({ id: 't-1' }).reports('permanent');
  const first = (world: AlertWorld) => world.history().alerts[0]!;

  it('shows that it may have left, with which fields, and that it arrived', () => {
    const world = refused();
    const [delivery] = world.deliveries;
    world.reports('unknown', { deliveryId: delivery!.id, ref: `ref-${delivery!.id}`, disclosed: ['amount'] });
    expect(first(world)).toMatchObject({ disclosed: ['amount'] });
    expect(first(world).channels[0]).toMatchObject({ state: 'unknown' });
    world.receipt(delivery!, 'delivered');
    expect(first(world)).toMatchObject({ state: 'delivered' });
    expect(world.deliveries).toHaveLength(2);
  });

  it('is not opened by what contradicts a provider’s own report', () => {
    const world = everywhere().suspects().reports('accepted');
    const [delivery] = world.deliveries;
    world.receipt(delivery!, 'failed').reports('unknown', { deliveryId: delivery!.id });
    expect(first(world).channels[0]).toMatchObject({ state: 'failed' });
  });
});

it('a channel that the provider refused until later is open again for another address', () => {
  const world = new AlertWorld().customer({ order: ['sms'], addresses: { sms: '+359880000001' } }).suspects();
  world.reports('ineligible', { untilAt: world.now + minutes(60) }).in(seconds(1));
  const other = { card: { token: 'card-2', last4: '2222' } };
  world.customer({ order: ['sms'], addresses: { sms: '+359880000001' } }).suspects(other);
  expect(world.deliveries).toHaveLength(1);
  world.in(seconds(1)).customer({ order: ['sms'], addresses: { sms: '+359880000002' } });
  world.suspects({ card: { token: 'card-3', last4: '3333' } });
  expect(world.deliveries).toHaveLength(2);
});
