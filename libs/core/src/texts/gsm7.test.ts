import { describe, expect, it } from '@jest/globals';
import { smsLength, smsSafe } from './gsm7.ts';

describe('length of a text message', () => {
  it.each([
    ['empty', '', 'gsm-7', 0, 1],
    ['160 characters', 'a'.repeat(160), 'gsm-7', 160, 1],
    ['161 characters', 'a'.repeat(161), 'gsm-7', 161, 2],
    ['306 characters', 'a'.repeat(306), 'gsm-7', 306, 2],
    ['307 characters', 'a'.repeat(307), 'gsm-7', 307, 3],
    ['160 characters, one of them €', 'a'.repeat(159) + '€', 'gsm-7', 161, 2],
    ['every extended character', '^{}\\[~]|€', 'gsm-7', 18, 1],
    ['70 Cyrillic', 'я'.repeat(70), 'ucs-2', 70, 1],
    ['71 Cyrillic', 'я'.repeat(71), 'ucs-2', 71, 2],
    ['134 Cyrillic', 'я'.repeat(134), 'ucs-2', 134, 2],
    ['135 Cyrillic', 'я'.repeat(135), 'ucs-2', 135, 3],
    ['one foreign letter among Latin ones', 'a'.repeat(70) + 'ł', 'ucs-2', 71, 2],
    ['an escape that would be cut leaves a unit empty', `${'a'.repeat(152)}€${'a'.repeat(152)}`, 'gsm-7', 306, 3],
    ['a surrogate pair that would be cut, too', `${'я'.repeat(66)}👍${'я'.repeat(66)}`, 'ucs-2', 134, 3],
  ] as const)('%s', (_, text, encoding, units, segments) => {
    expect(smsLength(text)).toEqual({ encoding, units, segments });
  });
});

describe('characters that cost too much', () => {
  it('become ASCII and are counted', () => {
    expect(smsSafe('“Joe’s” – café…\u00a0\u202f!')).toEqual({ text: '"Joe\'s" - café...  !', replaced: 7 });
  });

  it('are not touched where they belong to a name', () => {
    expect(smsSafe('Łódź, София')).toEqual({ text: 'Łódź, София', replaced: 0 });
  });
});
