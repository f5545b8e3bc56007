import { describe, expect, it } from '@jest/globals';
import { hours, minutes, seconds, verifyChain } from '@tocsin/core';
import type { AttemptRecord, DeliveryRecord, Outcome, OutcomeRecord } from '@tocsin/core';
import { settle, sha256, start } from './test/partition-world.ts';
import { contact, delivery, policy, World } from './test/world.ts';

const later: Outcome = { kind: 'retry', code: '429', scope: 'message' };
const broken: Outcome = { kind: 'retry', code: 'auth', scope: 'channel' };
const customers = (n: number) => Array.from({ length: n }, (_, i) => `cus-${i + 1}`);
const each = (n: number, changes: (i: number) => Partial<DeliveryRecord> = () => ({})) =>
  customers(n).map((customerId, i) => delivery(`d${i + 1}`, { customerId, ...changes(i) }));
const contacts = (n: number) => customers(n).map((customerId) => contact({ customerId }));

describe('sending', () => {
  it('records the attempt, sends, and records the outcome', async () => {
    const w = new World();
    const me = w.owner();
    await w.put(contact(), delivery('d1', { receivedAt: start - 1_500 }));

    expect(w.channel.sent).toHaveLength(1);
    const { recipient, message, context } = w.channel.sent[0]!;
    expect(recipient).toEqual({ address: '+359cus-1' });
    expect(message.text).toBe('Example Bank: Did you pay 12.50 EUR at Cafe? Reply YES or NO.');
    expect(context.key).toMatch(/^[0-9a-f]{32}$/);
    const [attempt] = w.log.of<AttemptRecord>('attempt');
    expect(attempt).toMatchObject({
      id: 'd1#1',
      by: 'me',
      disclosure: {
        provider: 'Provider',
        providerAccount: 'A1',
        fields: ['kind', 'amount', 'merchant'],
        classes: ['existence', 'amount', 'merchant'],
        ground: { kind: 'consent', consentId: 'c-1' },
        template: 'fraud-check/en/1',
      },
    });
    expect(me.told).toEqual(['d1 accepted']);
    expect(me.receipts[0]).toMatchObject({ ref: 'ref-1', disclosed: ['kind', 'amount', 'merchant'] });
    expect(w.observed).toEqual(['alert_seconds sms 1.5']);
    expect(me.ledger.map(({ outcome }) => outcome)).toEqual(['possible', 'accepted']);
  });

  it('has the attempt in the log before the provider hears of it', async () => {
    const w = new World();
    w.owner();
    w.channel.answer = () => {
      expect(w.log.of('attempt')).toHaveLength(1);
      return { kind: 'accepted', ref: 'r' };
    };
    await w.put(contact(), delivery('d1'));
    expect(w.channel.sent).toHaveLength(1);
  });

  it('waits until the attempt would outlive a power loss, where the log needs to be told', async () => {
    const w = new World();
    let flushed = (): void => {};
    const me = w.owner('me', {}, { flush: () => new Promise<void>((resolve) => (flushed = resolve)) });
    await w.put(contact(), delivery('d1'));
    expect(me.job('d1')!.attempting).toBeDefined();
    expect(w.channel.sent).toEqual([]);
    flushed();
    await settle();
    expect(me.told).toEqual(['d1 accepted']);
  });

  it('takes up what waited before it came, only once it has read all of it', async () => {
    const w = new World();
    w.log.put(contact(), delivery('d1'), delivery('d2', { customerId: 'cus-2' }), contact({ customerId: 'cus-2' }));
    w.owner();
    await settle();
    expect(w.channel.sent).toHaveLength(2);
  });

  it('appends all attempts of a moment at once, asks the barriers once for them, and all outcomes at once', async () => {
    const w = new World();
    w.log.put(...contacts(20), ...each(20));
    const before = w.log.records.length;
    const me = w.owner();
    const sizes: number[] = [];
    const append = w.log.append.bind(w.log);
    w.log.append = (records) => {
      sizes.push(records.length);
      return append(records);
    };
    await settle();
    expect(w.channel.sent).toHaveLength(20);
    expect(sizes).toEqual([20, 20]);
    expect(w.barriers.asked).toBe(2);
    expect(me.told).toHaveLength(20);
    expect(w.log.records.length - before).toBe(40);
  });

  it('keeps to the order of priority, then time, as slots become free', async () => {
    const w = new World();
    w.log.put(...contacts(4), ...each(4, (i) => ({ priority: ([2, 1, 1, 3] as const)[i]!, lane: 'routine' })));
    w.owner('me', { concurrency: 1 }, { lane: 'routine' });
    await settle();
    expect(w.channel.addresses).toEqual(['+359cus-2', '+359cus-3', '+359cus-1', '+359cus-4']);
  });

  it('tells a customer what was appended in one moment in its order, whatever the ids', async () => {
    const w = new World();
    const ids = ['d7', 'd2', 'd9', 'd1', 'd5'];
    w.log.put(contact(), ...ids.map((id) => delivery(id)));
    const me = w.owner();
    await settle();
    expect(me.told).toEqual(ids.map((id) => `${id} accepted`));
  });

  it('lets nothing overtake what was let go for a moment', async () => {
    const w = new World();
    const me = w.owner();
    w.barriers.before = () => {
      w.barriers.broken = w.log.of('attempt').length === 1 && w.log.of('outcome').length === 0;
      return Promise.resolve();
    };
    await w.put(contact(), delivery('d1'), delivery('d2'));
    expect(w.counted).toContain('attempts_let_go sms barriers-unreadable');
    expect(w.channel.sent).toEqual([]);
    await w.pass(seconds(3));
    expect(me.told).toEqual(['d1 accepted', 'd2 accepted']);
  });

  it('never has two messages to one customer under way', async () => {
    const w = new World();
    w.channel.answer = undefined;
    w.owner();
    await w.put(
      contact(),
      delivery('d1'),
      delivery('d2'),
      contact({ customerId: 'cus-2' }),
      delivery('d3', { customerId: 'cus-2' }),
    );
    expect(w.channel.addresses).toEqual(['+359cus-1', '+359cus-2']);
    w.channel.sent[0]!.answer({ kind: 'accepted', ref: 'r' });
    await settle();
    expect(w.channel.addresses).toEqual(['+359cus-1', '+359cus-2', '+359cus-1']);
  });

  it('uses the same opaque key on every attempt, another for every delivery', async () => {
    const w = new World();
    w.channel.answer = (n) => (n === 1 ? later : { kind: 'accepted', ref: 'r' });
    w.owner();
    await w.put(contact(), delivery('d1'));
    await w.pass(seconds(3));
    await w.put(delivery('d2'));
    const keys = w.channel.sent.map(({ context }) => context.key);
    expect(keys).toHaveLength(3);
    expect(keys[0]).toBe(keys[1]);
    expect(keys[2]).not.toBe(keys[0]);
    expect(keys.join()).not.toContain('d1');
  });
});

