import type { BankTransaction } from './account.ts';
import type { Random } from './random.ts';

/** Card numbers that the networks publish for tests. */
export const testCards = [
  '4242 4242 4242 4242',
  '4111-1111-1111-1111',
  '5555555555554444',
  '378282246310005',
  '6011 1111 1111 1117',
];

/** A record that must be rejected, made from a good one. */
export interface Broken {
  readonly code: string;
  readonly value: Buffer | null;
}

type Breaking = (good: BankTransaction, random: Random) => Buffer | null;

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const without = (good: BankTransaction, name: string) =>
  Object.fromEntries(Object.entries(good).filter(([key]) => key !== name));
const amount = (good: BankTransaction, part: object) => ({
  ...good,
  amount: { ...(good['amount'] as object), ...part },
});
const cutOff = (good: BankTransaction): Buffer => {
  const whole = JSON.stringify({ ...good, reference: 'unfinished' });
  return Buffer.from(whole.slice(0, whole.length - 9));
};
/** A card number in bytes that nobody can parse is starred all the same. */
const cutOffWithCard = (good: BankTransaction, random: Random): Buffer =>
  Buffer.from(
    `${JSON.stringify({ ...good, reference: `paid with ${random.pick(testCards)}` }).slice(0, -1)},"rest":"cut`,
  );
const nested = (levels: number): unknown => (levels === 0 ? 1 : { in: nested(levels - 1) });
const badText = (good: BankTransaction): Buffer => {
  const bytes = json({ ...good, reference: 'caf?' });
  bytes[bytes.lastIndexOf('?')] = 0xe9;
  return bytes;
};
const padded = (good: BankTransaction, size: number): Buffer => json({ ...good, reference: 'x'.repeat(size) });

/** Code, how many of it, and how it is made. 94; with the conflicting repetitions 100. */
const table: readonly (readonly [code: string, count: number, make: Breaking])[] = [
  ['JSON_INVALID', 5, cutOff],
  ['JSON_INVALID', 3, cutOffWithCard],
  ['SCHEMA_INVALID', 8, (good) => json({ ...good, direction: ['debit'] })],
  ['SCHEMA_INVALID', 8, (good) => json(amount(good, { value: Number((good['amount'] as { value: string }).value) }))],
  ['CURRENCY_UNKNOWN', 8, (good, random) => json(amount(good, { currency: random.pick(['ZZZ', 'XTS', 'eur']) }))],
  [
    'AMOUNT_INVALID',
    8,
    (good, random) => json(amount(good, { value: random.pick(['12.345', '1,234.00', '1e3', '12.', '']) })),
  ],
  ['AMOUNT_NEGATIVE', 7, (good) => json(amount(good, { value: '-5.00' }))],
  [
    'TIME_INVALID',
    8,
    (good, random) =>
      json({
        ...good,
        occurredAt: random.pick(['2026-02-30', 'yesterday', '2026-01-01T12:00:00', '2026-01-01T25:00:00Z']),
      }),
  ],
  ['REF_MISSING', 7, (good) => json(without(good, 'id'))],
  ['ACCOUNT_MISSING', 7, (good) => json(without(good, 'accountId'))],
  ['RECORD_EMPTY', 7, () => null],
  ['RECORD_TOO_LARGE', 5, (good) => padded(good, 70_000)],
  ['RECORD_TOO_LARGE', 1, (good) => padded(good, 600_000)],
  ['RECORD_TOO_DEEP', 6, (good) => json({ ...good, extra: nested(17) })],
  ['ENCODING_INVALID', 6, badText],
];

export const brokenBesideConflicts = table.reduce((sum, [, count]) => sum + count, 0);

/** One broken record of each row, `count` times, made from good ones that are given. */
export const breakRecords = (good: () => BankTransaction, random: Random): readonly Broken[] =>
  table.flatMap(([code, count, make]) => Array.from({ length: count }, () => ({ code, value: make(good(), random) })));
