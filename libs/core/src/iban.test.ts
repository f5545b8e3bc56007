import { describe, expect, it } from '@jest/globals';
import { isIban } from './iban.ts';

describe('isIban', () => {
  // Specimens of the SWIFT IBAN registry.
  it.each([
    'DE89370400440532013000',
    'GB29NWBK60161331926819',
    'FR1420041010050500013M02606',
    'NO9386011117947',
    'MT84MALT011000012345MTLCAST001S',
    'CH9300762011623852957',
    'XK051212012345678906',
    'SA0380000000608010167519',
    'LC55HEMM000100010012001200023015',
    'NI45BAPR00000013000003558124',
  ])('%s is one', (text) => expect(isIban(text)).toBe(true));

  it.each([
    ['a wrong check digit', 'DE88370400440532013000'],
    ['one character too few', 'DE8937040044053201300'],
    ['lower case', 'de89370400440532013000'],
    ['a country without IBANs', 'US89370400440532013000'],
    ['spaces', 'DE89 3704 0044 0532 0130 00'],
    ['nothing', ''],
  ])('%s is none', (_, text) => expect(isIban(text)).toBe(false));
});
