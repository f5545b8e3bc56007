import type { BankTransaction } from '@tocsin/simulator';

/*
 * The first six fraud rules and the four conditions as somebody would write them by hand for one script: the same
 * thresholds, no parameters, no versions, no evidence, no late or corrected transactions. A test compares what fires with
 * what Tocsin's own rules say of the same stream.
 */

/** What is remembered of one card. Plain, so that it can be kept in memory or as JSON. */
interface CardState {
  /** Times of debits, oldest first, at most 60. */
  readonly debits: number[];
  readonly declines: number[];
  /** Small charges: time and cents. */
  readonly probes: [at: number, cents: number][];
  place?: { readonly at: number; readonly latitude: number; readonly longitude: number };
}

export interface AccountByHand {
  firstAt: number;
  readonly amounts: number[];
  readonly countries: string[];
  readonly cards: Record<string, CardState>;
  /** The balance alert may fire. */
  armed?: boolean;
}

export interface Chosen {
  readonly purchaseOver: number;
  readonly balanceBelow: number;
  readonly home?: string;
}

export const newAccount = (at: number): AccountByHand => ({ firstAt: at, amounts: [], countries: [], cards: {} });

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

export const centsOf = (value: string): number => {
  const dot = value.indexOf('.');
  return dot < 0
    ? 100 * Number(value)
    : 100 * Number(value.slice(0, dot)) + Number(value.slice(dot + 1).padEnd(2, '0'));
};

/** How many of the times, which ascend, lie after `from`. */
function countAfter(times: readonly number[], from: number): number {
  let index = times.length;
  while (index > 0 && times[index - 1]! > from) index -= 1;
  return times.length - index;
}

function keep<T>(list: T[], item: T, most: number): void {
  list.push(item);
  if (list.length > most) list.shift();
}

function medianOf(numbers: readonly number[]): number {
  const sorted = Float64Array.from(numbers).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const radians = Math.PI / 180;

function kilometres(a: { latitude: number; longitude: number }, b: { latitude: number; longitude: number }): number {
  const x = Math.sin(((b.latitude - a.latitude) * radians) / 2);
  const y = Math.sin(((b.longitude - a.longitude) * radians) / 2);
  const h = x * x + Math.cos(a.latitude * radians) * Math.cos(b.latitude * radians) * y * y;
  return 12_742 * Math.asin(Math.sqrt(h));
}

/** The names of the rules and conditions that fire; the account remembers the transaction. */
export function judge(account: AccountByHand, tx: BankTransaction, chosen: Chosen): readonly string[] {
  const at = Date.parse(tx.occurredAt);
  const cents = centsOf(tx.amount.value);
  const fired: string[] = [];
  const card = tx.card === undefined ? undefined : (account.cards[tx.card.token] ??= emptyCard());
  const debit = tx.direction === 'debit';
  if (debit && tx.status === 'declined') {
    if (card !== undefined && tx.declineReason !== '91' && tx.declineReason !== '96') {
      keep(card.declines, at, 15);
      if (
        countAfter(card.declines, at - 10 * minute) >= 3 ||
        countAfter(card.declines, at - day) >= 10 ||
        countAfter(card.declines, at - 30 * day) >= 15
      )
        fired.push('decline-burst');
    }
    if (card !== undefined) probe(card, at, cents, fired);
    return fired;
  }
  if (debit) {
    if (card !== undefined) {
      keep(card.debits, at, 60);
      if (
        countAfter(card.debits, at - hour) >= 3 ||
        countAfter(card.debits, at - day) >= 10 ||
        countAfter(card.debits, at - 7 * day) >= 60
      )
        fired.push('velocity-count');
      probe(card, at, cents, fired);
      travel(card, tx, at, fired);
    }
    if (cents >= 10_000 && account.amounts.length >= 5 && cents >= 3 * medianOf(account.amounts))
      fired.push('amount-vs-median');
    keep(account.amounts, cents, 50);
    const country = tx.merchant?.country;
    if (country !== undefined && !account.countries.includes(country)) {
      if (cents >= 20_000 && country !== chosen.home && at - account.firstAt > 30 * day) fired.push('first-seen');
      account.countries.push(country);
    }
    conditions(tx, cents, chosen, fired);
  } else if (cents >= 1) fired.push('deposit');
  balance(account, tx, cents, chosen, fired);
  return fired;
}

const emptyCard = (): CardState => ({ debits: [], declines: [], probes: [] });

function probe(card: CardState, at: number, cents: number, fired: string[]): void {
  if (cents <= 200) {
    let n = 1;
    for (const [when] of card.probes) if (when > at - 10 * minute) n += 1;
    if (n >= 3) fired.push('card-testing');
    keep(card.probes, [at, cents], 12);
    return;
  }
  if (card.probes.length < 3) return;
  // Three probes within ten minutes, the last of them in the day before: the largest of them is what the charge is compared with.
  let largest = 0;
  for (let last = card.probes.length - 1; last >= 2; last--) {
    const [end] = card.probes[last]!;
    if (end <= at - day) break;
    if (card.probes[last - 2]![0] <= end - 10 * minute) continue;
    for (let index = last; index >= 0 && card.probes[index]![0] > end - 10 * minute; index--)
      largest = Math.max(largest, card.probes[index]![1]);
  }
  if (largest > 0 && cents >= 50 * largest) fired.push('card-testing');
}

function travel(card: CardState, tx: BankTransaction, at: number, fired: string[]): void {
  if (tx.merchant === undefined || (tx.channel !== 'card-present' && tx.channel !== 'atm')) return;
  const { latitude, longitude } = tx.merchant;
  if (card.place !== undefined) {
    const km = kilometres(card.place, tx.merchant);
    if (km > 50 && km * hour > 900 * (at - card.place.at)) fired.push('impossible-travel');
  }
  card.place = { at, latitude, longitude };
}

function conditions(tx: BankTransaction, cents: number, chosen: Chosen, fired: string[]): void {
  const purchase = tx.channel === 'card-present' || tx.channel === 'card-not-present' || tx.channel === 'wallet';
  if (purchase && cents >= chosen.purchaseOver) fired.push('purchase-over');
  if (
    (purchase || tx.channel === 'atm') &&
    chosen.home !== undefined &&
    tx.merchant !== undefined &&
    tx.merchant.country !== chosen.home
  )
    fired.push('international-use');
}

function balance(account: AccountByHand, tx: BankTransaction, cents: number, chosen: Chosen, fired: string[]): void {
  if (tx.balanceAfter === undefined) return;
  const after = centsOf(tx.balanceAfter.value);
  if (after >= chosen.balanceBelow) {
    account.armed = after >= 1.05 * chosen.balanceBelow || account.armed !== false;
    return;
  }
  const before = tx.direction === 'debit' ? after + cents : after - cents;
  if (account.armed ?? before >= chosen.balanceBelow) fired.push('balance-below');
  account.armed = false;
}
