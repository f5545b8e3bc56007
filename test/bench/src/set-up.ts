import { keyOf, partitionOf, topicNames } from '@tocsin/core';
import type { AccountRecord, Appending, CustomerRecord } from '@tocsin/core';
import type { Platform } from '@tocsin/services';
import type { World } from '@tocsin/simulator';

const tenant = 'bench';

export const benchConfiguration = (options: {
  readonly storage: 'embedded' | 'kafka';
  readonly folder: string;
  readonly smsUrl: string;
  readonly kafka: string | undefined;
  readonly redis: { readonly host: string; readonly port: number } | undefined;
}): object => ({
  installation: 'bench',
  secret: 'a secret that only the benchmark uses, 32+',
  storage: options.storage,
  folder: options.folder,
  ...(options.kafka === undefined ? {} : { kafka: { brokers: [options.kafka] } }),
  ...(options.redis === undefined ? {} : { redis: { host: options.redis.host, port: options.redis.port } }),
  partitions: { stage: 8, delivery: 8, outside: 8 },
  sources: [{ name: 'cards', topic: 'bank.transactions', tenant, startAt: 'earliest' }],
  tenants: { [tenant]: { bankName: 'Bench' } },
  channels: {
    sms: {
      tenant,
      // So that the stage is measured, not a provider's contract.
      perSecond: 100_000,
      twilio: {
        baseUrl: options.smsUrl,
        accountSid: `AC${'1'.repeat(32)}`,
        password: 'bench',
        authTokens: ['bench'],
        from: '+35924000000',
      },
    },
  },
});

/** Every customer has a number and wants to hear of purchases from twice their mean on: a few in a hundred alert. */
export function setUpRecords(world: World, { partitions }: Platform): readonly Appending[] {
  const at = (topic: string, id: string, record: AccountRecord | CustomerRecord): Appending => {
    const key = keyOf(tenant, id);
    return { topic, partition: partitionOf(key, partitions[topic] ?? 1), key, value: JSON.stringify(record) };
  };
  return world.customers.flatMap(({ customerId, accountId, meanAmount }, index) => {
    const base = { version: 1, tenantId: tenant, acceptedAt: 1 } as const;
    return [
      at(topicNames.accountEvents, accountId, {
        ...base,
        type: 'account-holders',
        id: `h-${index}`,
        accountId,
        holders: [{ customerId, role: 'owner' }],
      }),
      at(topicNames.accountEvents, accountId, {
        ...base,
        type: 'conditions',
        id: `c-${index}`,
        accountId,
        customerId,
        conditions: { 'purchase-over': { on: true, amount: { minor: Math.round(meanAmount * 150), currency: 'EUR' } } },
      }),
      at(topicNames.customerEvents, customerId, {
        ...base,
        type: 'profile',
        id: `p-${index}`,
        customerId,
        language: 'en',
        timeZone: 'UTC',
        contactPoints: { sms: { address: `+3598${String(80_000_000 + index)}`, verified: true } },
        channelOrder: ['sms'],
      }),
      at(topicNames.customerEvents, customerId, {
        ...base,
        type: 'consent',
        id: `g-${index}`,
        customerId,
        changes: (['existence', 'amount', 'merchant', 'time', 'last4'] as const).map((dataClass) => ({
          id: `g-${index}-${dataClass}`,
          channel: 'sms',
          purpose: '*',
          dataClass,
          action: 'grant',
          acceptedAt: 1,
          actor: 'customer',
          source: 'bench',
        })),
      }),
      at(topicNames.customerEvents, customerId, {
        ...base,
        type: 'preferences',
        id: `f-${index}`,
        customerId,
        grouping: { '*': { waitMs: 0, intervalMs: 0 } },
        coolDownMs: { '*': 0 },
      }),
    ];
  });
}
