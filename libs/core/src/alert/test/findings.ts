import type { FindingRecord, FiredRule } from '../../records/customer.ts';
import { seconds } from '../../time.ts';
import type { Instant } from '../../time.ts';
import type { Transaction } from '../../transaction.ts';
import { accountId, customerId, tenantId } from './places.ts';

export const rule = (given: Partial<FiredRule> = {}): FiredRule => ({
  rule: 'new-device-spend',
  ruleVersion: '1',
  family: 'device',
  code: 'TC-NEW-DEVICE',
  score: 0.8,
  summary: 'a payment from a new device',
  evidence: {},
  audience: 'customer',
  severity: 'high',
  ...given,
});

export function finding(
  at: Instant,
  id: string,
  { tx, ...given }: Partial<FindingRecord> & { tx?: Partial<Transaction> } = {},
): FindingRecord {
  const transaction: Transaction = {
    id,
    lifecycleId: id,
    accountId,
    occurredAt: at - seconds(1),
    precision: 'instant',
    amount: { minor: 8000, currency: 'EUR' },
    direction: 'debit',
    status: 'authorised',
    channel: 'card-not-present',
    merchant: { id: 'm-1', name: 'Corner Shop', country: 'DE', city: 'Berlin' },
    card: { token: 'card-1', last4: '1234' },
    ...tx,
  };
  const customer = given.customerId ?? customerId;
  return {
    type: 'finding',
    version: 1,
    id: `${tenantId}/${accountId}/${transaction.id}/${customer}`,
    tenantId,
    accountId,
    customerId: customer,
    transaction,
    score: 0,
    fired: [],
    conditions: [],
    shadow: [],
    notApplicable: [],
    ruleSetVersion: 1,
    receivedAt: at,
    decidedAt: at,
    ...given,
  };
}
