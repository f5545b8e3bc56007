/*
 * How the customers of the file can be reached, by class. Each class says in plain words which channel a routine alert and a
 * fraud question must take: the test compares what the providers received with this, not with the product's own reasoning.
 */

export const channels = ['messenger', 'sms', 'email'] as const;
export type Channel = (typeof channels)[number];
export type Purpose = 'fraud-protection' | 'account-alert';
export type DataClass = 'existence' | 'amount' | 'merchant' | 'time' | 'last4';

export interface Grant {
  readonly channel: Channel;
  readonly purpose: Purpose;
  readonly classes: readonly DataClass[];
}

export interface Reach {
  readonly order: readonly Channel[];
  readonly addresses: readonly Channel[];
  readonly grants: readonly Grant[];
  /** Did the customer write to the Page, so that free messages are allowed? */
  readonly window: 'open' | 'closed';
  /** Messenger tied by the linking page instead of by the profile. */
  readonly byLink?: true;
  /** The channel that must take it; null: none may. */
  readonly routine: Channel | null;
  readonly fraud: Channel | null;
  /** The same once the customer took something back between the two files. */
  readonly routineLater?: Channel | null;
  /** Does the fraud question on that channel name the amount? */
  readonly fraudNamesAmount: boolean;
}

const plain: readonly DataClass[] = ['existence', 'amount', 'merchant', 'time', 'last4'];
const both = (channel: Channel, classes: readonly DataClass[]): readonly Grant[] => [
  { channel, purpose: 'fraud-protection', classes },
  { channel, purpose: 'account-alert', classes },
];
const routineOnly = (channel: Channel, classes: readonly DataClass[]): readonly Grant[] => [
  { channel, purpose: 'account-alert', classes },
];

const messengerFirst = {
  order: ['messenger', 'sms', 'email'],
  addresses: ['messenger', 'sms', 'email'],
  grants: [...both('messenger', plain), ...routineOnly('sms', plain)],
  window: 'open',
  routine: 'messenger',
  fraud: 'messenger',
  fraudNamesAmount: true,
} as const satisfies Reach;

export const reaches = {
  /** Wrote to the Page and agreed to everything. */
  messenger: messengerFirst,
  /** Agreed, but has not written for a day: only approved templates. */
  template: { ...messengerFirst, window: 'closed' },
  /** Meta may learn that something happened and how much it was, nothing else. */
  narrow: {
    ...messengerFirst,
    grants: [...both('messenger', ['existence', 'amount']), ...routineOnly('sms', plain)],
  },
  /** Tied by the linking page, with its own consent screen. */
  linked: { ...messengerFirst, byLink: true },
  /** Takes Messenger back between the two files. */
  revokes: { ...messengerFirst, routineLater: 'sms' },
  /** Writes STOP to the Page between the two files. */
  stops: { ...messengerFirst, routineLater: 'sms' },
  sms: {
    order: ['sms', 'email', 'messenger'],
    addresses: ['sms', 'email'],
    grants: [...routineOnly('sms', plain), ...both('email', plain)],
    window: 'closed',
    routine: 'sms',
    fraud: 'sms',
    fraudNamesAmount: true,
  },
  email: {
    order: ['email', 'sms', 'messenger'],
    addresses: ['email', 'sms'],
    grants: both('email', plain),
    window: 'closed',
    routine: 'email',
    fraud: 'email',
    fraudNamesAmount: true,
  },
  /** Has a Messenger address and never agreed to it: everything goes by text message. */
  unconsented: {
    order: ['messenger', 'sms', 'email'],
    addresses: ['messenger', 'sms', 'email'],
    grants: routineOnly('sms', plain),
    window: 'open',
    routine: 'sms',
    fraud: 'sms',
    fraudNamesAmount: true,
  },
  /** Agreed to nothing: routine alerts leave on no channel, fraud by legal basis. */
  silent: {
    order: ['messenger', 'sms', 'email'],
    addresses: ['messenger', 'sms', 'email'],
    grants: [],
    window: 'closed',
    routine: null,
    fraud: 'sms',
    fraudNamesAmount: true,
  },
  /** Agreed to nothing and has only e-mail: fraud by legal basis, which there covers the fact and the time alone. */
  silentMail: {
    order: ['email'],
    addresses: ['email'],
    grants: [],
    window: 'closed',
    routine: null,
    fraud: 'email',
    fraudNamesAmount: false,
  },
  /** A customer whom no channel reaches: fraud becomes work for staff. */
  unreachable: {
    order: ['sms', 'email', 'messenger'],
    addresses: [],
    grants: [],
    window: 'closed',
    routine: null,
    fraud: null,
    fraudNamesAmount: false,
  },
} as const satisfies Record<string, Reach>;
export type ReachName = keyof typeof reaches;

/** One provider misbehaves once, towards this one customer. */
export type Misfortune =
  | 'messenger-429'
  | 'messenger-500'
  | 'messenger-dropped'
  | 'messenger-window'
  | 'messenger-window-no-template'
  | 'sms-429'
  | 'sms-500'
  | 'sms-dropped'
  | 'sms-opted-out';

export interface Customer {
  readonly id: string;
  readonly reach: ReachName;
  readonly addresses: Readonly<Partial<Record<Channel, string>>>;
  /** `off`: one message per alert. `own`: what the customer chose. `default`: the product's. */
  readonly grouping: 'off' | 'own' | 'default';
  readonly misfortune?: Misfortune;
}

/** Addresses all differ in their last digits, so that a fake provider can misbehave towards one person alone. */
export function customer(
  number: number,
  reach: ReachName,
  grouping: Customer['grouping'],
  misfortune?: Misfortune,
): Customer {
  const id = `cus-${String(number).padStart(4, '0')}`;
  const all = { messenger: `70010000${number + 1_000}`, sms: `+1555010${number + 1_000}`, email: `${id}@mail.example` };
  const has: readonly Channel[] = reaches[reach].addresses;
  return {
    id,
    reach,
    grouping,
    addresses: Object.fromEntries(has.map((channel) => [channel, all[channel]])),
    ...(misfortune === undefined ? {} : { misfortune }),
  };
}
