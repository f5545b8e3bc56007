import type { ChannelId } from '../consent.ts';
import { keyOf } from '../partition.ts';
import type { Digest } from '../ports/digest.ts';
import type { LogRecord } from '../ports/log.ts';
import { notAfterAppended } from '../records/accepted-at.ts';
import type { CustomerRecord, TenantPolicy, TenantPolicyRecord } from '../records/customer.ts';
import type { Entries, Stage, StepContext, Timer } from '../stage.ts';
import { topicNames } from '../topics.ts';
import { CustomerStep } from './customer-step.ts';
import type { AlertSettings } from './customer-step.ts';
import { entriesOfFinding, onFinding } from './findings.ts';
import { freezeMessages, onBankAnswer, onRequestSent, onRequestUnanswered } from './freezes.ts';
import { onGroupDue } from './grouping.ts';
import { defaultPolicy, defaultTiming } from './policy.ts';
import { fitsEntry } from './policy-problems.ts';
import type { AlertTiming, ChannelTable } from './policy.ts';
import { onConsent, onLink, onPreferences, onProfile } from './profile.ts';
import { messagesOfReceipt, onReceipt, onSilence } from './receipts.ts';
import { onQuestionTimer } from './reminders.ts';
import { onReply } from './replies.ts';
import { replyMessages } from './say.ts';
import { appliedEntry, customerEntries, messageEntry, policyEntry } from './state.ts';
import type { ActivityState, QuestionsState } from './state.ts';

export interface AlertOptions {
  /** SHA-256, lower-case hexadecimal. */
  readonly digest: Digest;
  /** Every channel of the installation, in the order of preference for customers who have none. */
  readonly channels: ChannelTable;
  /** Of which tenant a channel's provider account is; it is chosen for nobody else's customers. Not named: every tenant's. */
  readonly owners?: Readonly<Record<ChannelId, string>>;
  /** For tenants that activated none of their own. Default: `defaultPolicy(channels)`. */
  readonly policy?: TenantPolicy;
  readonly timing?: Partial<AlertTiming>;
}

const types: readonly CustomerRecord['type'][] = [
  'finding',
  'profile',
  'consent',
  'preferences',
  'link',
  'reply',
  'receipt',
  'bank-answer',
  'request-sent',
  'tenant-policy',
];

const decoder = new TextDecoder('utf-8', { fatal: true });

function decode({ value, timestamp }: LogRecord): CustomerRecord {
  if (!value) throw new Error('A record of customer-events has a value.');
  const record = JSON.parse(decoder.decode(value)) as Partial<CustomerRecord> | null;
  if (typeof record !== 'object' || record === null || !types.includes(record.type as CustomerRecord['type'])) {
    throw new Error('This is no record of customer-events.');
  }
  if (record.version !== 1) throw new Error('This version of the record is not known.');
  return notAfterAppended(record as CustomerRecord, timestamp);
}

