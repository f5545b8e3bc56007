import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dataClasses, purposes } from '../consent.ts';
import type { ConsentChange } from '../consent.ts';
import type { ReceiptRecord } from '../records/customer.ts';
import type { ContactRecord, DeliveryRecord } from '../records/delivery.ts';
import { messageEntry } from './state.ts';
import type { ConsentState, MessageState } from './state.ts';
import { AlertWorld, customerId, tenantId } from './test/alert-world.ts';

type Act = (world: AlertWorld) => void;

const states: readonly ReceiptRecord['state'][] = [
  'accepted',
  'delivered',
  'read',
  'failed',
  'permanent',
  'badAddress',
  'ineligible',
  'unknown',
  'expired',
  'revoked',
];
const texts = [
  'YES',
  'NO',
  'NO 2',
  'STOP',
  'please stop texting',
  'START',
  'HELP',
  'what',
  'yes no',
  'NO STOP',
  'agent',
  'NO 1234',
];
const own = { messenger: 'psid-1', sms: '+359880000001' } as const;

const says = (words: readonly string[]) =>
  fc
    .tuple(
      fc.constantFrom(...words),
      fc.constantFrom<keyof typeof own>('messenger', 'sms'),
      fc.integer({ min: -600, max: 0 }),
    )
    .map(([text, channel, late]): Act => (world) => {
      world.says(text, { channel, address: own[channel], acceptedAt: world.now + late * 1000 });
    });
const suspects = fc.constantFrom('1234', '9876').map(
  (last4): Act =>
    (world) =>
      void world.suspects({ card: { token: last4, last4 } }),
);
const buys = fc.constantFrom('purchase-over', 'deposit', 'balance-below').map(
  (condition): Act =>
    (world) =>
      void world.purchase({}, [condition]),
);
const waits = (longest: number) =>
  fc.constantFrom(1, 5, 31, 61, 200, 700, longest).map(
    (span): Act =>
      (world) =>
        void world.in(span * 1000),
  );
const reports = fc.tuple(fc.constantFrom(...states), fc.nat()).map(([state, pick]): Act => (world) => {
  const { deliveries } = world;
  const delivery = deliveries[pick % Math.max(deliveries.length, 1)];
  if (delivery) world.reports(state, { deliveryId: delivery.id });
});
const bank = fc.constantFrom<'accepted' | 'refused'>('accepted', 'refused').map((answer): Act => (world) => {
  if (world.requests.length > 0) world.bankSays(answer);
});
const consents = fc
  .tuple(
    fc.constantFrom<'grant' | 'revoke'>('grant', 'revoke'),
    fc.constantFrom('messenger', 'sms', 'email'),
    fc.constantFrom<'fraud-protection' | 'account-alert' | '*'>('fraud-protection', 'account-alert', '*'),
    fc.integer({ min: -600, max: 0 }),
  )
  .map(([action, channel, purpose, late]): Act => (world) => {
    world.consent(action, channel, purpose, ['existence', 'amount'], world.now + late * 1000);
  });
const links = fc.boolean().map(
  (linked): Act =>
    (world) =>
      void world.in(1).link(linked),
);

const lifeOf = ({ words = texts, longest = 90_000 } = {}) =>
  fc.array(
    fc.oneof(
      { weight: 4, arbitrary: suspects },
      { weight: 3, arbitrary: buys },
      { weight: 4, arbitrary: says(words) },
      { weight: 4, arbitrary: waits(longest) },
      { weight: 6, arbitrary: reports },
      { weight: 1, arbitrary: bank },
      { weight: 2, arbitrary: consents },
      { weight: 1, arbitrary: links },
    ),
    { maxLength: 40 },
  );
const life = lifeOf();
/** Nobody asks to hear again: YES means START once a channel is stopped and nothing is asked. */
const unmoved = lifeOf({ words: texts.filter((text) => !['START', 'YES'].includes(text)) });
/** Short enough for every id to be remembered. */
const day = lifeOf({ longest: 3600 });

const begun = () =>
  new AlertWorld()
    .to('10:00:00')
    .customer({ order: ['messenger', 'sms', 'email'] })
    .link()
    .consent('grant', 'messenger', '*')
    .consent('grant', 'sms', 'account-alert');

const lived = (acts: readonly Act[]): AlertWorld => {
  const world = begun();
  for (const act of acts) act(world);
  return world;
};

