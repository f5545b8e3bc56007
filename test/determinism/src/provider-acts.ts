import { deliveryTopic, keyOf, lanes } from '@tocsin/core';
import type { AttemptRecord, DeliverRecord, DeliveryRecord, OutcomeRecord } from '@tocsin/core';
import type { Act } from './act.ts';
import { toCustomer } from './customer-acts.ts';
import type { Life } from './life.ts';
import { valueOf } from './pipeline.ts';
import { channelIds } from './stages.ts';

/* What the executor and the providers of messages do, told the way they tell it: as records. */

type AnyOutcome = OutcomeRecord['outcome'];

const outcomes: readonly (AnyOutcome | 'accepted' | null)[] = [
  'accepted',
  'accepted',
  { kind: 'retry', code: '429', scope: 'message' },
  { kind: 'permanent', code: 'refused' },
  { kind: 'badAddress', code: 'gone' },
  { kind: 'unknown', code: 'timeout' },
  null,
  { kind: 'not-sent', code: 'late', afterMs: 1_000 },
];

const topics = channelIds.flatMap((channel) => lanes.map((lane) => deliveryTopic(channel, lane)));

/** Every message that `alert` wanted told. */
export const deliveriesOf = (life: Life): readonly DeliveryRecord[] =>
  topics.flatMap((topic) =>
    life.pipeline.log.records(topic).flatMap((record): DeliveryRecord[] => {
      if (record.headers['src'] === undefined) return [];
      const value = valueOf<DeliverRecord>(record);
      return value.type === 'delivery' && value.withdrawn !== true ? [value] : [];
    }),
  );

const append = (life: Life, { channel, lane, tenantId, customerId }: DeliveryRecord, value: DeliverRecord) =>
  life.pipeline.put(deliveryTopic(channel, lane), keyOf(tenantId, customerId), value);

const attemptOf = (life: Life, delivery: DeliveryRecord, attempt: number, by: string): AttemptRecord => ({
  type: 'attempt',
  version: 1,
  id: `${delivery.id}#${attempt}`,
  deliveryId: delivery.id,
  tenantId: delivery.tenantId,
  customerId: delivery.customerId,
  attempt,
  by,
  deadlineAt: life.now + 35_000,
  disclosure: {
    provider: delivery.channel,
    providerAccount: 'account-1',
    channel: delivery.channel,
    purpose: delivery.purpose,
    ground: { kind: 'legal-basis', basis: 'legitimate-interest' },
    classes: ['existence', 'amount'],
    fields: ['kind', 'amount'],
    template: `${delivery.content.kind}/en/1`,
  },
});

const outcomeOf = (delivery: DeliveryRecord, attempt: number, by: string, outcome: AnyOutcome): OutcomeRecord => ({
  type: 'outcome',
  version: 1,
  id: `${delivery.id}#${attempt}`,
  deliveryId: delivery.id,
  tenantId: delivery.tenantId,
  customerId: delivery.customerId,
  attempt,
  by,
  outcome,
});

const refOf = (deliveryId: string): string => `ref-${deliveryId}`;

async function send(life: Life, delivery: DeliveryRecord, index: number): Promise<void> {
  const state = life.sends.get(delivery.id) ?? { attempts: 0, over: false };
  life.sends.set(delivery.id, state);
  const number = state.attempts + 1;
  const chosen = outcomes[index]!;
  const outcome: AnyOutcome | null = chosen === 'accepted' ? { kind: 'accepted', ref: refOf(delivery.id) } : chosen;
  if (outcome?.kind !== 'not-sent') {
    state.attempts = number;
    await append(life, delivery, attemptOf(life, delivery, number, 'owner-a'));
  }
  state.over = outcome === null || !['retry', 'not-sent'].includes(outcome.kind);
  if (outcome !== null) await append(life, delivery, outcomeOf(delivery, number, 'owner-a', outcome));
}

/** Undefined where the act is not a provider's. */
export function providerAct(life: Life, act: Act): Promise<void> | undefined {
  switch (act.do) {
    case 'send':
      return sendWaiting(life, act.outcomes);
    case 'late-outcome':
      return afterwards(life, act.pick, (delivery) => lateOwner(life, delivery, act.outcome));
    case 'redrive':
      return afterwards(life, act.pick, (delivery) => {
        life.sends.set(delivery.id, { attempts: life.sends.get(delivery.id)?.attempts ?? 0, over: false });
        const again = { ...delivery, expiresAt: life.now + 3_600_000 };
        const { id: deliveryId, tenantId, customerId } = delivery;
        const id = life.name('redrive');
        return append(life, delivery, {
          type: 'redrive',
          version: 1,
          id,
          deliveryId,
          tenantId,
          customerId,
          delivery: again,
        });
      });
    case 'provider-receipt':
      return afterwards(life, act.pick, ({ id, customerId, channel }) =>
        toCustomer(life, {
          type: 'receipt',
          id: life.name('dlr'),
          customerId,
          channel,
          ref: refOf(id),
          state: (['delivered', 'read', 'failed', 'sent'] as const)[act.state]!,
          at: life.now,
        }),
      );
    default:
      return undefined;
  }
}

async function sendWaiting(life: Life, chosen: readonly number[]): Promise<void> {
  const waiting = deliveriesOf(life).filter(({ id }) => life.sends.get(id)?.over !== true);
  for (const [i, delivery] of waiting.slice(0, chosen.length).entries()) await send(life, delivery, chosen[i]!);
}

/** An owner that was replaced, and does not know it, writes what it did. */
async function lateOwner(life: Life, delivery: DeliveryRecord, index: number): Promise<void> {
  const number = Math.max(1, life.sends.get(delivery.id)!.attempts);
  const outcome = outcomes[index]!;
  await append(life, delivery, attemptOf(life, delivery, number, 'owner-b'));
  if (outcome !== null && outcome !== 'accepted') {
    await append(life, delivery, outcomeOf(delivery, number, 'owner-b', outcome));
  }
}

function afterwards(life: Life, pick: number, act: (delivery: DeliveryRecord) => Promise<void>): Promise<void> {
  const sent = deliveriesOf(life).filter(({ id }) => life.sends.has(id));
  const delivery = sent[pick % Math.max(1, sent.length)];
  return delivery === undefined ? Promise.resolve() : act(delivery);
}
