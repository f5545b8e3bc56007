import { describe, expect, it } from '@jest/globals';
import { currencyCodes, decimalsOf, isCurrency } from './currencies.ts';

describe('currencies', () => {
  it.each([
    ['EUR', 2],
    ['JPY', 0],
    ['KWD', 3],
    ['CLF', 4],
    ['IQD', 3],
    ['ISK', 0],
    ['XCG', 2],
    ['ZWG', 2],
    ['UYW', 4],
  ])('%s has %i decimals', (code, decimals) => expect(decimalsOf(code)).toBe(decimals));

  it.each(['XTS', 'XXX', 'XAU', 'XDR', 'ZZZ', 'eur', 'EU', '', 'HRK', 'constructor'])('refuses %j', (code) => {
    expect(isCurrency(code)).toBe(false);
    expect(decimalsOf(code)).toBeUndefined();
  });

  it('still reads what was withdrawn lately', () => expect(decimalsOf('BGN')).toBe(2));

  it('has only well-formed codes, each once', () => {
    expect(currencyCodes.filter((code) => !/^[A-Z]{3}$/.test(code))).toEqual([]);
    expect(new Set(currencyCodes).size).toBe(currencyCodes.length);
    expect(currencyCodes.length).toBeGreaterThan(160);
  });

  it('knows every currency that the locale data calls current, but for what is left out on purpose', () => {
    // The locale data also lists a few that are older than this table's date.
    const leftOut = ['XAD', 'XAG', 'XAU', 'XBA', 'XBB', 'XBC', 'XBD', 'XDR', 'XPD', 'XPT', 'XSU', 'XTS', 'XUA', 'XXX'];
    const older = ['CUC', 'HRK', 'MRO', 'SLL', 'STD', 'VEF', 'ZWL'];
    const names = new Intl.DisplayNames('en', { type: 'currency' });
    const missing = Intl.supportedValuesOf('currency').filter(
      (code) => !isCurrency(code) && !leftOut.includes(code) && !older.includes(code) && !/[0-9]/.test(names.of(code)!),
    );
    expect(missing).toEqual([]);
  });
});
