import { decimalsOf } from './currencies.ts';
import type { Money } from './transaction.ts';

/*
 * Money is a decimal string and an ISO 4217 code at the edge, integer minor units inside. Nothing here passes through a
 * binary fraction: digits are moved as text, and only the finished integer becomes a number.
 */

/** Why an amount is refused. A JSON number is a SCHEMA_INVALID: its text, and so its value, may already be lost. */
export type AmountReject =
  'SCHEMA_INVALID' | 'AMOUNT_INVALID' | 'AMOUNT_NEGATIVE' | 'AMOUNT_RANGE' | 'CURRENCY_UNKNOWN';

/** Sign, whole part, fraction. No exponent, no thousands separator, no comma, no bare point, ASCII digits only. */
const plainDecimal = /^(-?)([0-9]{1,40})(?:\.([0-9]{1,40}))?$/;

function parse(value: unknown, currency: string, signed: boolean): Money | AmountReject {
  if (typeof value !== 'string') return 'SCHEMA_INVALID';
  const match = plainDecimal.exec(value);
  if (match === null) return 'AMOUNT_INVALID';
  const negative = match[1] === '-';
  if (negative && !signed) return 'AMOUNT_NEGATIVE';
  const decimals = decimalsOf(currency);
  if (decimals === undefined) return 'CURRENCY_UNKNOWN';
  const fraction = match[3] ?? '';
  for (let i = decimals; i < fraction.length; i++) if (fraction[i] !== '0') return 'AMOUNT_INVALID';
  // At most 80 digits: the conversion rounds, but never across 2^53, so the comparison is exact.
  const minor = Number(match[2]! + fraction.slice(0, decimals).padEnd(decimals, '0'));
  if (minor > Number.MAX_SAFE_INTEGER) return 'AMOUNT_RANGE';
  return { minor: negative && minor !== 0 ? -minor : minor, currency };
}

/**
 * An amount of a transaction: `("12.3", "EUR")` is 1230 minor units. Surplus zeros are trimmed (`12.3000`), other surplus
 * decimals are AMOUNT_INVALID; a minus sign is AMOUNT_NEGATIVE (`direction` carries the sign); more than 2^53-1 minor
 * units are AMOUNT_RANGE.
 */
export const parseAmount = (value: unknown, currency: string): Money | AmountReject => parse(value, currency, false);

/** The same where a minus sign is legal: a balance. */
export const parseSignedAmount = (value: unknown, currency: string): Money | AmountReject =>
  parse(value, currency, true);

/** Is the text a plain decimal, whatever the currency? For the case that the currency itself is unknown. */
export const isPlainDecimal = (text: string): boolean => plainDecimal.test(text);

/** The decimal string of the edge, always with all decimals of the currency: `12.30`, `1500`, `-0.005`. */
export function decimalOf(money: Money): string {
  const decimals = decimalsOf(money.currency);
  if (decimals === undefined) throw new Error(`${money.currency} is no currency that the core knows.`);
  const digits = String(Math.abs(money.minor)).padStart(decimals + 1, '0');
  const sign = money.minor < 0 ? '-' : '';
  if (decimals === 0) return sign + digits;
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

const formatters = new Map<string, Intl.NumberFormat>();

function formatterOf(locale: string, decimals: number): Intl.NumberFormat {
  const name = `${locale}/${decimals}`;
  let formatter = formatters.get(name);
  if (formatter === undefined) {
    formatter = new Intl.NumberFormat(locale, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    formatters.set(name, formatter);
  }
  return formatter;
}

/**
 * For texts: the number as the language writes it, then the code, because a symbol is ambiguous ($ is a dozen currencies):
 * `12.50 EUR`, `1,500 JPY`, `1.250 KWD` in English, `12,50 EUR` in German. The decimals are those of ISO 4217, not those of
 * the locale data, which drops the fils of the dinar.
 * @throws RangeError when the locale is no language tag
 */
export const formatAmount = (money: Money, locale: string): string =>
  `${formatterOf(locale, decimalsOf(money.currency) ?? 0).format(decimalOf(money) as Intl.StringNumericLiteral)} ${money.currency}`;
