import { accountEventKinds, holderRoles } from '../records/account.ts';
import type { HolderRole, LabelRecord } from '../records/account.ts';
import { ListOf, Optional, Part, Required } from './paired.ts';
import {
  Country,
  Currency,
  FreeObject,
  Identifier,
  IsoDate,
  OccurredAt,
  OneOf,
  RequestId,
  Text,
} from './vocabulary.ts';

/** Every `type` of an event that is no transaction. */
export const eventTypes = [...accountEventKinds, 'account-holders', 'account-settings', 'label'] as const;
export type EventType = (typeof eventTypes)[number];

/** The most holders that one account may have. */
export const maxHolders = 100;

/** What every event has. */
export abstract class EventContract {
  @Required('REF_MISSING') @Identifier() id!: string;
  @Required('SCHEMA_INVALID') @OneOf(eventTypes) type!: EventType;
  @Optional() @Identifier() customerId?: string | null;
  @Required('TIME_MISSING') @OccurredAt() occurredAt!: string;
}

/** What every event has that belongs to an account. */
export abstract class OnAccountContract extends EventContract {
  @Required('ACCOUNT_MISSING') @Identifier('ACCOUNT_INVALID') accountId!: string;
}

/** An event that no rule reads yet: free data. A thing that happened to a customer may name the customer alone. */
export class AccountEventContract extends EventContract {
  @Optional() @Identifier('ACCOUNT_INVALID') accountId?: string | null;
  @Required('SCHEMA_INVALID') @FreeObject() data!: object;
}

export class HolderContract {
  @Required('SCHEMA_INVALID') @Identifier() customerId!: string;
  @Required('SCHEMA_INVALID') @OneOf(holderRoles) role!: HolderRole;
}

export class HoldersDataContract {
  @Required('SCHEMA_INVALID') @ListOf(() => HolderContract, maxHolders) holders!: HolderContract[];
}

/** Type `account-holders`: replaces the list. */
export class AccountHoldersContract extends OnAccountContract {
  @Required('SCHEMA_INVALID') @Part(() => HoldersDataContract) data!: HoldersDataContract;
}

export class SettingsDataContract {
  @Optional() @Country() country?: string | null;
  @Optional() @IsoDate() openedOn?: string | null;
  @Optional() @Currency() currency?: string | null;
}

/** Type `account-settings`: home country, opening day and currency of the account. */
export class AccountSettingsContract extends OnAccountContract {
  @Required('SCHEMA_INVALID') @Part(() => SettingsDataContract) data!: SettingsDataContract;
}

export const labels = ['fraud', 'genuine'] as const;
export const labelSources: readonly LabelRecord['source'][] = ['customer', 'analyst', 'chargeback'];

export class LabelDataContract {
  @Required('REF_MISSING') @Identifier() transactionId!: string;
  @Required('SCHEMA_INVALID') @OneOf(labels) label!: LabelRecord['label'];
  @Required('SCHEMA_INVALID') @OneOf(labelSources) source!: LabelRecord['source'];
}

/** Type `label`: what the bank found out about a transaction afterwards. */
export class LabelContract extends OnAccountContract {
  @Required('SCHEMA_INVALID') @Part(() => LabelDataContract) data!: LabelDataContract;
}

/** The contract by `type`; the kinds that no rule reads yet have free data. */
export const contractOfEvent = (type: unknown): new () => EventContract => {
  if (type === 'account-holders') return AccountHoldersContract;
  if (type === 'account-settings') return AccountSettingsContract;
  return type === 'label' ? LabelContract : AccountEventContract;
};

export const bankAnswers = ['accepted', 'refused'] as const;

/** The bank's answer to a request of ours. */
export class BankAnswerContract {
  /** Idempotency key; made from request and answer where it is missing. */
  @Optional() @Identifier() id?: string | null;
  @Required('REF_MISSING') @RequestId() requestId!: string;
  @Required('SCHEMA_INVALID') @OneOf(bankAnswers) answer!: (typeof bankAnswers)[number];
  @Optional() @Text() why?: string | null;
}
