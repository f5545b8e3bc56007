import type { Act } from '../act.ts';

/*
 * One life that is always lived the same way, with every type of record in it: what golden files are made of. It is in two
 * parts: the state that it has in between is what a later build must be able to go on from.
 */

const pay = (account: number, minor: number, shop = 0, more: Partial<Extract<Act, { do: 'pay' }>> = {}): Act => ({
  do: 'pay',
  account,
  minor,
  shop,
  status: 'booked',
  kind: 'card-present',
  lateMs: 0,
  ...more,
});
const wait = (ms: number): Act => ({ do: 'wait', ms });
const send = (...outcomes: readonly number[]): Act => ({ do: 'send', outcomes });

export const before: readonly Act[] = [
  pay(0, 999),
  pay(0, 45_000, 1),
  { do: 'preferences', customer: 2, waitMs: 2_000, hidden: true },
  { do: 'account-event', account: 0, repeated: true },
  pay(1, 9_900, 4, { status: 'authorised' }),
  pay(1, 199, 0, { kind: 'credit' }),
  pay(2, 2_500, 3),
  // So busy that what is remembered of it no longer fits into one entry.
  { do: 'many', account: 2, count: 40 },
  { do: 'again', pick: 1 },
  { do: 'contradict', pick: 1, minor: 50 },
  { do: 'garbage', topic: 0, what: 5 },
  { do: 'garbage', topic: 2, what: 0 },
  wait(6_000),
  send(0, 2, 6),
  { do: 'burst', account: 0, minor: 2_500, count: 5, declined: true },
  { do: 'burst', account: 1, minor: 999, count: 4, declined: false },
  pay(0, 120_000, 2, { status: 'authorised', lateMs: 60_000 }),
  wait(6_000),
  send(0, 0, 5),
  send(0, 3, 4),
  { do: 'provider-receipt', pick: 0, state: 0 },
  { do: 'tap', pick: 0, yes: false },
  { do: 'late-outcome', pick: 1, outcome: 3 },
  wait(31_000),
  send(0, 0, 0),
  { do: 'rule-set', mode: 'shadow', rule: 3, by: 1 },
  { do: 'policy', sms: true, messenger: true, by: 1, alertScore: 0.5 },
  pay(0, 2_500, 2, { status: 'pending', kind: 'card-not-present' }),
  { do: 'burst', account: 1, minor: 2_500, count: 3, declined: true },
  wait(900),
  send(0),
  { do: 'barrier', customer: 1, channel: 1, back: 0, deny: true },
  { do: 'link', customer: 0, linked: false },
  { do: 'label', pick: 0, label: 'fraud' },
  { do: 'reply', customer: 1, channel: 1, text: 6, lateMs: 0 },
  wait(65_000),
];

export const after: readonly Act[] = [
  { do: 'again', pick: 0 },
  { do: 'update', pick: 4, status: 'booked' },
  { do: 'bank-answer', pick: 0, accepted: true },
  { do: 'tap', pick: 0, yes: true },
  send(0, 2),
  { do: 'burst', account: 0, minor: 9_900, count: 4, declined: true },
  wait(6_000),
  send(0, 0, 3),
  { do: 'redrive', pick: 2 },
  { do: 'reverse', pick: 1 },
  { do: 'reply', customer: 0, channel: 1, text: 3, lateMs: 0 },
  pay(0, 45_000, 1),
  wait(61 * 60_000),
];