describe('outcomes', () => {
  it('tries again later, in the order of the schedule, and never sooner', async () => {
    const w = new World();
    w.channel.answer = (n) => (n < 3 ? later : { kind: 'accepted', ref: 'r' });
    const me = w.owner();
    await w.put(contact(), delivery('d1'));
    await w.pass(999);
    expect(w.channel.sent).toHaveLength(1);
    await w.pass(300);
    expect(w.channel.sent).toHaveLength(2);
    await w.pass(seconds(3));
    expect(me.told).toEqual(['d1 accepted']);
    expect(me.ledger.map(({ attempt, outcome }) => `${attempt} ${outcome}`)).toEqual([
      '1 possible',
      '1 refused',
      '2 possible',
      '2 refused',
      '3 possible',
      '3 accepted',
    ]);
    expect(verifyChain(me.ledger, sha256).intact).toBe(true);
  });

  it('does not know what became of a call that threw, and never repeats it', async () => {
    const w = new World();
    w.channel.throws = true;
    const me = w.owner();
    await w.put(contact(), delivery('d1'));
    await w.pass(hours(1));
    expect(w.channel.sent).toHaveLength(1);
    expect(me.told).toEqual(['d1 unknown exception']);
  });

  it('aborts a call at its deadline, and takes the last word of the channel', async () => {
    const w = new World();
    w.channel.answer = undefined;
    const me = w.owner();
    await w.put(contact(), delivery('d1'), contact({ customerId: 'cus-2' }), delivery('d2', { customerId: 'cus-2' }));
    const [first] = w.channel.sent;
    first!.context.signal.addEventListener('abort', () =>
      first!.answer({ kind: 'retry', code: 'not-connected', scope: 'message' }),
    );
    await w.pass(seconds(31));
    expect(w.channel.sent[1]!.context.signal.aborted).toBe(true);
    expect(me.told).toEqual(['d2 unknown deadline']);
    expect(me.job('d1')).toMatchObject({ retries: 1 });
  });

  it('keeps an outcome until the log takes it', async () => {
    const w = new World();
    w.channel.answer = () => {
      w.log.broken = true;
      return { kind: 'accepted', ref: 'r' };
    };
    const me = w.owner();
    await w.put(contact(), delivery('d1'));
    await w.clock.advance(seconds(3));
    expect(me.told).toEqual([]);
    w.log.broken = false;
    await w.pass(seconds(3));
    expect(me.told).toEqual(['d1 accepted']);
  });

  it('leaves an attempt alone that the log did not acknowledge', async () => {
    const w = new World();
    const me = w.owner();
    w.log.broken = true;
    await w.put(contact(), delivery('d1'));
    await w.clock.advance(seconds(1));
    expect(w.channel.sent).toEqual([]);
    w.log.broken = false;
    await w.pass(seconds(5));
    expect(w.counted).toContain('attempts_let_go sms append-failed');
    expect(me.told).toEqual(['d1 accepted']);
    expect(w.channel.sent).toHaveLength(1);
  });
});

