import type { LedgerRow } from '@tocsin/core';
import type { Channel } from '../bank/people.ts';
import { amountsIn, classesIn, kindOf } from '../harness/words.ts';
import { keyOfDelivery } from '../harness/sent.ts';
import type { Sent } from '../harness/sent.ts';
import { permitted } from './permitted.ts';

export interface DisclosureInput {
  readonly secret: string;
  readonly tenant: string;
  readonly sent: readonly Sent[];
  readonly ledger: readonly LedgerRow[];
  /** From these places on nothing may leave for the address: consent was taken back and the answer given before. */
  readonly taken: readonly {
    readonly channel: Channel;
    readonly to: string;
    readonly place: number;
    readonly mayAnswer: boolean;
  }[];
}

/** One delivery as the ledger tells it: its attempts in order, the last word on each. */
export interface Told {
  readonly rows: readonly LedgerRow[];
  readonly customerId: string;
}

/** By provider key. */
export function ledgerByKey({
  ledger,
  secret,
  tenant,
}: Pick<DisclosureInput, 'ledger' | 'secret' | 'tenant'>): ReadonlyMap<string, Told> {
  const byDelivery = Map.groupBy(ledger, ({ deliveryId }) => deliveryId);
  return new Map(
    [...byDelivery].map(([deliveryId, rows]) => {
      const last = new Map<string, LedgerRow>();
      for (const row of rows)
        if (last.get(row.id)?.outcome === undefined || row.sequence > last.get(row.id)!.sequence) last.set(row.id, row);
      const ordered = [...last.values()].sort((a, b) => a.attempt - b.attempt);
      return [keyOfDelivery(secret, tenant, deliveryId), { rows: ordered, customerId: rows[0]!.customerId }];
    }),
  );
}

/** `items[2].amount` is an amount. */
const nameOf = (field: string): string => field.slice(field.lastIndexOf('.') + 1);
const classOf: Readonly<Record<string, string>> = {
  kind: 'existence',
  count: 'existence',
  reason: 'existence',
  amount: 'amount',
  sum: 'amount',
  merchant: 'merchant',
  place: 'place',
  time: 'time',
  last4: 'last4',
  cards: 'last4',
  balance: 'balance',
  payee: 'payee',
};

const listed = (names: Iterable<string>): string => [...new Set(names)].sort().join(' ');

/** Nothing left without a consent or a legal basis, and the ledger says exactly what the providers received. */
export function disclosureProblems(input: DisclosureInput): readonly string[] {
  const problems: string[] = [];
  const told = ledgerByKey(input);
  const byKey = Map.groupBy(input.sent, ({ key }) => key);

  for (const [key, requests] of byKey) {
    const first = requests[0]!;
    const where = `${first.channel} message for ${first.customer?.id ?? first.to}`;
    const entry = told.get(key);
    if (entry === undefined || first.customer === undefined) {
      problems.push(`the ${where} stands in no ledger row: ${first.text}`);
      continue;
    }
    if (entry.customerId !== first.customer.id)
      problems.push(`the ${where} stands in the ledger as another customer's`);
    for (const request of requests) problems.push(...contentProblems(request, entry, where));
    problems.push(...countProblems(requests, entry, where));
  }
  for (const [key, { rows, customerId }] of told) {
    const arrived = byKey.get(key)?.some(({ seen }) => seen) ?? false;
    if (rows.some(({ outcome }) => outcome === 'accepted') && !arrived)
      problems.push(
        `the ledger says that ${rows[0]!.deliveryId} for ${customerId} was accepted, and the provider has nothing`,
      );
  }
  for (const { channel, to, place, mayAnswer } of input.taken) {
    const after = input.sent.filter(
      (one) =>
        one.channel === channel &&
        one.to === to &&
        one.place >= place &&
        !(mayAnswer && kindOf(one.text) === 'stopped'),
    );
    for (const { text } of after) problems.push(`${channel} received this for ${to} after it was taken back: ${text}`);
  }
  return problems;
}

function contentProblems(request: Sent, { rows }: Told, where: string): readonly string[] {
  const problems: string[] = [];
  const really = listed([...classesIn(request.text), 'existence']);
  const row = rows.find(({ disclosure }) => listed(disclosure.classes) === really);
  if (row === undefined) {
    problems.push(
      `the ${where} gives away "${really}", the ledger says "${rows.map(({ disclosure }) => listed(disclosure.classes)).join('" or "')}": ${request.text}`,
    );
    return problems;
  }
  const { disclosure } = row;
  if (disclosure.channel !== request.channel) problems.push(`the ledger names ${disclosure.channel} for the ${where}`);
  const unknown = disclosure.fields.filter((field) => classOf[nameOf(field)] === undefined);
  if (unknown.length > 0) problems.push(`the ledger has fields that nobody knows: ${unknown.join(', ')}`);
  if (listed(disclosure.fields.map((field) => classOf[nameOf(field)] ?? '?')) !== really)
    problems.push(`the fields ${disclosure.fields.join(', ')} are not what the ${where} holds: ${request.text}`);
  // A reason may name the amount once more.
  const [listedAmounts, told] = [
    disclosure.fields.filter((field) => nameOf(field) === 'amount').length,
    new Set(amountsIn(request.text)).size,
  ];
  if (listedAmounts !== told)
    problems.push(`the ledger lists ${listedAmounts} amounts, the ${where} has ${told}: ${request.text}`);

  const allowed = permitted(request.customer!, request.channel, disclosure.purpose);
  const surplus = disclosure.classes.filter((name) => !allowed.includes(name));
  if (surplus.length > 0)
    problems.push(
      `the ${where} gave away ${surplus.join(', ')} for ${disclosure.purpose}, without consent or legal basis: ${request.text}`,
    );
  const purposes: Readonly<Record<string, string>> = {
    fraud: 'fraud-protection',
    frozen: 'fraud-protection',
    routine: 'account-alert',
    balance: 'account-alert',
    help: 'service-reply',
    stopped: 'service-reply',
  };
  if (purposes[kindOf(request.text)] !== disclosure.purpose)
    problems.push(`the ledger names the purpose ${disclosure.purpose} for: ${request.text}`);
  return problems;
}

/** One attempt is one request; on Messenger a closed window makes it two, the second with a template. */
function countProblems(requests: readonly Sent[], { rows }: Told, where: string): readonly string[] {
  const templates = requests.filter(
    ({ text, channel }) => channel === 'messenger' && /^[a-z]+(?:_[a-z]+)+(?: \||$)/.test(text),
  ).length;
  const free = requests.length - templates;
  const attempts = Math.max(free, templates);
  return attempts > rows.length
    ? [`the provider received ${attempts} attempts of the ${where}, the ledger has ${rows.length}`]
    : [];
}
