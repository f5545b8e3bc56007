import { describe, expect, it } from '@jest/globals';
import { hours, minutes } from '../time.ts';
import { addressDigest } from './contacts.ts';
import { AlertWorld, channels, clock, customerId, tenantId, testDigest } from './test/alert-world.ts';

const addresses = (world: AlertWorld) =>
  world.of<{ channel: string; addressDigest: string; customerId: string | null }>('address');

describe('a profile', () => {
  it('tells both lanes of every channel how the customer is reached, with the offset of the record', () => {
    const world = new AlertWorld().customer({ addresses: { sms: '+1' } });
    const contacts = world.outputs.filter(({ value }) => (value as { type: string }).type === 'contact');
    expect(contacts.map(({ topic }) => topic)).toEqual(['deliveries.sms.urgent', 'deliveries.sms.routine']);
    expect(contacts.map(({ key }) => key)).toEqual(['bank:cus-1', 'bank:cus-1']);
    expect(world.contact('sms')).toMatchObject({
      id: 'bank/cus-1/sms',
      address: '+1',
      language: 'en',
      timeZone: 'Europe/Sofia',
      stopped: false,
      privacy: 'shown',
      sourceOffset: 1,
    });
  });

  it('hides on lock screens by default', () => {
    expect(new AlertWorld().customer().contact('push')).toMatchObject({ privacy: 'hidden' });
  });

  it('writes the latest profile and consents, from which both entries can be rebuilt', () => {
    const world = new AlertWorld().customer().consent('grant', 'sms', 'account-alert');
    const [first, last] = world.of<{ profile: object; sourceOffset: number }>('customer');
    expect(first!.sourceOffset).toBeLessThan(last!.sourceOffset);
    expect(last!.profile).toEqual({ profile: world.profileState(), consents: world.state('c:bank:cus-1') });
  });

  it('tells the directory whose address is whose, by digest', () => {
    const world = new AlertWorld()
      .customer({ addresses: { sms: '+1' } })
      .in(1000)
      .customer({ addresses: { sms: '+2' } });
    const old = addressDigest(testDigest, tenantId, 'sms', '+1');
    expect(old).toBe(testDigest('bank|sms|+1'));
    expect(addresses(world)).toMatchObject([
      { addressDigest: old, customerId },
      { addressDigest: old, customerId: null, formerly: customerId },
      { addressDigest: testDigest('bank|sms|+2'), customerId },
    ]);
    const emitted = world.outputs.find(({ topic }) => topic === 'addresses')!;
    expect(emitted.key).toBe(`bank:sms:${old}`);
    expect(JSON.stringify(addresses(world))).not.toContain('+1');
  });

  it('takes no effect from a record that is not newer, and still answers the barrier', () => {
    const world = new AlertWorld().to('10:10:00').customer({ addresses: { sms: '+1' } });
    const first = world.contact('sms')!;
    world.record({
      type: 'profile',
      version: 1,
      id: 'late',
      tenantId,
      customerId,
      acceptedAt: clock('10:05:00'),
      language: 'bg',
      timeZone: 'UTC',
      contactPoints: { sms: { address: '+9', verified: true } },
      channelOrder: [],
    });
    const last = world.contact('sms')!;
    expect(last).toEqual({ ...first, sourceOffset: last.sourceOffset });
    expect(last.sourceOffset).toBeGreaterThan(first.sourceOffset);
  });
});

describe('decisions in one millisecond, as one call of a provider brings them', () => {
  it('take effect in their order: whoever tied an address and untied it is not written to', () => {
    const world = new AlertWorld().customer().consent('grant', 'messenger', '*').in(1000).link().link(false);
    expect(world.contact('messenger')).toMatchObject({ address: null, allowed: {} });
    world.link(true, 'psid-2');
    expect(world.contact('messenger')).toMatchObject({ address: 'psid-2', allowed: {} });
  });

  it('stop and open a channel as they were said', () => {
    const world = new AlertWorld().customer().in(1000).says('stop').says('start');
    expect(world.contact('sms')).toMatchObject({ stopped: false });
    world.says('stop');
    expect(world.contact('sms')).toMatchObject({ stopped: true });
  });

  it('replace a profile and preferences twice', () => {
    const world = new AlertWorld().customer({ addresses: { sms: '+1' } }).customer({ addresses: { sms: '+2' } });
    expect(world.contact('sms')).toMatchObject({ address: '+2' });
    const preferences = { type: 'preferences', version: 1, tenantId, customerId, acceptedAt: world.now } as const;
    world.record({ ...preferences, id: 'p-1', privacy: { sms: 'hidden' } });
    world.record({ ...preferences, id: 'p-2', privacy: { sms: 'shown' } });
    world.record({ ...preferences, id: 'p-1', privacy: { sms: 'hidden' } });
    expect(world.contact('sms')).toMatchObject({ privacy: 'shown' });
  });
});

describe('a gateway whose clock is fast', () => {
  it('does not outrank what is decided later elsewhere', () => {
    const world = new AlertWorld().customer().link().in(1);
    const allowed = (): unknown => world.contact('messenger')!.allowed;
    const before = allowed();
    world.consent('grant', 'messenger', '*', ['*'], world.now + 3_600_000);
    expect(allowed()).not.toEqual(before);
    world.in(1_000).consent('revoke', 'messenger', '*');
    expect(allowed()).toEqual(before);
  });
});