describe('what must not leave', () => {
  it.each([
    ['no address', { address: null }, 'd1 ineligible no-address'],
    ['a stopped channel', { stopped: true }, 'd1 revoked revoked'],
    ['no consent for the purpose', { allowed: {} }, 'd1 revoked revoked'],
  ] as const)('%s: is handed back without an attempt', async (_, changes, told) => {
    const w = new World();
    const me = w.owner();
    await w.put(contact(changes), delivery('d1'));
    expect(w.channel.sent).toEqual([]);
    expect(me.told).toEqual([told]);
    expect(me.ledger).toEqual([]);
  });

  it('a customer of whom nothing is known', async () => {
    const w = new World();
    const me = w.owner();
    await w.put(delivery('d1'));
    expect(me.told).toEqual(['d1 ineligible no-contact']);
  });

  it('a channel that the bank has turned off, or classes that it does not allow', async () => {
    const w = new World();
    const me = w.owner();
    w.policy = { ...policy, channels: { sms: { allowed: false } } };
    await w.put(contact(), delivery('d1'));
    expect(me.told).toEqual(['d1 revoked not-allowed']);
    const narrow = {
      ...policy,
      version: 2,
      channels: { sms: { allowed: true, maxClasses: ['existence', 'amount'] } },
    } as const;
    await w.put({ type: 'tenant-policy', version: 1, id: 'p2', tenantId: 'bank', policy: narrow }, delivery('d2'));
    expect(w.channel.sent.map(({ message }) => message.text)).toEqual([
      'Example Bank: Did you pay 12.50 EUR? Reply YES or NO.',
    ]);
  });

  it('what rested on a legal basis that the bank has given up since, and no less where there is consent', async () => {
    const w = new World();
    const me = w.owner();
    const basis = { basis: 'law', channels: ['sms'] };
    w.policy = { ...policy, legalBasis: { 'fraud-protection': basis } };
    const lawful = { classes: ['existence', 'amount'], ground: { kind: 'legal-basis', basis: 'law' } } as const;
    const agreed = { classes: ['existence', 'amount'], ground: { kind: 'consent', consentId: 'c-1' } } as const;
    await w.put(
      contact({ allowed: { 'fraud-protection': lawful } }),
      contact({ customerId: 'cus-2', allowed: { 'fraud-protection': { ...agreed, byBasis: ['amount'] } } }),
      delivery('d1'),
    );
    const without = { ...policy, version: 2, legalBasis: { 'fraud-protection': { ...basis, channels: ['email'] } } };
    await w.put({ type: 'tenant-policy', version: 1, id: 'p2', tenantId: 'bank', policy: without });
    await w.put(delivery('d2'), delivery('d3', { customerId: 'cus-2' }));
    expect(me.told).toEqual(['d1 accepted', 'd2 revoked not-allowed', 'd3 accepted']);
    expect(w.log.of<AttemptRecord>('attempt').map(({ disclosure }) => disclosure.classes)).toEqual([
      ['existence', 'amount'],
      ['existence'],
    ]);
  });

  it('what another tenant chose the channel for: the provider’s account is one tenant’s', async () => {
    const w = new World();
    const me = w.owner();
    const other = { tenantId: 'other' };
    await w.put(contact(other), delivery('d1', other), contact(), delivery('d2'));
    expect(me.told).toEqual(['d1 revoked not-allowed', 'd2 accepted']);
    expect(w.channel.sent).toHaveLength(1);
  });

  it('a barrier that is newer than the contact, on any customer', async () => {
    const w = new World();
    const me = w.owner();
    w.barriers.raise('cus-1', 11, 'deny');
    await w.put(contact(), delivery('d1'));
    expect(w.channel.sent).toEqual([]);
    expect(me.told).toEqual(['d1 revoked revoked']);
  });

  it('an older barrier harms nobody, and START after STOP works', async () => {
    const w = new World();
    const me = w.owner();
    w.barriers.raise('cus-1', 9, 'deny');
    await w.put(contact(), delivery('d1'));
    w.barriers.raise('cus-1', 12, 'allow');
    await w.put(contact({ sourceOffset: 11, stopped: true }), delivery('d2'));
    expect(w.channel.sent).toHaveLength(1);
    await w.put(contact({ sourceOffset: 12 }));
    await w.pass(seconds(1));
    expect(me.told).toEqual(['d1 accepted', 'd2 accepted']);
  });

  it('what was narrowed before a START that hides its barrier', async () => {
    const w = new World();
    const me = w.owner();
    await w.put(contact());
    w.barriers.raise('cus-1', 11, 'wait');
    w.barriers.raise('cus-1', 12, 'allow');
    await w.put(delivery('d1'));
    await w.pass(seconds(2));
    expect(w.channel.sent).toEqual([]);
    const allowance = { classes: ['existence', 'amount'], ground: { kind: 'consent', consentId: 'c-2' } } as const;
    await w.put(contact({ sourceOffset: 12, allowed: { 'fraud-protection': allowance } }));
    await w.pass(seconds(1));
    expect(w.channel.sent.map(({ message }) => message.text)).toEqual([
      'Example Bank: Did you pay 12.50 EUR? Reply YES or NO.',
    ]);
    expect(me.told).toEqual(['d1 accepted']);
  });

  it('an answer that may leave after a stop, where all was taken back and the contact does not know yet', async () => {
    const w = new World();
    const me = w.owner();
    w.barriers.raise('cus-1', 11, 'deny');
    const help = { kind: 'help', items: [], reasons: [] } as const;
    await w.put(contact(), delivery('d1', { purpose: 'service-reply', evenIfStopped: true, content: help }));
    expect(w.channel.sent).toEqual([]);
    await w.put(contact({ sourceOffset: 11, allowed: {} }));
    await w.pass(seconds(1));
    expect(w.channel.sent).toEqual([]);
    expect(me.told).toEqual(['d1 revoked revoked']);
  });

  it('what was taken back before the store of barriers fell back: it stands in the log too', async () => {
    const w = new World();
    const noted = {
      type: 'barrier',
      version: 1,
      id: 'c-2',
      tenantId: 'bank',
      customerId: 'cus-1',
      channel: 'sms',
      offset: 11,
      verdict: 'deny',
    } as const;
    // Whoever takes over knows only what the log says: the store has never heard of it.
    w.log.put(contact(), delivery('d1'), noted);
    const me = w.owner();
    await settle();
    expect(w.channel.sent).toEqual([]);
    // What was taken back before what stands harms nobody, and the contact that follows settles it.
    await w.put(contact({ sourceOffset: 12 }), { ...noted, offset: 11 }, delivery('d2'));
    expect(me.told).toEqual(['d1 revoked revoked', 'd2 accepted']);
  });

  it('what a newer barrier has narrowed waits for the contact that says how', async () => {
    const w = new World();
    w.owner();
    w.barriers.raise('cus-1', 11, 'wait');
    await w.put(contact(), delivery('d1'));
    await w.pass(seconds(2));
    expect(w.channel.sent).toEqual([]);
    const allowance = { classes: ['existence', 'amount'], ground: { kind: 'consent', consentId: 'c-2' } } as const;
    await w.put(contact({ sourceOffset: 11, allowed: { 'fraud-protection': allowance } }));
    await w.pass(seconds(1));
    expect(w.channel.sent.map(({ message }) => message.text)).toEqual([
      'Example Bank: Did you pay 12.50 EUR? Reply YES or NO.',
    ]);
  });

  it('the confirmation of a stop may leave, but not when the bank pulls the plug', async () => {
    const w = new World();
    const me = w.owner();
    const confirmation = {
      purpose: 'service-reply',
      evenIfStopped: true,
      content: { kind: 'stop-confirmation', items: [], reasons: [] },
    } as const;
    w.barriers.raise('cus-1', 11, 'deny');
    // Its contact comes before it; where it does not, it is waited for.
    await w.put(contact(), delivery('d1', confirmation));
    await w.put(contact({ sourceOffset: 11, stopped: true }), delivery('d2', confirmation));
    await w.pass(seconds(1));
    w.barriers.killed = 'channel:sms';
    await w.put(delivery('d3', confirmation));
    expect(me.told).toEqual(['d1 accepted', 'd2 accepted', 'd3 revoked kill-switch']);
  });

  it('a revocation between the attempt and the send', async () => {
    const w = new World();
    const me = w.owner();
    w.barriers.before = () => {
      if (w.log.of('attempt').length > 0) w.barriers.raise('cus-1', 11, 'deny');
      return Promise.resolve();
    };
    await w.put(contact(), delivery('d1'));
    expect(w.log.of('attempt')).toHaveLength(1);
    expect(w.channel.sent).toEqual([]);
    expect(me.told).toEqual(['d1 revoked revoked']);
    expect(me.ledger.map(({ outcome }) => outcome)).toEqual(['possible', 'not-sent']);
  });

  it('and the ledger says of each attempt whether the provider was given anything', async () => {
    const outcomes: readonly Outcome[] = [
      { kind: 'retry', code: 'connect-econnrefused', scope: 'message', nothingLeft: true },
      { kind: 'retry', code: 'http-429', scope: 'message' },
      { kind: 'permanent', code: 'too-long' },
    ];
    const w = new World();
    const me = w.owner();
    w.channel.answer = () => outcomes[w.channel.sent.length - 1]!;
    await w.put(contact(), delivery('d1'));
    await w.pass(minutes(1));
    expect(me.ledger.filter(({ outcome }) => outcome !== 'possible').map(({ id, outcome }) => [id, outcome])).toEqual([
      ['d1#1', 'not-sent'],
      ['d1#2', 'refused'],
      ['d1#3', 'refused'],
    ]);
    expect(verifyChain(me.ledger, sha256).intact).toBe(true);
  });

  it('what was withdrawn while it waited, or since its attempt', async () => {
    const w = new World();
    const me = w.owner();
    w.channel.answer = () => ({ kind: 'retry', code: 'busy', scope: 'message' });
    await w.put(contact(), delivery('d1'));
    expect(w.channel.sent).toHaveLength(1);
    await w.put(delivery('d1', { withdrawn: true }));
    await w.pass(minutes(2));
    expect(me.told).toEqual(['d1 expired withdrawn']);
    w.barriers.before = () => {
      if (w.log.of('attempt').length === 2) w.log.put(delivery('d2', { withdrawn: true }));
      return Promise.resolve();
    };
    await w.put(delivery('d2'));
    await w.pass(minutes(2));
    expect(w.counted).toContain('attempts_let_go sms withdrawn');
    expect(me.told).toEqual(['d1 expired withdrawn', 'd2 expired withdrawn']);
    expect(w.channel.sent).toHaveLength(1);
  });

  it('a text that was made for a contact which has changed meanwhile', async () => {
    const w = new World();
    const me = w.owner();
    let changed = false;
    w.barriers.before = () => {
      if (w.log.of('attempt').length > 0 && !changed) {
        changed = true;
        w.log.put(contact({ sourceOffset: 12, address: '+359new' }));
      }
      return Promise.resolve();
    };
    await w.put(contact(), delivery('d1'));
    // The barriers are asked after the contact was read, so the first attempt goes by what was known then.
    await w.pass(seconds(2));
    expect(me.told).toEqual(['d1 accepted']);
    w.barriers.before = () => Promise.resolve();
    const load = me.load.bind(me);
    let loads = 0;
    me.load = <T>(keys: readonly string[]) => {
      loads += 1;
      if (loads === 2) w.log.put(contact({ sourceOffset: 13, address: '+359newer' }));
      return load<T>(keys);
    };
    await w.put(delivery('d2'));
    expect(w.counted).toContain('attempts_let_go sms contact-changed');
    await w.pass(seconds(2));
    expect(w.channel.addresses.at(-1)).toBe('+359newer');
    expect(me.told).toEqual(['d1 accepted', 'd2 accepted']);
  });

  it('anything, while the barriers cannot be read', async () => {
    const w = new World();
    const me = w.owner();
    w.barriers.broken = true;
    await w.put(
      contact(),
      delivery('d1'),
      contact({ customerId: 'cus-2' }),
      delivery('d2', { customerId: 'cus-2', priority: 3 }),
    );
    await w.pass(seconds(29));
    expect(w.channel.sent).toEqual([]);
    expect(me.told).toEqual([]);
    expect(w.log.of('attempt')).toEqual([]);
    // What is urgent is handed back, so that another way is found; the rest waits.
    await w.pass(seconds(2));
    expect(me.told).toEqual(['d1 ineligible barriers-unreadable']);
    w.barriers.broken = false;
    await w.pass(seconds(2));
    expect(me.told).toEqual(['d1 ineligible barriers-unreadable', 'd2 accepted']);
  });

  it('anything, when the barriers become unreadable between attempt and send', async () => {
    const w = new World();
    const me = w.owner();
    w.barriers.before = () => {
      w.barriers.broken = w.log.of('attempt').length === 1 && w.log.of('outcome').length === 0;
      return Promise.resolve();
    };
    await w.put(contact(), delivery('d1'));
    expect(w.channel.sent).toEqual([]);
    expect(w.log.of<OutcomeRecord>('outcome')).toMatchObject([
      { outcome: { kind: 'not-sent', code: 'barriers-unreadable' } },
    ]);
    await w.pass(seconds(2));
    expect(me.told).toEqual(['d1 accepted']);
  });

  it('what has waited too long since its attempt', async () => {
    const w = new World();
    const me = w.owner();
    w.barriers.before = async () => {
      if (w.log.of('attempt').length === 1) await new Promise<void>((resolve) => w.clock.after(2_100, resolve));
    };
    await w.put(contact(), delivery('d1'));
    await w.clock.advance(seconds(2));
    w.barriers.before = () => Promise.resolve();
    await w.clock.advance(200);
    expect(w.channel.sent).toEqual([]);
    expect(w.counted).toContain('attempts_let_go sms late');
    await w.pass(seconds(2));
    expect(me.told).toEqual(['d1 accepted']);
  });
});