const valuesOf = (world: AlertWorld) =>
  world.outputs.map(({ topic, value }) => ({ topic, value: value as { type: string } }));

describe('whatever happens', () => {
  it('never sends on a stopped channel, or without an address or a ground, by the contact that deliver has', () => {
    fc.assert(
      fc.property(life, (acts) => {
        const contacts = new Map<string, ContactRecord>();
        for (const { topic, value } of valuesOf(lived(acts))) {
          if (value.type === 'contact') contacts.set(topic, value as unknown as ContactRecord);
          if (value.type !== 'delivery') continue;
          const delivery = value as unknown as DeliveryRecord;
          if (delivery.withdrawn) continue;
          const contact = contacts.get(topic)!;
          expect(contact.address).not.toBeNull();
          expect(contact.allowed[delivery.purpose]?.classes).toContain('existence');
          if (contact.stopped) {
            expect(['stop-confirmation', 'help']).toContain(delivery.content.kind);
            expect(delivery.evenIfStopped).toBe(true);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('sends nothing after a STOP until a START, from whatever was queued, waiting or failing over', () => {
    fc.assert(
      fc.property(life, unmoved, (before, after) => {
        const world = lived(before);
        world.says('STOP').says('STOP', { channel: 'messenger', address: 'psid-1' });
        const from = world.deliveries.length;
        for (const act of after) act(world);
        const late = world.deliveries.slice(from).filter(({ evenIfStopped }) => evenIfStopped !== true);
        expect(late.filter(({ channel }) => channel === 'sms' || channel === 'messenger')).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('answers every barrier of a reply: one decision to both lanes, whoever said it and however late', () => {
    const said = fc.record({
      text: fc.constantFrom('STOP', 'please stop texting', 'START'),
      channel: fc.constantFrom<keyof typeof own>('messenger', 'sms'),
      foreign: fc.boolean(),
      standby: fc.boolean(),
      late: fc.constantFrom(0, 60_000),
      copies: fc.constantFrom(1, 2),
    });
    fc.assert(
      fc.property(life, said, (acts, { text, channel, foreign, standby, late, copies }) => {
        const world = lived(acts);
        const id = world.nextId(`${channel}:m`);
        const address = foreign ? 'elsewhere' : own[channel];
        for (let n = 0; n < copies; n += 1) {
          const before = world.contacts.length;
          world.says(text, { id, channel, address, acceptedAt: world.now - late, ...(standby ? { standby } : {}) });
          const contacts = world.contacts.slice(before).filter((contact) => contact.channel === channel);
          expect(contacts).toHaveLength(2);
          expect(contacts[1]).toEqual(contacts[0]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('replays to the same outputs, byte for byte', () => {
    fc.assert(
      fc.property(life, (acts) => {
        const first = lived(acts);
        const second = lived(acts);
        expect(second.outputs.map(({ topic, key, json }) => [topic, key, json])).toEqual(
          first.outputs.map(({ topic, key, json }) => [topic, key, json]),
        );
        expect(first.altered).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  it('acts once on a finding and on a reply, however often they are appended', () => {
    fc.assert(
      fc.property(day, (acts) => {
        const world = lived(acts);
        const { told, caseKinds, requests } = world;
        for (const record of [...world.consumed]) {
          if (record.type === 'finding' || record.type === 'reply') world.record(record);
        }
        expect([world.told, world.caseKinds, world.requests]).toEqual([told, caseKinds, requests]);
      }),
      { numRuns: 40 },
    );
  });

  it('leaves nothing waiting of a question that was answered, and takes back nothing that it did not send', () => {
    fc.assert(
      fc.property(life, (acts) => {
        const world = lived(acts);
        const sent = new Set(world.deliveries.map(({ id }) => id));
        expect(world.withdrawn.filter((id) => !sent.has(id))).toEqual([]);
        expect(new Set(world.withdrawn).size).toBe(world.withdrawn.length);
        for (const { alertId, state } of world.questions()) {
          if (!state.startsWith('answered')) continue;
          const tries = world.state<MessageState>(messageEntry(`${tenantId}:${customerId}`, alertId))?.tries ?? [];
          const waiting = tries.filter((attempt) => attempt.state === 'pending' && !attempt.withdrawn);
          expect(waiting).toEqual([]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('never uses one delivery id twice', () => {
    fc.assert(
      fc.property(life, (acts) => {
        const { deliveries } = lived(acts);
        expect(new Set(deliveries.map(({ id }) => id)).size).toBe(deliveries.length);
      }),
      { numRuns: 40 },
    );
  });
});

it('stays small, however much happens to one customer', () => {
  const world = begun();
  const long = 'x'.repeat(200);
  for (let n = 0; n < 500; n += 1) {
    const card = { token: `${long}-${n % 40}`, last4: String(1000 + (n % 40)) };
    world.suspects({ card, merchant: { name: long }, id: `${'t'.repeat(40)}-${n}` });
    world.purchase({ merchant: { name: long, id: long + String(n) }, id: `${'p'.repeat(40)}-${n}` });
    if (n % 7 === 0) world.says('NO', { text: long });
    if (n % 5 === 0)
      world.reports('accepted', { disclosed: Array.from({ length: 50 }, (_, i) => `items[${i}].amount`) });
    world.in(n % 3 === 0 ? 7000 : 10);
  }
  expect(world.largestEntry).toBeLessThan(64 * 1024);
  expect(world.altered).toBe(0);
  expect(world.history().alerts).toHaveLength(50);
});

describe('a consent entry stays small', () => {
  /** As the API accepts them: a key of 200 characters becomes part of the id of each line, and evidence may be in any letters. */
  const id = `key:core-banking/${'k'.repeat(200)}/0123456789abcdef`;
  const decided = (world: AlertWorld, changes: readonly Partial<ConsentChange>[]): AlertWorld =>
    world.record({
      type: 'consent',
      version: 1,
      id: world.nextId('consent'),
      tenantId,
      customerId,
      acceptedAt: world.now,
      changes: changes.map((change, index) => ({
        id: `${id}/${world.now}/${index}`,
        channel: 'sms',
        purpose: 'account-alert',
        dataClass: 'amount',
        action: 'grant',
        acceptedAt: world.now,
        actor: 'customer',
        source: 'branch',
        ...change,
      })),
    });

  it('with two hundred lines, each with evidence', () => {
    const world = begun().in(1);
    decided(
      world,
      Array.from({ length: 200 }, () => ({ evidence: 'подписан формуляр '.repeat(12), textVersion: '2026-01' })),
    );
    expect(world.largestEntry).toBeLessThan(60 * 1024);
    const { ledger, dropped } = world.state<ConsentState>('c:bank:cus-1')!;
    expect(ledger.length).toBeGreaterThan(50);
    expect(ledger.at(-1)!.id).toBe(`${id}/${world.now}/199`);
    expect(ledger.length + dropped).toBe(202);
  });

  it('with every class for every purpose on every channel, and a revocation still counts', () => {
    const world = begun().in(1);
    const cells = ['sms', 'email', 'push', 'messenger'].flatMap((channel) =>
      purposes.flatMap((purpose) => dataClasses.map((dataClass) => ({ channel, purpose, dataClass }))),
    );
    for (let from = 0; from < cells.length; from += 100) decided(world, cells.slice(from, from + 100)).in(1);
    expect(world.largestEntry).toBeLessThan(60 * 1024);
    decided(world.in(1), [{ action: 'revoke', purpose: 'fraud-protection', dataClass: 'existence' }]);
    expect(world.contact('sms')!.allowed['fraud-protection']).toBeUndefined();
    expect(world.largestEntry).toBeLessThan(60 * 1024);
  });
});

it.each([
  ['x', 36],
  ['я', 64],
  ['店', 256],
])('keeps questions small, whatever the letters (%s) and however long the ids (%i)', (letter, length) => {
  const world = begun();
  const name = letter.repeat(80);
  for (let n = 0; n < 16; n += 1) {
    const card = { token: `card-${n}`, last4: String(1000 + n) };
    for (let m = 0; m < 45; m += 1)
      world.suspects({ card, merchant: { name, city: name }, id: `${n}-${m}`.padEnd(length, letter) });
    world.reports('accepted');
    if (n % 3 > 0) world.says(`NO ${card.last4}`);
    world.in(1000);
    expect(world.largestEntry).toBeLessThan(60 * 1024);
  }
  const seen = [...world.cases.flatMap(({ transactionIds }) => transactionIds), ...open(world)];
  // Whatever no longer finds room goes to staff.
  expect(new Set(seen).size).toBe(16 * 45);
  expect(world.altered).toBe(0);
});

const open = (world: AlertWorld): readonly string[] =>
  world.questions().flatMap(({ state, transactionIds }) => (state === 'open' ? transactionIds : []));
