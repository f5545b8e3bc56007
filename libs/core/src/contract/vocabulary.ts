import { isCountry } from '../countries.ts';
import { isCurrency } from '../currencies.ts';
import type { RejectCode } from '../format.ts';
import { isPlainDecimal, parseAmount, parseSignedAmount } from '../money.ts';
import type { AmountReject } from '../money.ts';
import { isIsoDate, parseOccurredAt } from '../occurred-at.ts';
import { accountOfRequest } from '../request-id.ts';
import { paired } from './paired.ts';
import type { ContractProblem, ProblemRank } from './paired.ts';

/** The longest identifier, in UTF-16 units. */
export const maxIdentifier = 256;

/**
 * Neither blank nor with control characters, at most 256 long; otherwise free, since identifiers are the bank's own. No half
 * of a surrogate pair, such as a cut leaves: keys are UTF-8, where all halves are one, and two accounts would be one.
 */
export function isIdentifier(text: string): boolean {
  if (text.length > maxIdentifier) return false;
  let blank = true;
  let surrogates = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return false;
    if (code !== 0x20 && code !== 0xa0) blank = false;
    if (code >= 0xd800 && code <= 0xdfff) surrogates = true;
  }
  return !blank && !(surrogates && !text.isWellFormed());
}

/** String formats that a JSON schema of a contract may name, with their checks: the same functions for both validators. */
export const contractFormats: Readonly<Record<string, (text: string) => boolean>> = {
  identifier: isIdentifier,
  'iso-4217': isCurrency,
  'iso-3166-1': isCountry,
  'iso-date': isIsoDate,
  'request-id': (text) => text.isWellFormed() && accountOfRequest(text) !== undefined,
  'occurred-at': (text) => parseOccurredAt(text) !== 'TIME_INVALID',
};

const currencyBeside = (owner: object): unknown => (owner as { readonly currency?: unknown }).currency;

const amountProblem = (value: string, owner: object, signed: boolean): AmountReject | undefined => {
  const currency = currencyBeside(owner);
  if (typeof currency !== 'string' || !isCurrency(currency)) {
    // The currency is reported by its own field; here only the shape can be judged.
    if (!isPlainDecimal(value)) return 'AMOUNT_INVALID';
    return !signed && value.startsWith('-') ? 'AMOUNT_NEGATIVE' : undefined;
  }
  const parsed = (signed ? parseSignedAmount : parseAmount)(value, currency);
  return typeof parsed === 'string' ? parsed : undefined;
};

/** The keyword `amount: "unsigned" | "signed"`: a decimal that fits the `currency` beside it. */
export const isAmount = (value: string, owner: object, kind: 'unsigned' | 'signed'): boolean =>
  amountProblem(value, owner, kind === 'signed') === undefined;

const problem = (rank: ProblemRank, code: RejectCode, what: string): ContractProblem => ({ rank, code, what });

const text = (
  name: string,
  format: string,
  code: RejectCode,
  what: string,
): ((target: object, property: string) => void) =>
  paired(name, {
    type: 'string',
    schema: { format },
    problem: (value) => (contractFormats[format]!(value as string) ? undefined : problem('value', code, what)),
  });

/** An id of the bank's. */
export const Identifier = (code: RejectCode = 'SCHEMA_INVALID') =>
  text(
    'isIdentifier',
    'identifier',
    code,
    `is blank, longer than ${maxIdentifier} characters, or has control characters or half a surrogate pair`,
  );

/** The id of a request of ours, with the account inside. */
export const RequestId = () =>
  text('isRequestId', 'request-id', 'ACCOUNT_INVALID', 'is not the id of a request of ours');

/** ISO 4217 alpha, upper case, active. */
export const Currency = () => text('isCurrency', 'iso-4217', 'CURRENCY_UNKNOWN', 'is not an active ISO 4217 code');

/** ISO 3166-1 alpha-2, upper case. */
export const Country = () => text('isCountry', 'iso-3166-1', 'SCHEMA_INVALID', 'is not an ISO 3166-1 alpha-2 code');

/** An existing day, `YYYY-MM-DD`. */
export const IsoDate = () => text('isIsoDate', 'iso-date', 'TIME_INVALID', 'is not an existing day, YYYY-MM-DD');

/** RFC 3339 with an offset, or a day. */
export const OccurredAt = () =>
  text(
    'isOccurredAt',
    'occurred-at',
    'TIME_INVALID',
    'is neither an RFC 3339 time with an offset nor an existing day, YYYY-MM-DD',
  );

const amountSentences: Readonly<Record<AmountReject, string>> = {
  SCHEMA_INVALID: 'must be a decimal string',
  AMOUNT_INVALID: 'is not a plain decimal that fits its currency',
  AMOUNT_NEGATIVE: 'is negative; direction carries the sign',
  AMOUNT_RANGE: 'is more than 2^53-1 minor units',
  CURRENCY_UNKNOWN: 'has a currency that is not an active ISO 4217 code',
};

/** A decimal string in the currency that stands beside it in a field named `currency`. */
export const Amount = (kind: 'unsigned' | 'signed' = 'unsigned') =>
  paired('isAmount', {
    type: 'string',
    schema: { amount: kind },
    problem: (value, owner) => {
      const code = amountProblem(value as string, owner, kind === 'signed');
      return code === undefined ? undefined : problem('value', code, amountSentences[code]);
    },
  });

/** One of a closed list. */
export const OneOf = (values: readonly string[], code: RejectCode = 'SCHEMA_INVALID') =>
  paired('isOneOf', {
    type: 'string',
    schema: { enum: values },
    problem: (value) =>
      values.includes(value as string) ? undefined : problem('enum', code, `is not one of ${values.join(', ')}`),
  });

/** Free text of people. Any length is accepted; what is kept of it is cut, see `cleanText`. */
export const Text = () => paired('isText', { type: 'string', schema: {}, problem: () => undefined });

/** Exactly so many ASCII digits. */
export const Digits = (count: number) => {
  const pattern = new RegExp(`^[0-9]{${count}}$`, 'u');
  return paired('isDigits', {
    type: 'string',
    schema: { pattern: pattern.source },
    problem: (value) =>
      pattern.test(value as string) ? undefined : problem('value', 'SCHEMA_INVALID', `must be ${count} digits`),
  });
};

/** A JSON number within bounds, both included. */
export const Between = (minimum: number, maximum: number) =>
  paired('isBetween', {
    type: 'number',
    schema: { minimum, maximum },
    problem: (value) =>
      (value as number) >= minimum && (value as number) <= maximum
        ? undefined
        : problem('value', 'SCHEMA_INVALID', `must lie between ${minimum} and ${maximum}`),
  });

export const Flag = () => paired('isFlag', { type: 'boolean', schema: {}, problem: () => undefined });

/** Any JSON object: data of events whose rules are yet to come. */
export const FreeObject = () => paired('isFreeObject', { type: 'object', schema: {}, problem: () => undefined });
