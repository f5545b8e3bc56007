import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { accountOfRequest, requestIdOf } from './request-id.ts';

describe('request ids', () => {
  it('carry the account', () => {
    expect(requestIdOf('acc-1', '0123456789abcdef')).toBe('freeze/acc-1/0123456789abcdef');
    expect(requestIdOf('a/b:c d', 'ff', 'dispute')).toBe('dispute/a%2Fb%3Ac%20d/ff');
    expect(accountOfRequest('dispute/a%2Fb%3Ac%20d/ff')).toBe('a/b:c d');
  });

  it('give back every account that was put in', () => {
    const account = fc.string({ unit: 'grapheme', minLength: 1 });
    fc.assert(fc.property(account, (id) => expect(accountOfRequest(requestIdOf(id, 'ff'))).toBe(id)));
  });

  it.each([
    '',
    'freeze',
    'freeze/acc-1',
    'freeze//ff',
    '/acc-1/ff',
    'freeze/acc-1/ff/x',
    'freeze/%E0%A4%A/ff',
    'freeze/%/ff',
  ])('has no account in %j', (text) => expect(accountOfRequest(text)).toBeUndefined());

  it('never throws, an unpaired surrogate included', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void accountOfRequest(text)));
    expect(accountOfRequest(requestIdOf('a\ud800', 'ff'))).toBe('a\ufffd');
  });
});