/** Who hears what, where, when, or not at all, and why; what an answer means; which channel is next when one failed. */
export function alertStage(options: AlertOptions): Stage<CustomerRecord> {
  const { digest, channels, owners = {} } = options;
  const common = {
    digest,
    policy: options.policy ?? defaultPolicy(channels),
    timing: { ...defaultTiming, ...options.timing },
  };
  const shared: AlertSettings = { ...common, channels: channelsOf(channels, owners, undefined) };
  const own = new Map(
    Object.values(owners).map((id) => [id, { ...common, channels: channelsOf(channels, owners, id) }]),
  );
  const settingsOf = (tenantId: string): AlertSettings => own.get(tenantId) ?? shared;
  const idOf = (...parts: readonly string[]) => digest(parts.join('\n')).slice(0, 32);

  function keys(record: CustomerRecord): readonly string[] {
    if (record.type === 'tenant-policy') return [];
    const key = keyOf(record.tenantId, record.customerId);
    const own = Object.values(customerEntries(record.tenantId, record.customerId));
    const message = (alertId: string) => messageEntry(key, alertId);
    switch (record.type) {
      case 'finding':
        return [...own, ...entriesOfFinding(idOf, key, record)];
      case 'reply':
        return [...own, appliedEntry(key, record.id), ...Object.values(replyMessages(idOf, record.id)).map(message)];
      case 'bank-answer':
        return [...own, ...freezeMessages(idOf, record.customerId, record.requestId).map(message)];
      case 'receipt':
        return record.alertId === undefined ? own : [...own, message(record.alertId)];
      case 'request-sent':
        return own;
      default:
        return [...own, appliedEntry(key, record.id)];
    }
  }

  function moreKeys(record: CustomerRecord, entries: Entries): readonly string[] {
    if (record.type !== 'receipt' && record.type !== 'reply' && record.type !== 'finding') return [];
    const key = keyOf(record.tenantId, record.customerId);
    const names = customerEntries(record.tenantId, record.customerId);
    if (record.type === 'receipt') {
      return messagesOfReceipt(entries.get<ActivityState>(names.activity), record, digest).map((id) =>
        messageEntry(key, id),
      );
    }
    // An answer closes the message of its question, and a new question may push the oldest one out.
    const questions = entries.get<QuestionsState>(names.questions)?.questions ?? [];
    return questions.map(({ alertId }) => messageEntry(key, alertId));
  }

  function step(context: StepContext, record: CustomerRecord): void {
    if (record.type === 'tenant-policy') return activate(context, record);
    const customer = new CustomerStep(context, settingsOf(record.tenantId), record.tenantId, record.customerId);
    dispatch(customer, record);
    customer.finish();
  }

  function onTimer(context: StepContext, timer: Timer): void {
    const { tenantId, customerId } = timer.data as { readonly tenantId: string; readonly customerId: string };
    const customer = new CustomerStep(context, settingsOf(tenantId), tenantId, customerId);
    const handler = timerHandlers[timer.key.slice(0, timer.key.indexOf('/'))];
    if (!handler) throw new Error('No such timer.');
    handler(customer, timer);
    customer.finish();
  }

  return { name: 'alert', input: topicNames.customerEvents, decode, keys, moreKeys, step, onTimer };
}

/** Those of a tenant, and those of nobody in particular. */
const channelsOf = (
  channels: ChannelTable,
  owners: Readonly<Record<ChannelId, string>>,
  tenantId: string | undefined,
): ChannelTable =>
  Object.fromEntries(Object.entries(channels).filter(([id]) => owners[id] === undefined || owners[id] === tenantId));

/** By the first part of a timer's key. */
const timerHandlers: Readonly<Record<string, (step: CustomerStep, timer: Timer) => void>> = {
  group: onGroupDue,
  question: onQuestionTimer,
  request: onRequestUnanswered,
  step: onSilence,
};

function dispatch(step: CustomerStep, record: Exclude<CustomerRecord, TenantPolicyRecord>): void {
  switch (record.type) {
    case 'finding':
      return onFinding(step, record);
    case 'profile':
      return onProfile(step, record);
    case 'consent':
      return onConsent(step, record);
    case 'preferences':
      return onPreferences(step, record);
    case 'link':
      return onLink(step, record);
    case 'reply':
      return onReply(step, record);
    case 'receipt':
      return onReceipt(step, record);
    case 'bank-answer':
      return onBankAnswer(step, record);
    case 'request-sent':
      return onRequestSent(step, record);
  }
}

/** A broadcast: a partition ignores a version not above its own, and emits nothing. */
function activate(context: StepContext, record: TenantPolicyRecord): void {
  const entry = policyEntry(record.tenantId);
  const standing = context.entries.get<TenantPolicy>(entry);
  if (standing && standing.version >= record.policy.version) return context.count('policies', { outcome: 'stale' });
  if (!fitsEntry(record.policy)) return context.count('policies', { outcome: 'refused' });
  context.entries.put(entry, record.policy);
  context.count('policies', { outcome: 'activated' });
}
