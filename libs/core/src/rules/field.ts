import type { Transaction } from '../transaction.ts';
import { cardOf, merchantOf } from './dimension.ts';
import type { AccountFacts } from './frame.ts';
import { isCardPresent } from './population.ts';

type Present = (tx: Transaction, account: AccountFacts) => boolean;

/** What a rule can need: canonical fields by their path, and two facts that several fields make together. */
const present = {
  /** A time of day, not the day alone. */
  'occurredAt.time': (tx) => tx.precision === 'instant',
  channel: (tx) => tx.channel !== undefined,
  /** The card was there: a till or a cash machine. */
  'card-present': isCardPresent,
  card: (tx) => cardOf(tx) !== undefined,
  'card.entryMode': (tx) => tx.card?.entryMode !== undefined,
  merchant: (tx) => merchantOf(tx) !== undefined,
  'merchant.mcc': (tx) => tx.merchant?.mcc !== undefined,
  'merchant.country': (tx) => tx.merchant?.country !== undefined,
  'merchant.terminalId': (tx) => tx.merchant?.terminalId !== undefined,
  /** Latitude and longitude. */
  'merchant.place': (tx) => tx.merchant?.latitude !== undefined && tx.merchant.longitude !== undefined,
  'counterparty.account': (tx) => tx.counterparty?.account !== undefined,
  'device.id': (tx) => tx.device?.id !== undefined,
  'device.ip': (tx) => tx.device?.ip !== undefined,
  balanceAfter: (tx) => tx.balanceAfter !== undefined,
  declineReason: (tx) => tx.declineReason !== undefined,
  reference: (tx) => tx.reference !== undefined,
  /** The home country of the account, from its settings. */
  'account.country': (_tx, account) => account.country !== undefined,
} satisfies Record<string, Present>;

export type Field = keyof typeof present;

export const fields = Object.keys(present) as readonly Field[];

export const hasField = (field: Field, tx: Transaction, account: AccountFacts): boolean => present[field](tx, account);

export interface MissingFields {
  readonly kind: 'notApplicable';
  readonly missing: readonly Field[];
}

/** What one rule or condition needs. Most transactions lack the same fields, so each answer is made once. */
export class Needs {
  readonly #fields: readonly Field[];
  readonly #answers = new Map<number, MissingFields>();

  constructor(needs: readonly Field[]) {
    this.#fields = [...new Set(needs)];
  }

  /** Which of the needed fields the transaction does not have; undefined where it has them all. */
  missingIn(tx: Transaction, account: AccountFacts): MissingFields | undefined {
    // There are fewer fields than bits.
    let bits = 0;
    for (let i = 0; i < this.#fields.length; i++) if (!present[this.#fields[i]!](tx, account)) bits |= 1 << i;
    if (bits === 0) return undefined;
    const known = this.#answers.get(bits);
    if (known !== undefined) return known;
    const missing = this.#fields.filter((_, i) => (bits & (1 << i)) !== 0);
    const answer: MissingFields = { kind: 'notApplicable', missing };
    this.#answers.set(bits, answer);
    return answer;
  }
}