describe('a link', () => {
  it('ties and unties an address, and ends the consents of the channel', () => {
    const world = new AlertWorld().customer().link().in(1).consent('grant', 'messenger', '*');
    expect(world.contact('messenger')).toMatchObject({ address: 'psid-1' });
    expect(Object.keys(world.contact('messenger')!.allowed)).toContain('fraud-protection');
    world.in(1000).link(false).in(1000).link(true, 'psid-2');
    expect(world.contact('messenger')).toMatchObject({ address: 'psid-2', allowed: {} });
    expect(
      addresses(world)
        .filter(({ channel }) => channel === 'messenger')
        .map((row) => row.customerId),
    ).toEqual([customerId, null, customerId]);
  });

  it('is not undone by a late untying of another address', () => {
    const world = new AlertWorld().link().in(1000).link(true, 'psid-2').in(1000).link(false, 'psid-1');
    expect(world.contact('messenger')).toMatchObject({ address: 'psid-2' });
  });

  it('stays when a profile replaces what stood', () => {
    const world = new AlertWorld().link().in(1000).customer();
    expect(world.contact('messenger')).toMatchObject({ address: 'psid-1' });
  });

  it('opens the window when the customer writes, whatever the order of arrival', () => {
    const world = new AlertWorld().customer().link().in(minutes(10)).says('hello', { channel: 'messenger' });
    const until = world.now + hours(24);
    world.says('earlier', { channel: 'messenger', at: world.now - minutes(5) });
    expect(world.contact('messenger')).toMatchObject({ windowExpiresAt: until });
    world.says('by text');
    expect(world.contact('sms')!.windowExpiresAt).toBeUndefined();
  });
});

describe('a consent', () => {
  it('reaches deliver before any delivery that rests on it', () => {
    const world = new AlertWorld()
      .customer({ order: ['messenger'] })
      .link()
      .consent('grant', 'messenger', 'fraud-protection');
    world.suspects();
    const types = world.outputs
      .filter(({ topic }) => topic === 'deliveries.messenger.urgent')
      .map(({ value }) => value as { type: string; allowed?: object });
    const delivery = types.findIndex(({ type }) => type === 'delivery');
    expect(types.slice(0, delivery).at(-1)).toMatchObject({
      type: 'contact',
      allowed: { 'fraud-protection': { classes: ['existence', 'amount', 'merchant', 'time', 'last4'] } },
    });
  });

  it('writes a contact for each copy of the record, because each copy raised a barrier', () => {
    const world = new AlertWorld().customer();
    world.consent('revoke', 'sms', '*');
    const record = world.consumed.at(-1)!;
    const before = world.contact('sms')!.sourceOffset;
    world.record(record);
    expect(world.contact('sms')!.sourceOffset).toBeGreaterThan(before);
  });

  it('is taken back also on a channel that is not configured at the time, and is not there again with it', () => {
    const { sms: _, ...others } = channels;
    const world = new AlertWorld().customer().consent('grant', 'sms', 'account-alert').in(1000);
    world.configured({ channels: others }).consent('revoke', 'sms', '*').in(1000);
    world.configured({}).suspects();
    expect(world.deliveries.map(({ channel }) => channel)).toEqual(['email']);
  });

  it('is recorded without effect when it comes late', () => {
    const world = new AlertWorld().to('10:10:00').customer().consent('revoke', 'sms', '*');
    world.consent('grant', 'sms', 'fraud-protection', ['existence'], clock('10:05:00'));
    expect(world.contact('sms')!.allowed).toEqual({});
    expect(world.state<{ ledger: unknown[] }>('c:bank:cus-1')!.ledger).toHaveLength(2);
  });

  it('for a whole channel, given after a STOP, opens the channel; for a class it does not', () => {
    const world = new AlertWorld()
      .customer()
      .says('stop')
      .in(1000)
      .consent('grant', 'sms', 'account-alert', ['amount']);
    expect(world.contact('sms')).toMatchObject({ stopped: true });
    world.in(1000).consent('grant', 'sms', '*');
    expect(world.contact('sms')).toMatchObject({ stopped: false });
  });
});

describe('a tenant policy', () => {
  it('emits nothing, is refused when it is not newer, and reaches deliver with the next delivery', () => {
    const world = new AlertWorld().customer({ addresses: { sms: '+1' } });
    const policy = (version: number, bankName: string, maxClasses: readonly 'existence'[]) => ({
      type: 'tenant-policy' as const,
      version: 1 as const,
      id: `p-${version}`,
      tenantId,
      policy: {
        id: `p-${version}`,
        version,
        bankName,
        defaultLanguage: 'en',
        defaultTimeZone: 'UTC',
        channels: { sms: { allowed: true, maxClasses } },
        legalBasis: { 'fraud-protection': { basis: 'law', channels: ['sms'] } },
      },
    });
    const before = world.outputs.length;
    world.record(policy(2, 'Two', ['existence'])).record(policy(1, 'One', []));
    expect(world.outputs).toHaveLength(before);
    expect(world.state<{ bankName: string }>('!policy:bank')).toMatchObject({ bankName: 'Two' });
    world.suspects();
    const urgent = world.outputs.slice(before).filter(({ topic }) => topic === 'deliveries.sms.urgent');
    expect(urgent.map(({ value }) => value)).toMatchObject([
      { type: 'contact', allowed: { 'fraud-protection': { classes: ['existence'] } } },
      { type: 'delivery' },
    ]);
  });
});
