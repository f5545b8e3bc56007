import type { Instant } from '../time.ts';
import type { Transaction } from '../transaction.ts';
import { dimensions } from './dimension.ts';
import type { Dimension } from './dimension.ts';
import { hash32 } from './hash.ts';
import type { History } from './history.ts';

/** What a rule may know of the account besides its transactions. */
export interface AccountFacts {
  /** Home country, ISO 3166-1 alpha-2. */
  readonly country?: string;
  /** When it was opened, as the bank says; else its first event. */
  readonly openedAt: Instant;
}

const dimensionNames = Object.keys(dimensions) as readonly Dimension[];
const unasked = () => Object.fromEntries(dimensionNames.map((name) => [name, null])) as Record<Dimension, null>;

/** The transaction that is being judged, as features see it. One object serves all transactions in turn. */
export class Frame {
  /** As rules see it: an update has the time of the first record of the same transaction. */
  tx!: Transaction;
  /** As it arrived. */
  record!: Transaction;
  /** The time of `tx`. */
  at!: Instant;
  /** The amount under which it stands in the windows. */
  minor!: number;
  /** Does it stand in the windows already, because this is an update of a transaction that was counted? */
  counted = false;
  account!: AccountFacts;
  history!: History;
  /** Rows that came so late that a full window had no place for them. */
  lateDropped = 0;
  /** By dimension; null: not asked yet. */
  readonly #keys: Record<Dimension, number | undefined | null> = unasked();

  begin(tx: Transaction, account: AccountFacts, history: History, known?: { at: Instant; minor: number }): void {
    this.at = known?.at ?? tx.occurredAt;
    this.record = tx;
    this.tx = this.at === tx.occurredAt ? tx : { ...tx, occurredAt: this.at };
    this.minor = known?.minor ?? tx.amount.minor;
    this.counted = known !== undefined;
    this.account = account;
    this.history = history;
    this.lateDropped = 0;
    for (const dimension of dimensionNames) this.#keys[dimension] = null;
  }

  /** Hash of the transaction's value in this dimension; undefined where it has none. */
  key(dimension: Dimension): number | undefined {
    const known = this.#keys[dimension];
    if (known !== null) return known;
    const value = dimensions[dimension](this.tx);
    const key = value === undefined ? undefined : hash32(value);
    this.#keys[dimension] = key;
    return key;
  }

  /** The same within the currency of the transaction: money is never added up over two currencies. */
  moneyKey(dimension: Dimension): number | undefined {
    const key = this.key(dimension);
    return key === undefined ? undefined : hash32(this.tx.amount.currency, key);
  }
}