describe('owners that overlap', () => {
  it('a late owner finds that its attempt does not stand, and stays silent', async () => {
    const w = new World();
    w.log.put(contact(), delivery('d1'));
    const zombie = w.owner('zombie');
    zombie.awake = false;
    const me = w.owner('me');
    await settle();
    // Both took it up. Whoever came second in the log must not send, however late it notices.
    expect(w.log.of<AttemptRecord>('attempt').map(({ by }) => by)).toEqual(['zombie', 'me']);
    expect(w.channel.sent).toHaveLength(0);
    zombie.awake = true;
    zombie.read();
    await settle();
    expect(w.channel.sent).toHaveLength(1);
    expect(me.told).toEqual(['d1 accepted']);
    expect(zombie.told).toEqual(['d1 accepted']);
  });

  it('what a late owner wakes up to send has been sent, and it sees that first', async () => {
    const w = new World();
    const zombie = w.owner('zombie');
    w.log.put(contact(), delivery('d1'));
    zombie.awake = false;
    const me = w.owner('me');
    await settle();
    expect(me.told).toEqual(['d1 accepted']);
    zombie.awake = true;
    zombie.read();
    await settle();
    await w.pass(minutes(1));
    expect(w.channel.sent).toHaveLength(1);
    expect(me.receipts).toHaveLength(1);
  });

  it('a late owner whose attempt was first may send only within two seconds; after its deadline it is unknown', async () => {
    const w = new World();
    const zombie = w.owner('zombie');
    await w.put(contact());
    zombie.awake = false;
    // Its attempt reaches the log, but not itself.
    const read = zombie.read.bind(zombie);
    w.log.put(delivery('d1'));
    zombie.awake = true;
    zombie.read();
    zombie.awake = false;
    await settle();
    expect(w.log.of('attempt')).toHaveLength(1);
    const me = w.owner('me');
    await w.pass(seconds(3));
    expect(me.job('d1')!.attempting).toMatchObject({ by: 'zombie' });
    zombie.awake = true;
    read();
    await settle();
    expect(w.channel.sent).toHaveLength(0);
    expect(w.counted).toContain('attempts_let_go sms late');
    await w.pass(seconds(2));
    expect(w.channel.sent).toHaveLength(1);
    expect(me.told).toEqual(['d1 accepted']);
  });

  it('after a crash between attempt and outcome nothing is sent again: it is unknown at the deadline', async () => {
    const w = new World();
    w.channel.answer = undefined;
    const dead = w.owner('dead');
    await w.put(contact(), delivery('d1'));
    expect(w.channel.sent).toHaveLength(1);
    dead.awake = false;
    dead.append = () => new Promise(() => {});
    w.channel.answer = () => ({ kind: 'accepted', ref: 'again' });
    const me = w.owner('me');
    await w.pass(seconds(30));
    expect(me.told).toEqual([]);
    for (let n = 0; n < 8; n++) await w.pass(seconds(1));
    expect(me.told).toEqual(['d1 unknown no-outcome']);
    expect(w.channel.sent).toHaveLength(1);
  });

  it('an owner that loses the partition lets go of what has not begun, and still tells what came of the rest', async () => {
    const w = new World();
    w.channel.answer = undefined;
    const old = w.owner('old');
    await w.put(contact(), delivery('d1'));
    old.awake = false;
    w.log.put(contact({ customerId: 'cus-2' }), delivery('d2', { customerId: 'cus-2' }));
    old.awake = true;
    old.read();
    old.awake = false;
    await settle();
    expect(w.log.of<AttemptRecord>('attempt').map(({ id }) => id)).toEqual(['d1#1', 'd2#1']);
    old.lose();
    await settle();
    const me = w.owner('me');
    w.channel.answer = () => ({ kind: 'accepted', ref: 'new' });
    w.channel.sent[0]!.answer({ kind: 'accepted', ref: 'old' });
    await settle();
    await w.pass(seconds(2));
    expect(w.channel.addresses).toEqual(['+359cus-1', '+359cus-2']);
    expect(me.receipts.map(({ deliveryId, ref }) => `${deliveryId} ${ref}`)).toEqual(['d1 old', 'd2 new']);
  });
});

