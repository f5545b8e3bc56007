import { deliveryTopic, keyOf, lanes, partitionOf, topicNames } from '@tocsin/core';
import type { BarrierRecord, ConsentChange, CustomerRecord, DeliveryRecord } from '@tocsin/core';
import type { Act } from './act.ts';
import type { Life } from './life.ts';
import { channelIds, partitions, tenantId } from './stages.ts';
import type { UsedChannel } from './stages.ts';
import { deliveriesOf } from './provider-acts.ts';

/* What customers set, say and tap. */

export const customerOf = (customer: number): string => `cus-${customer}`;
const addressOf = (channel: UsedChannel, customer: number): string =>
  channel === 'sms' ? `+35988000000${customer}` : `psid-${customer}`;

const words = ['YES', 'NO', 'NO 2', 'STOP', 'START', 'HELP', 'what is this', 'yes no', 'NO STOP', 'agent'];
const orders: readonly (readonly UsedChannel[])[] = [['sms', 'messenger'], ['messenger', 'sms'], ['sms']];
const purposes = ['fraud-protection', 'account-alert', '*'] as const;

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

export const toCustomer = (
  life: Life,
  record: DistributiveOmit<CustomerRecord, 'version' | 'tenantId'> & { readonly customerId: string },
): Promise<void> =>
  life.pipeline.put(topicNames.customerEvents, keyOf(tenantId, record.customerId), { version: 1, tenantId, ...record });

function reply(life: Life, customerId: string, channel: UsedChannel, acceptedAt: number, said: object): Promise<void> {
  return toCustomer(life, {
    type: 'reply',
    id: life.name(`${channel}:m`),
    customerId,
    channel,
    address: addressOf(channel, Number(customerId.slice(-1))),
    at: acceptedAt,
    acceptedAt,
    opensWindow: channel === 'messenger',
    ...said,
  });
}

/** Undefined where the act is not a customer's. */
export function customerAct(life: Life, act: Act): Promise<void> | undefined {
  switch (act.do) {
    case 'profile':
      return toCustomer(life, {
        type: 'profile',
        id: life.name('profile'),
        customerId: customerOf(act.customer),
        acceptedAt: life.now,
        language: act.customer === 1 ? 'bg' : 'en',
        timeZone: 'Europe/Sofia',
        contactPoints: { sms: { address: addressOf('sms', act.customer), verified: true } },
        channelOrder: orders[act.order]!,
      });
    case 'consent':
      return consent(life, act);
    case 'preferences':
      return toCustomer(life, {
        type: 'preferences',
        id: life.name('preferences'),
        customerId: customerOf(act.customer),
        acceptedAt: life.now,
        grouping: { '*': { waitMs: act.waitMs, intervalMs: 2 * act.waitMs } },
        privacy: { sms: act.hidden ? 'hidden' : 'shown' },
      });
    case 'link':
      return toCustomer(life, {
        type: 'link',
        id: life.name('link'),
        customerId: customerOf(act.customer),
        acceptedAt: life.now,
        channel: 'messenger',
        address: addressOf('messenger', act.customer),
        linked: act.linked,
      });
    case 'reply':
      return reply(life, customerOf(act.customer), channelIds[act.channel]!, life.now - act.lateMs, {
        text: words[act.text],
      });
    case 'barrier':
      return barrier(life, act);
    case 'tap': {
      const asked = deliveriesOf(life).filter(({ content }) => content.questionId !== undefined);
      const delivery = asked[act.pick % Math.max(1, asked.length)];
      if (delivery === undefined) return Promise.resolve();
      return tap(life, delivery, act.yes);
    }
    default:
      return undefined;
  }
}

const tap = (life: Life, { customerId, channel, content }: DeliveryRecord, yes: boolean): Promise<void> =>
  reply(life, customerId, channel as UsedChannel, life.now, { payload: `Q:${content.questionId}:${yes ? 'Y' : 'N'}` });

function consent(life: Life, act: Extract<Act, { do: 'consent' }>): Promise<void> {
  const id = life.name('consent');
  const acceptedAt = life.now - act.lateMs;
  const changes = (['existence', 'amount', 'merchant', '*'] as const).map((dataClass): ConsentChange => ({
    id: `${id}-${dataClass}`,
    channel: channelIds[act.channel] ?? '*',
    purpose: purposes[act.purpose]!,
    dataClass,
    action: act.grant ? 'grant' : 'revoke',
    acceptedAt,
    actor: 'customer',
    source: 'page',
  }));
  return toCustomer(life, { type: 'consent', id, customerId: customerOf(act.customer), acceptedAt, changes });
}

/** What the gateway notes in the sender's own log before it answers: up to where the customer took something back. */
async function barrier(life: Life, act: Extract<Act, { do: 'barrier' }>): Promise<void> {
  const customerId = customerOf(act.customer);
  const key = keyOf(tenantId, customerId);
  const channel = channelIds[act.channel]!;
  const partition = partitionOf(key, partitions[topicNames.customerEvents]!);
  const { end } = await life.pipeline.log.bounds(topicNames.customerEvents, partition);
  const record: BarrierRecord = {
    type: 'barrier',
    version: 1,
    id: life.name('barrier'),
    tenantId,
    customerId,
    channel,
    offset: Math.max(0, end - 1 - act.back),
    verdict: act.deny ? 'deny' : 'allow',
  };
  for (const lane of lanes) await life.pipeline.put(deliveryTopic(channel, lane), key, record);
}
