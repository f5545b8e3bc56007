import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { currencyCodes, decimalsOf } from './currencies.ts';
import { decimalOf, formatAmount, isPlainDecimal, parseAmount, parseSignedAmount } from './money.ts';

describe('parseAmount', () => {
  it.each([
    ['12.34', 'USD', 1234],
    ['12.3', 'EUR', 1230],
    ['12', 'EUR', 1200],
    ['12.3000', 'EUR', 1230],
    ['12.30000000', 'EUR', 1230],
    ['0.00', 'EUR', 0],
    ['007.50', 'EUR', 750],
    ['1500', 'JPY', 1500],
    ['1500.00', 'JPY', 1500],
    ['1.250', 'KWD', 1250],
    ['1.2345', 'CLF', 12345],
    ['90071992547409.91', 'EUR', Number.MAX_SAFE_INTEGER],
    ['9007199254740991', 'JPY', Number.MAX_SAFE_INTEGER],
    ['00000000000000000000000000000000000001.00', 'EUR', 100],
  ])('%s %s is %i minor units', (text, currency, minor) =>
    expect(parseAmount(text, currency)).toEqual({ minor, currency }),
  );

  it.each([
    ['12.345', 'EUR', 'AMOUNT_INVALID'],
    ['1.5', 'JPY', 'AMOUNT_INVALID'],
    ['1e3', 'EUR', 'AMOUNT_INVALID'],
    ['1E+3', 'EUR', 'AMOUNT_INVALID'],
    ['1,234.00', 'EUR', 'AMOUNT_INVALID'],
    ['12,34', 'EUR', 'AMOUNT_INVALID'],
    ['1 234.00', 'EUR', 'AMOUNT_INVALID'],
    ['12.', 'EUR', 'AMOUNT_INVALID'],
    ['.5', 'EUR', 'AMOUNT_INVALID'],
    ['', 'EUR', 'AMOUNT_INVALID'],
    [' 12', 'EUR', 'AMOUNT_INVALID'],
    ['12\n', 'EUR', 'AMOUNT_INVALID'],
    ['+12', 'EUR', 'AMOUNT_INVALID'],
    ['-abc', 'EUR', 'AMOUNT_INVALID'],
    ['0x10', 'EUR', 'AMOUNT_INVALID'],
    ['NaN', 'EUR', 'AMOUNT_INVALID'],
    ['Infinity', 'EUR', 'AMOUNT_INVALID'],
    ['１２', 'EUR', 'AMOUNT_INVALID'],
    ['-5.00', 'EUR', 'AMOUNT_NEGATIVE'],
    ['-0.00', 'EUR', 'AMOUNT_NEGATIVE'],
    ['90071992547409.92', 'EUR', 'AMOUNT_RANGE'],
    ['9007199254740992', 'JPY', 'AMOUNT_RANGE'],
    ['9007199254740993', 'JPY', 'AMOUNT_RANGE'],
    ['9'.repeat(40), 'EUR', 'AMOUNT_RANGE'],
    ['9'.repeat(41), 'EUR', 'AMOUNT_INVALID'],
    ['1', 'ZZZ', 'CURRENCY_UNKNOWN'],
    ['1', 'XXX', 'CURRENCY_UNKNOWN'],
    [12.34, 'EUR', 'SCHEMA_INVALID'],
    [null, 'EUR', 'SCHEMA_INVALID'],
    [undefined, 'EUR', 'SCHEMA_INVALID'],
    [{}, 'EUR', 'SCHEMA_INVALID'],
  ])('%j %s is %s', (value, currency, code) => expect(parseAmount(value, currency)).toBe(code));

  it('takes a minus sign on a balance', () => {
    expect(parseSignedAmount('-12.34', 'EUR')).toEqual({ minor: -1234, currency: 'EUR' });
    expect(parseSignedAmount('-0.00', 'EUR')).toEqual({ minor: 0, currency: 'EUR' });
    expect(parseSignedAmount('-90071992547409.92', 'EUR')).toBe('AMOUNT_RANGE');
    expect(parseSignedAmount('--1', 'EUR')).toBe('AMOUNT_INVALID');
  });

  it('gives back every amount of every currency that was written out', () => {
    const money = fc.record({
      minor: fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -10_000, max: 10_000 })),
      currency: fc.constantFrom(...currencyCodes),
    });
    fc.assert(
      fc.property(money, (it) =>
        expect(parseSignedAmount(decimalOf(it), it.currency)).toEqual({ ...it, minor: it.minor + 0 }),
      ),
    );
  });

  it('reads exactly what exact arithmetic reads', () => {
    const digits = fc.stringMatching(/^[0-9]{1,20}$/);
    const fraction = fc.stringMatching(/^[0-9]{0,6}$/);
    fc.assert(
      fc.property(digits, fraction, fc.constantFrom('EUR', 'JPY', 'KWD', 'CLF'), (whole, part, currency) => {
        const decimals = decimalsOf(currency)!;
        const result = parseAmount(part === '' ? whole : `${whole}.${part}`, currency);
        const exact = BigInt(whole + part.slice(0, decimals).padEnd(decimals, '0'));
        const expected = /[1-9]/.test(part.slice(decimals))
          ? 'AMOUNT_INVALID'
          : exact > BigInt(Number.MAX_SAFE_INTEGER)
            ? 'AMOUNT_RANGE'
            : { minor: Number(exact), currency };
        expect(result).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const result = parseAmount(text, 'EUR');
        expect(typeof result === 'string' || Number.isSafeInteger(result.minor)).toBe(true);
        expect(isPlainDecimal(text)).toBe(result !== 'AMOUNT_INVALID' || /\.[0-9]{3,}$/.test(text));
      }),
    );
  });
});

describe('decimalOf', () => {
  it.each([
    [1230, 'EUR', '12.30'],
    [5, 'EUR', '0.05'],
    [-5, 'KWD', '-0.005'],
    [0, 'EUR', '0.00'],
    [1500, 'JPY', '1500'],
    [-1500, 'JPY', '-1500'],
  ])('%i %s is %s', (minor, currency, text) => expect(decimalOf({ minor, currency })).toBe(text));

  it('does not guess the decimals of a currency that it does not know', () =>
    expect(() => decimalOf({ minor: 1, currency: 'ZZZ' })).toThrow('ZZZ'));
});

describe('formatAmount', () => {
  it.each([
    [1250, 'EUR', 'en', '12.50 EUR'],
    [1500, 'JPY', 'en', '1,500 JPY'],
    [1250, 'KWD', 'en', '1.250 KWD'],
    [1250, 'IQD', 'en', '1.250 IQD'],
    [123456789, 'EUR', 'de', '1.234.567,89 EUR'],
    [1250, 'EUR', 'de', '12,50 EUR'],
    [-1250, 'EUR', 'en', '-12.50 EUR'],
    [12345678, 'INR', 'en-IN', '1,23,456.78 INR'],
    [Number.MAX_SAFE_INTEGER, 'EUR', 'en', '90,071,992,547,409.91 EUR'],
  ])('%i %s in %s is %s', (minor, currency, locale, text) =>
    expect(formatAmount({ minor, currency }, locale)).toBe(text),
  );
});
