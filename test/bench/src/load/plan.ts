/*
 * The transactions that a bench feeds. They are designed, not drawn: which of them alerts is known beforehand, every other
 * one stays quiet under all rules, and making one costs about a microsecond, so that the feeder takes little of the machine.
 */

/** Who gets set-up records: the customer of each account, with a condition that holds from 55.00 EUR on. */
export interface Plan {
  /** Accounts, each with one holder. */
  readonly accounts: number;
  /** Transactions. */
  readonly records: number;
  /** Of the transactions, how many alert: 0.02 is every fiftieth. */
  readonly alerting: number;
  /** Accounts whose holder can be told; only these alert. */
  readonly reachable: number;
  /** Before every id, so that two loads over one store do not repeat them. */
  readonly prefix: string;
  /** When the first transaction happened, in epoch milliseconds. */
  readonly firstAt: number;
  /** Between two transactions of one account. */
  readonly gapMs: number;
}

export interface Planned {
  readonly accountId: string;
  readonly alerts: boolean;
  /** Place in the plan, from 0. */
  readonly index: number;
  /** The bank's record, about 400 bytes. */
  readonly value: string;
}

/** Transactions may lie 5 days back and still alert; four leave room for a slow run. */
const longestSpanMs = 4 * 86_400_000;

const ordinaryPerAccount = 20;
const alertsPerAccount = 12;
/** Closer together, the rules about many payments in a short time would fire: ten a day. */
const leastGapMs = 2.7 * 3_600_000;

export interface Wanted extends Partial<Plan> {
  readonly records: number;
  readonly now: number;
  /** Time over which the transactions are spread. Default: four days, the last of them now. */
  readonly spanMs?: number;
}

export function planOf(wanted: Wanted): Plan {
  const { records, now, alerting = 0.02, spanMs = longestSpanMs } = wanted;
  const alerts = Math.floor(records * alerting);
  const mostReachable = wanted.reachable ?? Math.max(2_000, Math.ceil(alerts / alertsPerAccount));
  const room = Math.floor(spanMs / leastGapMs) - Math.ceil(alerts / mostReachable);
  const ordinary = Math.max(1, Math.min(ordinaryPerAccount, room));
  const accounts = wanted.accounts ?? Math.max(20_000, Math.ceil(records / ordinary));
  const reachable = Math.min(accounts, mostReachable);
  const perAccount = Math.ceil((records - alerts) / accounts) + Math.ceil(alerts / reachable);
  return {
    accounts,
    records,
    alerting,
    reachable,
    prefix: wanted.prefix ?? 't',
    firstAt: wanted.firstAt ?? now - longestSpanMs,
    gapMs: wanted.gapMs ?? Math.floor(spanMs / Math.max(1, perAccount)),
  };
}

/** Does the transaction at this place alert? Evenly spread, exactly `alerting` of them. */
export const alertsAt = ({ alerting }: Plan, index: number): boolean =>
  Math.floor((index + 1) * alerting) > Math.floor(index * alerting);

/** Alerts among the first `records` transactions. */
export const alertsOf = ({ alerting, records }: Plan): number => Math.floor(records * alerting);

/** Walks the accounts in an order that looks random and visits each once per round: a step that shares no factor. */
function coprimeStep(accounts: number): number {
  const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
  let step = Math.max(1, Math.floor(accounts * 0.618));
  while (gcd(step, accounts) !== 1) step += 1;
  return step;
}

const merchants = ['Corner Coffee', 'Green Grocer', 'City Pharmacy', 'Book Nook', 'Tram Tickets', 'Fresh Bakery'];

/** The plan's transactions in order. */
export function* transactions(plan: Plan): Generator<Planned, void, void> {
  const { accounts, records, reachable, prefix, firstAt, gapMs } = plan;
  const step = coprimeStep(accounts);
  const alertingStep = coprimeStep(reachable);
  const visits = new Uint32Array(accounts);
  let walker = 0;
  let alertWalker = 0;
  for (let index = 0; index < records; index++) {
    const alerts = alertsAt(plan, index);
    let account: number;
    if (alerts) {
      account = alertWalker;
      alertWalker = (alertWalker + alertingStep) % reachable;
    } else {
      account = walker;
      walker = (walker + step) % accounts;
    }
    const visit = visits[account]!++;
    const cents = alerts ? 6_000 : 1_000 + ((index * 37) % 4_000);
    const at = new Date(firstAt + visit * gapMs + (account % 1_000)).toISOString();
    const merchant = index % merchants.length;
    yield {
      index,
      alerts,
      accountId: `acc-${account}`,
      value:
        `{"id":"${prefix}-${index}","accountId":"acc-${account}","customerId":"cus-${account}","occurredAt":"${at}",` +
        `"amount":{"value":"${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}","currency":"EUR"},"direction":"debit","status":"authorised",` +
        `"channel":"card-present","merchant":{"id":"m-${merchant}","name":"${merchants[merchant]}","mcc":"5814",` +
        `"country":"BG","city":"Sofia","latitude":42.6977,"longitude":23.3219,"terminalId":"m-${merchant}-t1"},` +
        `"card":{"token":"card-${account}","last4":"4242","entryMode":"chip"}}`,
    };
  }
}

/** The telephone number of a reachable account's holder. */
export const phoneOf = (account: number): string => `+3598${String(80_000_000 + account)}`;
