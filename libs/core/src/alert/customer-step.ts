import { keyOf } from '../partition.ts';
import type { Digest } from '../ports/digest.ts';
import type { TenantPolicy } from '../records/customer.ts';
import type { StepContext } from '../stage.ts';
import { days } from '../time.ts';
import type { Instant } from '../time.ts';
import type { AlertTiming, ChannelTable } from './policy.ts';
import {
  appliedEntry,
  customerEntries,
  emptyActivity,
  emptyConsents,
  emptyHistory,
  emptyProfile,
  emptyQuestions,
  messageEntry,
  policyEntry,
} from './state.ts';
import type {
  ActivityState,
  AlertHistory,
  ConsentState,
  MessageState,
  ProfileState,
  Question,
  QuestionsState,
} from './state.ts';

/** What the stage was built with; nothing in it changes between records. */
export interface AlertSettings {
  readonly digest: Digest;
  readonly channels: ChannelTable;
  readonly policy: TenantPolicy;
  readonly timing: AlertTiming;
}

/** Entries of one customer that are always loaded together. */
interface Parts {
  profile: ProfileState;
  consents: ConsentState;
  activity: ActivityState;
  questions: QuestionsState;
  history: AlertHistory;
}

/**
 * One step (a record or a timer) for one customer: its entries, loaded when asked for and written back once at the end,
 * so that a step that throws has changed nothing.
 */
export class CustomerStep {
  readonly key: string;
  readonly policy: TenantPolicy;
  readonly #names: Readonly<Record<keyof Parts, string>>;
  readonly #parts: Partial<Parts> = {};
  readonly #messages = new Map<string, MessageState | undefined>();
  readonly #touched = new Set<keyof Parts>();
  readonly #touchedMessages = new Set<string>();
  readonly #touchedContacts = new Set<string>();

  constructor(
    readonly context: StepContext,
    readonly settings: AlertSettings,
    readonly tenantId: string,
    readonly customerId: string,
  ) {
    this.key = keyOf(tenantId, customerId);
    this.#names = customerEntries(tenantId, customerId);
    this.policy = context.entries.get<TenantPolicy>(policyEntry(tenantId)) ?? settings.policy;
  }

  get at(): Instant {
    return this.context.at;
  }

  get profile(): ProfileState {
    return (this.#parts.profile ??= this.#load('profile') ?? emptyProfile(this.tenantId, this.customerId));
  }

  get consents(): ConsentState {
    return (this.#parts.consents ??= this.#load('consents') ?? emptyConsents());
  }

  get activity(): ActivityState {
    return (this.#parts.activity ??= this.#load('activity') ?? emptyActivity());
  }

  get questions(): QuestionsState {
    return (this.#parts.questions ??= this.#load('questions') ?? emptyQuestions());
  }

  get history(): AlertHistory {
    return (this.#parts.history ??= this.#load('history') ?? emptyHistory());
  }

  get openQuestions(): readonly Question[] {
    return this.questions.questions.filter(({ state }) => state === 'open');
  }

  /** One message over all its attempts; its entry must be among the keys of this step. */
  message(alertId: string): MessageState | undefined {
    if (!this.#messages.has(alertId)) {
      this.#messages.set(alertId, this.context.entries.get<MessageState>(messageEntry(this.key, alertId)));
    }
    return this.#messages.get(alertId);
  }

  keepMessage(message: MessageState): void {
    this.#messages.set(message.alertId, message);
    this.#touchedMessages.add(message.alertId);
  }

  /** What a timer about one message will use. */
  entriesWith(...alertIds: readonly string[]): readonly string[] {
    return [...Object.values(this.#names), ...alertIds.map((alertId) => messageEntry(this.key, alertId))];
  }

  /** Marks a part as changed; it is written when the step ends. */
  touch(...parts: readonly (keyof Parts)[]): void {
    for (const part of parts) this.#touched.add(part);
  }

  /** False when this record id was applied before; remembered for 7 days. */
  once(recordId: string): boolean {
    const entry = appliedEntry(this.key, recordId);
    if (this.context.entries.get(entry) !== undefined) return false;
    this.context.entries.put(entry, 1, this.at + days(7));
    return true;
  }

  /** True the first time in this step: the contact of a channel is written once per step unless it changes again. */
  firstContact(channel: string): boolean {
    if (this.#touchedContacts.has(channel)) return false;
    this.#touchedContacts.add(channel);
    return true;
  }

  /** Short, stable, opaque: 32 hexadecimal digits over the parts. */
  idOf(...parts: readonly string[]): string {
    return this.settings.digest(parts.join('\n')).slice(0, 32);
  }

  finish(): void {
    for (const part of this.#touched) this.context.entries.put(this.#names[part], this[part]);
    for (const alertId of this.#touchedMessages) {
      const message = this.#messages.get(alertId)!;
      // A day longer than the message can leave, so that late receipts still find it.
      this.context.entries.put(
        messageEntry(this.key, alertId),
        message,
        Math.max(message.expiresAt, this.at) + days(1),
      );
    }
  }

  #load<T>(part: keyof Parts): T | undefined {
    return this.context.entries.get<T>(this.#names[part]);
  }
}
