import { keyOf } from '../partition.ts';
import type { Severity } from '../records/customer.ts';
import type { StaffCase } from '../records/outside.ts';
import { topicNames } from '../topics.ts';
import type { CustomerStep } from './customer-step.ts';

/** Headers of topics for readers outside: `ce_id` is the idempotency key, `type` follows `tocsin.`. */
export const cloudEvent = (tenantId: string, id: string, type: string): Readonly<Record<string, string>> => ({
  ce_specversion: '1.0',
  ce_id: id,
  ce_source: `/tocsin/alert/${tenantId}`,
  ce_type: `tocsin.${type}`,
  'content-type': 'application/json',
});

const order: readonly Severity[] = ['info', 'low', 'medium', 'high', 'critical'];

export const highest = (severities: readonly Severity[]): Severity =>
  severities.reduce((worst, next) => (order.indexOf(next) > order.indexOf(worst) ? next : worst), 'medium');

export interface NewCase {
  readonly kind: StaffCase['kind'];
  readonly severity: Severity;
  /**
   * What makes the case one. What several holders of an account can cause derives it from account and transaction, so that
   * both cause the same case.
   */
  readonly subject: readonly string[];
  readonly accountId?: string;
  /** False where the case concerns nobody whom we know. */
  readonly customer?: false;
  readonly reasons: readonly string[];
  readonly transactionIds?: readonly string[];
}

/** Work for the fraud desk. Nothing of it is ever shown to a customer. */
export function openCase(step: CustomerStep, newCase: NewCase): void {
  const { kind, severity, accountId } = newCase;
  const id = `${kind}/${step.idOf(step.tenantId, kind, ...newCase.subject)}`;
  const value: StaffCase = {
    type: 'case',
    version: 1,
    id,
    tenantId: step.tenantId,
    kind,
    severity,
    ...(accountId === undefined ? {} : { accountId }),
    ...(newCase.customer === false ? {} : { customerId: step.customerId }),
    reasons: newCase.reasons.slice(0, 20),
    transactionIds: [...(newCase.transactionIds ?? [])],
    state: 'open',
    history: [{ at: step.at, what: 'opened' }],
  };
  step.context.emit({
    topic: topicNames.cases,
    key: keyOf(step.tenantId, accountId ?? step.customerId),
    value,
    headers: cloudEvent(step.tenantId, id, `case.${kind}`),
  });
  step.context.count('cases', { kind });
}