describe('pacing', () => {
  it('takes tokens from the bucket of the provider account, and leaves a share to the urgent lane', async () => {
    const w = new World();
    w.tokens = 3;
    w.log.put(...contacts(5), ...each(5, () => ({ lane: 'routine', priority: 1 })));
    const me = w.owner('me', {}, { lane: 'routine' });
    await settle();
    expect(w.channel.sent).toHaveLength(3);
    expect(w.taken[0]).toEqual({ bucket: 'Provider/A1', reserve: 20, burst: 100 });
    w.tokens = 10;
    await w.pass(200);
    expect(me.told).toHaveLength(5);
    const urgent = new World();
    urgent.owner();
    await urgent.put(contact(), delivery('d1'));
    expect(urgent.taken[0]!.reserve).toBe(0);
  });

  it('keeps the token of a message that must stay for the one that may go', async () => {
    const w = new World();
    w.tokens = 2;
    w.barriers.raise('cus-1', 99, 'wait');
    const me = w.owner();
    await w.put(...contacts(2), ...each(1));
    await w.pass(seconds(3));
    await w.put(...each(2).slice(1));
    expect(me.told).toEqual(['d2 accepted']);
  });

  it('has no more under way than it may', async () => {
    const w = new World();
    w.channel.answer = undefined;
    w.owner('me', { concurrency: 3 });
    await w.put(...contacts(9), ...each(9));
    expect(w.channel.sent).toHaveLength(3);
    w.channel.sent[0]!.answer({ kind: 'accepted', ref: 'r' });
    await w.pass(10);
    expect(w.channel.sent).toHaveLength(4);
  });

  it('sends nothing while the buckets cannot be read', async () => {
    const w = new World();
    w.bucketBroken = true;
    const me = w.owner();
    await w.put(contact(), delivery('d1'));
    await w.pass(seconds(5));
    expect(w.channel.sent).toEqual([]);
    w.bucketBroken = false;
    await w.pass(seconds(1));
    expect(me.told).toEqual(['d1 accepted']);
  });

  it('reads no further with too much waiting, and reads on as soon as something is to be sent', async () => {
    const w = new World();
    w.breaker.record(broken, w.clock.monotonic());
    const me = w.owner('me', { maxWaiting: 3, patienceMs: [null, null, null, null] });
    await w.put(...contacts(6), ...each(4));
    expect(me.held).toBe(true);
    w.log.put(...each(6).slice(4));
    expect(me.job('d5')).toBeUndefined();
    await w.pass(seconds(12));
    expect(me.held).toBe(false);
    await w.pass(seconds(1));
    expect(me.told).toHaveLength(6);
  });
});

