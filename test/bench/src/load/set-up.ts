import { keyOf, partitionOf, topicNames } from '@tocsin/core';
import type { AccountRecord, Appending, CustomerRecord } from '@tocsin/core';
import { phoneOf } from './plan.ts';
import type { Plan } from './plan.ts';

export const tenant = 'bench';

/**
 * Every account has a holder with a condition; the reachable ones have a number and have agreed to everything. Nothing is
 * grouped or cooled down: one alert is one message, and each is sent at once.
 */
export function* setUpRecords({ accounts, reachable }: Plan, partitions: number): Generator<Appending, void, void> {
  const at = (topic: string, id: string, record: AccountRecord | CustomerRecord): Appending => {
    const key = keyOf(tenant, id);
    return { topic, partition: partitionOf(key, partitions), key, value: JSON.stringify(record) };
  };
  const base = { version: 1, tenantId: tenant, acceptedAt: 1 } as const;
  for (let index = 0; index < accounts; index++) {
    const accountId = `acc-${index}`;
    const customerId = `cus-${index}`;
    yield at(topicNames.accountEvents, accountId, {
      ...base,
      type: 'account-holders',
      id: `h-${index}`,
      accountId,
      holders: [{ customerId, role: 'owner' }],
    });
    yield at(topicNames.accountEvents, accountId, {
      ...base,
      type: 'conditions',
      id: `c-${index}`,
      accountId,
      customerId,
      conditions: {
        'purchase-over': { on: true, amount: { minor: 5_500, currency: 'EUR' } },
        'balance-below': { on: true, amount: { minor: 1_000, currency: 'EUR' } },
        deposit: { on: true },
        'international-use': { on: true },
      },
    });
    if (index >= reachable) continue;
    yield at(topicNames.customerEvents, customerId, {
      ...base,
      type: 'profile',
      id: `p-${index}`,
      customerId,
      language: 'en',
      timeZone: 'UTC',
      contactPoints: { sms: { address: phoneOf(index), verified: true } },
      channelOrder: ['sms'],
    });
    yield at(topicNames.customerEvents, customerId, {
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
    });
    yield at(topicNames.customerEvents, customerId, {
      ...base,
      type: 'preferences',
      id: `f-${index}`,
      customerId,
      grouping: { '*': { waitMs: 0, intervalMs: 0 } },
      coolDownMs: { '*': 0 },
    });
  }
}
