import type { FindingRecord } from '../records/customer.ts';
import type { MessageItem } from '../records/delivery.ts';
import type { Timer } from '../stage.ts';
import { days } from '../time.ts';
import type { Span } from '../time.ts';
import { addSum } from './message-item.ts';
import type { CustomerStep } from './customer-step.ts';
import { noteAlert } from './history.ts';
import { tell } from './messages.ts';
import { alertTypeOf } from './policy.ts';
import type { AlertType } from './policy.ts';
import { groupEntry, messageEntry } from './state.ts';
import type { GroupState, MessageState } from './state.ts';

/*
 * Alerts of one customer, type and account within the wait join one message, and between two messages of a group lies the
 * interval. After a message about a subject the next one about the same subject waits for the cool-down.
 */

const itemsKept = 40;
const idsKept = 100;
const coolDownsKept = 50;

/** The customer's own choice, by type or for all, or the type's default. Zero turns it off. */
function chosen<T>(choices: Readonly<Record<string, T>> | undefined, type: string): T | undefined {
  return choices?.[type] ?? choices?.['*'];
}

/** Card, merchant or account: a different subject is never held back. */
function subjectOf(type: AlertType, finding: FindingRecord): string {
  const { card, merchant } = finding.transaction;
  return [type.id, finding.accountId, card?.token ?? card?.last4 ?? '', merchant?.id ?? merchant?.name ?? '']
    .join('|')
    .slice(0, 200);
}

function coolsDown(step: CustomerStep, type: AlertType, finding: FindingRecord): boolean {
  const span: Span = chosen(step.profile.preferences.coolDownMs, type.id) ?? type.coolDownMs;
  if (span <= 0) return false;
  const { activity, at } = step;
  const subject = subjectOf(type, finding);
  if ((activity.coolDowns[subject] ?? 0) > at) return true;
  const rest = Object.entries(activity.coolDowns).filter(([key, until]) => until > at && key !== subject);
  activity.coolDowns = Object.fromEntries([...rest.slice(1 - coolDownsKept), [subject, at + span]]);
  step.touch('activity');
  return false;
}

/** Lets a condition's alert join its group, and sends the group when nothing has to be waited for. */
export function gather(
  step: CustomerStep,
  type: AlertType,
  finding: FindingRecord,
  alertId: string,
  reasons: readonly string[],
  item: MessageItem,
): void {
  const { context, at } = step;
  if (coolsDown(step, type, finding)) {
    context.count('alerts', { type: type.id, outcome: 'cooled-down' });
    return noteAlert(step, messageOf(type, finding, alertId), 'cooled-down');
  }
  const entry = groupEntry(step.key, type.id, finding.accountId);
  const group = context.entries.get<GroupState>(entry) ?? { nextAt: 0 };
  const grouping = chosen(step.profile.preferences.grouping, type.id);
  const waitMs = grouping?.waitMs ?? type.waitMs;
  const joining = group.pending;
  const pending = joining ?? {
    alertId,
    items: [],
    more: { count: 0, sums: [] },
    reasons: [],
    transactionIds: [],
    receivedAt: finding.receivedAt,
  };
  pending.items.unshift(item);
  const dropped = pending.items.length > itemsKept ? pending.items.pop() : undefined;
  if (dropped?.amount)
    pending.more = { count: pending.more.count + 1, sums: addSum(pending.more.sums, dropped.amount) };
  pending.transactionIds.push(finding.transaction.id);
  pending.transactionIds.splice(idsKept);
  pending.reasons = [...new Set([...pending.reasons, ...reasons])].slice(0, 10);
  pending.receivedAt = Math.max(pending.receivedAt, finding.receivedAt);
  group.pending = pending;
  context.count('alerts', { type: type.id, outcome: joining ? 'grouped' : 'decided' });
  const due = Math.max(at + waitMs, group.nextAt);
  if (!joining && due > at) {
    context.timers.set({
      key: timerKey(step, type.id, finding.accountId),
      due,
      keys: [...step.entriesWith(alertId), entry],
      data: { tenantId: step.tenantId, customerId: step.customerId, type: type.id, accountId: finding.accountId },
    });
  }
  if (due <= at) return flush(step, type, finding.accountId, group);
  context.entries.put(entry, group);
}

const timerKey = (step: CustomerStep, type: string, accountId: string): string =>
  `group/${groupEntry(step.key, type, accountId)}`;

export function onGroupDue(step: CustomerStep, timer: Timer): void {
  const { type, accountId } = timer.data as { readonly type: string; readonly accountId: string };
  const group = step.context.entries.get<GroupState>(groupEntry(step.key, type, accountId));
  if (group?.pending) flush(step, alertTypeOf(type)!, accountId, group);
}

function flush(step: CustomerStep, type: AlertType, accountId: string, group: GroupState): void {
  const { alertId, items, more, reasons, transactionIds, receivedAt } = group.pending!;
  step.context.timers.cancel(timerKey(step, type.id, accountId));
  const choice = chosen(step.profile.preferences.grouping, type.id);
  const nextAt = step.at + (choice?.intervalMs ?? type.intervalMs);
  // What the customer wants to wait for does not count as age: longer than that age, nothing would ever be told.
  const chosenMs = choice ? Math.max(choice.waitMs, choice.intervalMs) : 0;
  const heldMs = Math.min(Math.max(0, step.at - receivedAt), chosenMs);
  const entry = groupEntry(step.key, type.id, accountId);
  if (nextAt > step.at) step.context.entries.put(entry, { nextAt } satisfies GroupState, nextAt + days(1));
  else step.context.entries.delete(entry);
  tell(step, {
    alertId,
    priority: type.priority,
    purpose: type.purpose,
    content: { kind: type.id, items, reasons, ...(more.count > 0 ? { more } : {}) },
    expiresAt: receivedAt + heldMs + type.maxAgeMs,
    receivedAt,
    accountId,
    transactionIds,
  });
}

/** What a page shows of an alert that was not sent. */
const messageOf = (type: AlertType, finding: FindingRecord, alertId: string): MessageState => ({
  alertId,
  priority: type.priority,
  purpose: type.purpose,
  content: { kind: type.id, items: [], reasons: [] },
  expiresAt: finding.receivedAt + type.maxAgeMs,
  accountId: finding.accountId,
  transactionIds: [finding.transaction.id],
  open: false,
  tries: [],
});

/** Entries that a condition's alert may use. */
export const entriesOfCondition = (
  key: string,
  type: string,
  accountId: string,
  alertId: string,
): readonly string[] => [groupEntry(key, type, accountId), messageEntry(key, alertId)];
