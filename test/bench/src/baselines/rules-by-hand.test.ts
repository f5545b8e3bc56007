import { describe, expect, it } from '@jest/globals';
import { keyOf } from '@tocsin/core';
import { World, episodes } from '@tocsin/simulator';
import type { BankTransaction } from '@tocsin/simulator';
import { asIngest } from '../load/as-ingest.ts';
import { detectInMemory } from '../load/detect-in-memory.testing.ts';
import { tenant } from '../load/set-up.ts';
import { centsOf, judge, newAccount } from './rules-by-hand.ts';
import type { AccountByHand } from './rules-by-hand.ts';

const now = Date.UTC(2026, 10, 27, 12);

/** Customers with a quiet past and, some of them, a fraud in the end; each account in the order of time. */
function stream(): readonly BankTransaction[] {
  const world = new World({ seed: 11, customers: 40 });
  return world.customers.flatMap((customer, index) => {
    const past = world.history(customer, now - 3_600_000, 12 + (index % 30));
    const salary = world.salary(customer, now - 2_000_000);
    const kind = episodes[index % (episodes.length + 1)];
    const fraud = kind === undefined ? [] : world.episode(kind, customer, now - 60_000);
    return [...past, salary, ...fraud].sort((a, b) => (a.occurredAt < b.occurredAt ? -1 : 1));
  });
}

describe('the rules by hand', () => {
  it('say of the same stream what Tocsin’s own rules and conditions say', () => {
    const detect = detectInMemory(now);
    const toRecord = asIngest(8);
    const accounts = new Map<string, AccountByHand>();
    const chosen = { purchaseOver: 5_500, balanceBelow: 499_500, home: 'BG' };
    const base = { version: 1, tenantId: tenant, acceptedAt: 1 } as const;
    const set = (accountId: string, record: object): void => {
      const value = JSON.stringify({ ...base, accountId, ...record });
      detect({ topic: 'account-events', partition: 0, key: keyOf(tenant, accountId), value });
    };
    const kinds = new Map<string, number>();
    for (const tx of stream()) {
      const { accountId, customerId } = tx;
      if (!accounts.has(accountId)) {
        accounts.set(accountId, newAccount(Date.parse(tx.occurredAt)));
        set(accountId, { type: 'account-settings', id: `s-${accountId}`, country: 'BG', currency: 'EUR' });
        set(accountId, { type: 'account-holders', id: `h-${accountId}`, holders: [{ customerId, role: 'owner' }] });
        set(accountId, {
          type: 'conditions',
          id: `c-${accountId}`,
          customerId,
          conditions: {
            'purchase-over': { on: true, amount: { minor: chosen.purchaseOver, currency: 'EUR' } },
            'balance-below': { on: true, amount: { minor: chosen.balanceBelow, currency: 'EUR' } },
            deposit: { on: true },
            'international-use': { on: true },
          },
        });
      }
      const byHand = [...judge(accounts.get(accountId)!, tx, chosen)].sort();
      const ours = detect(toRecord(accountId, JSON.stringify(tx), now)).flatMap(({ fired, conditions }) => [
        ...fired.map(({ rule }) => rule),
        ...conditions.map(({ condition }) => condition),
      ]);
      expect({ id: tx.id, fired: byHand }).toEqual({ id: tx.id, fired: ours.sort() });
      for (const name of byHand) kinds.set(name, (kinds.get(name) ?? 0) + 1);
    }
    // Nothing is compared where nothing fires.
    for (const name of [
      'purchase-over',
      'deposit',
      'international-use',
      'balance-below',
      'impossible-travel',
      'card-testing',
      'decline-burst',
      'amount-vs-median',
    ])
      expect([name, (kinds.get(name) ?? 0) > 0]).toEqual([name, true]);
  });

  it('read money exactly', () => {
    expect(['12.34', '0.05', '7', '1.5'].map(centsOf)).toEqual([1_234, 5, 700, 150]);
  });
});
