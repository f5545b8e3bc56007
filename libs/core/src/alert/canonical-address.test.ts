import { describe, expect, it } from '@jest/globals';
import { addressDigest } from './contacts.ts';
import { canonicalAddress, sameAddress } from './canonical-address.ts';

describe('a telephone number', () => {
  const forms = ['+359881234567', '+359 88 123 4567', '00359 88 123-45-67', '359881234567', '+359 (88) 123.4567'];
  /** With the zero of calls within the country, from a sheet with dashes, and copied out of a telephone's contacts. */
  forms.push('+359 (0)88 123 4567', '+359\u202f88\u2011123\u20134567', '\u202a+359 88 123 4567\u202c');

  it('is one, however it is written', () => {
    expect(new Set(forms.map((form) => canonicalAddress('sms', form)))).toEqual(new Set(['+359881234567']));
    for (const form of forms) expect(sameAddress('sms', form, '359881234567')).toBe(true);
    expect(sameAddress('sms', '+359881234567', '+359881234568')).toBe(false);
    expect(sameAddress('sms', null, '+359881234567')).toBe(false);
  });

  it('has one digest in the directory', () => {
    const digests = forms.map((form) => addressDigest((text) => text, 'bank', 'sms', form));
    expect(new Set(digests)).toEqual(new Set(['bank|sms|+359881234567']));
  });

  it('stays as it is where it names no country or is no number', () => {
    for (const text of ['0881234567', '12345', 'Tocsin', '+1234567890123456']) {
      expect(canonicalAddress('sms', text)).toBe(text);
    }
    expect(canonicalAddress('sms', '088 123 45-67')).toBe('0881234567');
  });
});

it('addresses of other channels stay as they are', () => {
  expect(canonicalAddress('messenger', '1234567890')).toBe('1234567890');
  expect(canonicalAddress('email', 'a.b-c@example.org')).toBe('a.b-c@example.org');
});
