import type { FindingRecord, FiredRule } from '../records/customer.ts';
import { hours } from '../time.ts';
import { highest, openCase } from './cases.ts';
import { isKnown } from './contacts.ts';
import type { CustomerStep } from './customer-step.ts';
import { entriesOfCondition, gather } from './grouping.ts';
import { itemOf } from './message-item.ts';
import { alertTypeOf, alertTypes } from './policy.ts';
import type { AlertType } from './policy.ts';
import { ask } from './questions.ts';
import { findingEntry, messageEntry } from './state.ts';

/* From what detect found to what somebody hears: staff, the customer, or nobody, and why. */

const defaultScore = 0.5;

/** A finding under this customer id has no holder that anybody knows. */
const isPseudo = (customerId: string): boolean => customerId.startsWith('account/');

/**
 * The score over rules that the customer may hear of. Where only such rules fired it is the finding's own; else noisy-OR
 * over the families' largest scores. So a rule for staff alone can neither cause, change nor suppress a message.
 */
export function customerScore(finding: FindingRecord): number {
  const told = finding.fired.filter(({ audience }) => audience === 'customer');
  if (told.length === finding.fired.length) return finding.score;
  const families = new Map<string, number>();
  for (const { family, score } of told) families.set(family, Math.max(families.get(family) ?? 0, score));
  const quiet = [...families.values()].reduce((product, score) => product * (1 - score), 1);
  return Math.min(1 - quiet, finding.score);
}

/** Rounding of products must not decide whether a customer is asked. */
const reaches = (score: number, threshold: number): boolean => score >= threshold - 1e-9;

const alertIdOf = (idOf: (...parts: string[]) => string, finding: FindingRecord, type: AlertType): string =>
  idOf(finding.id, type.id);

/** All entries that a finding may touch beside the customer's own. */
export function entriesOfFinding(
  idOf: (...parts: string[]) => string,
  key: string,
  finding: FindingRecord,
): readonly string[] {
  const conditions = finding.conditions.flatMap(({ condition }) => {
    const type = alertTypeOf(condition);
    return type ? entriesOfCondition(key, type.id, finding.accountId, alertIdOf(idOf, finding, type)) : [];
  });
  const question = messageEntry(key, alertIdOf(idOf, finding, alertTypes[0]!));
  return [findingEntry(key, finding.id), question, ...conditions];
}

export function onFinding(step: CustomerStep, finding: FindingRecord): void {
  const { context } = step;
  const entry = findingEntry(step.key, finding.id);
  // The second filter behind the sequence: two builds may cut their outputs differently, a customer is told once.
  if (context.entries.get(entry) !== undefined) return context.count('findings_dropped', { reason: 'repeated' });
  context.entries.put(entry, 1, step.at + hours(48));

  const staff = finding.fired.filter(({ audience }) => audience === 'staff');
  if (staff.length > 0) staffCase(step, finding, staff);

  const told = finding.fired.filter(({ audience }) => audience === 'customer');
  const suspicious = told.length > 0 && reaches(customerScore(finding), step.policy.alertScore ?? defaultScore);
  const conditions = finding.conditions.flatMap(({ condition }) => {
    const type = alertTypeOf(condition);
    if (!type) context.count('alerts', { type: 'other', outcome: 'unknown-type' });
    return type ? [type] : [];
  });
  if (isPseudo(finding.customerId) || !isKnown(step.profile))
    return toNobody(step, finding, suspicious, told, conditions);
  toCustomer(step, finding, suspicious, told, conditions);
}

function toCustomer(
  step: CustomerStep,
  finding: FindingRecord,
  suspicious: boolean,
  told: readonly FiredRule[],
  conditions: readonly AlertType[],
): void {
  const idOf = (...parts: string[]) => step.idOf(...parts);
  const byLane = conditions.toSorted(
    (a, b) => a.priority - b.priority || alertTypes.indexOf(a) - alertTypes.indexOf(b),
  );
  const item = itemOf(finding.transaction);
  if (suspicious) {
    const reasons = [...told.map(({ rule }) => rule), ...byLane.map(({ id }) => id)].slice(0, 10);
    for (const { id } of byLane) step.context.count('alerts', { type: id, outcome: 'merged' });
    return ask(step, finding, alertIdOf(idOf, finding, alertTypes[0]!), reasons, item);
  }
  // Several conditions on one transaction are one message: the highest lane's text, the others as reasons.
  const [main, ...rest] = byLane;
  if (!main) return;
  for (const { id } of rest) step.context.count('alerts', { type: id, outcome: 'merged' });
  gather(
    step,
    main,
    finding,
    alertIdOf(idOf, finding, main),
    rest.map(({ id }) => id),
    item,
  );
}

/** Nobody can be told: fraud becomes one case per transaction, whoever else holds the account; conditions are counted. */
function toNobody(
  step: CustomerStep,
  finding: FindingRecord,
  suspicious: boolean,
  told: readonly FiredRule[],
  conditions: readonly AlertType[],
): void {
  for (const { id } of conditions) step.context.count('alerts', { type: id, outcome: 'unknown-customer' });
  if (!suspicious) return;
  step.context.count('alerts', { type: 'fraud-check', outcome: 'unknown-customer' });
  openCase(step, {
    kind: 'unknown-customer',
    severity: highest(told.map(({ severity }) => severity)),
    subject: [finding.accountId, finding.transaction.id],
    accountId: finding.accountId,
    customer: false,
    reasons: told.map(({ summary }) => summary),
    transactionIds: [finding.transaction.id],
  });
}

/** Money laundering and the like: telling the customer would be an offence in many countries. */
function staffCase(step: CustomerStep, finding: FindingRecord, staff: readonly FiredRule[]): void {
  openCase(step, {
    kind: 'staff-finding',
    severity: highest(staff.map(({ severity }) => severity)),
    subject: [finding.accountId, finding.transaction.id],
    accountId: finding.accountId,
    customer: false,
    reasons: staff.map(({ rule, summary }) => `${rule}: ${summary}`),
    transactionIds: [finding.transaction.id],
  });
}