describe('the breaker', () => {
  it('opens on an error of the whole account, probes once, and closes', async () => {
    const w = new World();
    w.channel.answer = (n) => (n === 1 ? broken : { kind: 'accepted', ref: 'r' });
    w.log.put(...contacts(4), ...each(4));
    const me = w.owner('me', { concurrency: 1 });
    await settle();
    expect(w.channel.sent).toHaveLength(1);
    expect(w.logged).toEqual(['breaker opened']);
    await w.pass(seconds(10));
    expect(w.channel.sent).toHaveLength(1);
    await w.pass(seconds(2));
    expect(w.logged).toEqual(['breaker opened', 'breaker closed']);
    await w.pass(seconds(2));
    expect(me.told).toHaveLength(4);
  });

  it('doubles its pause with every probe that fails, and hands urgent messages back for the next channel', async () => {
    const w = new World();
    w.channel.answer = () => broken;
    w.log.put(...contacts(4), ...each(4, (i) => ({ priority: i === 3 ? 2 : 0 })));
    const me = w.owner();
    await settle();
    const before = w.channel.sent.length;
    await w.pass(seconds(31));
    expect(w.channel.sent.length - before).toBeLessThanOrEqual(2);
    await w.pass(seconds(5));
    expect([...me.told].sort()).toEqual(['d1', 'd2', 'd3'].map((id) => `${id} ineligible breaker-open`));
    expect(me.job('d4')).toBeDefined();
    // What comes now need not wait as long again.
    await w.put(delivery('d5'));
    await w.pass(seconds(2));
    expect(me.told).toContain('d5 ineligible breaker-open');
  });

  it('asks by another message when the one that was to find out went stale on its way into the log', async () => {
    const w = new World();
    w.breaker.record(broken, w.clock.monotonic());
    const patienceMs = [null, null, null, null] as const;
    const me = w.owner('me', { patienceMs });
    await w.put(contact(), contact({ customerId: 'cus-2' }));
    await w.put(delivery('d1', { expiresAt: start + seconds(10) }), delivery('d2', { customerId: 'cus-2' }));
    // The log has not heard yet that time has passed when the first one is taken up.
    await w.clock.advance(seconds(12));
    await w.pass(seconds(10));
    expect(me.told).toEqual(['d1 expired', 'd2 accepted']);
    expect(w.counted).toContain('attempts_let_go sms not-ours');
    expect(w.breaker.state).toBe('closed');
  });
});

describe('shutdown', () => {
  it('finishes what is under way, begins nothing new, and lets go of what has not begun', async () => {
    const w = new World();
    w.channel.answer = undefined;
    const me = w.owner();
    await w.put(contact(), delivery('d1'));
    me.awake = false;
    w.log.put(contact({ customerId: 'cus-2' }), delivery('d2', { customerId: 'cus-2' }));
    me.awake = true;
    me.read();
    me.awake = false;
    await settle();
    let drained = false;
    const draining = me.drain().then(() => (drained = true));
    await settle();
    expect(drained).toBe(false);
    w.channel.sent[0]!.answer({ kind: 'accepted', ref: 'r' });
    await draining;
    expect(w.log.of<OutcomeRecord>('outcome').map(({ id, outcome }) => [id, outcome.kind])).toEqual([
      ['d2#1', 'not-sent'],
      ['d1#1', 'accepted'],
    ]);
    me.awake = true;
    await w.put(delivery('d3', { customerId: 'cus-3' }), contact({ customerId: 'cus-3' }));
    expect(w.channel.sent).toHaveLength(1);
  });
});
