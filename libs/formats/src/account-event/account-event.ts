import { contractOfEvent, defineFormat, maskJson, parseOccurredAt } from '@tocsin/core';
import type {
  AccountEventContract,
  AccountEventKind,
  AccountHoldersContract,
  AccountInput,
  AccountSettingsContract,
  Decoded,
  EventContract,
  LabelContract,
  Rejection,
  Warning,
} from '@tocsin/core';
import { futureRejection } from '../contract/future.ts';
import { conform, refused } from '../record/conform.ts';
import { isDeeperThan } from '../record/depth.ts';
import { JsonRecordOptions } from '../record/options.ts';

type Event = EventContract & (AccountEventContract | AccountHoldersContract | AccountSettingsContract | LabelContract);

const noAccount: Rejection = {
  code: 'ACCOUNT_MISSING',
  path: 'accountId',
  reason: 'Neither accountId nor customerId is given.',
};

/**
 * Where an event belongs that names a customer and no account: to a pseudo-account of that customer, so that it is keyed
 * and kept in order like any other.
 */
export const accountOfCustomer = (customerId: string): string => `customer/${customerId}`;

/** The customer's own copy of free data, without card numbers. */
function freeData(event: AccountEventContract, warnings: Warning[]): Readonly<Record<string, unknown>> {
  const { value, masked } = maskJson(event.data);
  if (masked > 0) warnings.push({ code: 'PAN_IN_FIELD', path: 'data' });
  return value as Record<string, unknown>;
}

function settingsOf({ data }: AccountSettingsContract) {
  return {
    ...(data.country == null ? {} : { country: data.country }),
    ...(data.openedOn == null ? {} : { openedOn: data.openedOn }),
    ...(data.currency == null ? {} : { currency: data.currency }),
  };
}

/** The record of an event that conforms to the contract of its type. */
function inputOf(event: Event, occurredAt: number, warnings: Warning[]): AccountInput | Rejection {
  const { id } = event;
  const customer = event.customerId == null ? {} : { customerId: event.customerId };
  switch (event.type) {
    case 'account-holders': {
      const { accountId, data } = event as AccountHoldersContract;
      const holders = data.holders.map(({ customerId, role }) => ({ customerId, role }));
      return { type: 'account-holders', version: 1, id, accountId, holders };
    }
    case 'account-settings': {
      const settings = event as AccountSettingsContract;
      return { type: 'account-settings', version: 1, id, accountId: settings.accountId, ...settingsOf(settings) };
    }
    case 'label': {
      const { accountId, data } = event as LabelContract;
      const { transactionId, label, source } = data;
      return { type: 'label', version: 1, id, accountId, transactionId, label, source, ...customer, at: occurredAt };
    }
    default: {
      const free = event;
      const accountId = free.accountId ?? (free.customerId == null ? undefined : accountOfCustomer(free.customerId));
      if (accountId === undefined) return noAccount;
      const kind: AccountEventKind = event.type;
      const data = freeData(free, warnings);
      return { type: 'account-event', version: 1, id, kind, accountId, ...customer, occurredAt, data };
    }
  }
}

const typeIn = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? (value as { readonly type?: unknown }).type : undefined;

/** What happened on an account and is no transaction: card status, holders, settings, labels … As JSON, like `json`. */
export const accountEvent = defineFormat({
  id: 'account-event',
  title: 'Account events',
  options: JsonRecordOptions,
  decode(value, headers, options, receivedAt): Decoded {
    const conforming = conform(value, headers, options, (read) => contractOfEvent(typeIn(read)));
    if ('rejections' in conforming) return refused(conforming.rejections);
    const { warnings } = conforming;
    const event = conforming.value as Event;
    // Free data is no unknown field, so nobody has measured it yet.
    if (isDeeperThan(event.data, options.maxDepth - 1)) {
      const reason = `The record is nested deeper than ${options.maxDepth} levels.`;
      return refused([{ code: 'RECORD_TOO_DEEP', path: '', reason }]);
    }
    const occurred = parseOccurredAt(event.occurredAt);
    if (occurred === 'TIME_INVALID') throw new Error('The value does not conform to the contract.');
    const input = inputOf(event, occurred.at, warnings);
    if ('code' in input) return { transactions: [], warnings, rejections: [input] };
    const future = futureRejection(occurred.at, receivedAt);
    if (future !== undefined) return { transactions: [], warnings, rejections: [future] };
    return { transactions: [], events: [input], warnings, rejections: [] };
  },
});
