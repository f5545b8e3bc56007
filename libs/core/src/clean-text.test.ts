import { describe, expect, it } from '@jest/globals';
import { cleanText } from './clean-text.ts';
import { maskJson } from './mask-json.ts';

describe('cleanText', () => {
  it.each([
    ['Corner Coffee', 'Corner Coffee'],
    ['  Corner\tCoffee \r\n', 'Corner Coffee'],
    ['Cafe\u0301', 'Café'],
    ['a\u0000b\u0007c', 'a b c'],
    ['a\u2003\u00a0b', 'a b'],
    ['   ', ''],
    ['', ''],
    ['\ud800x', '\ufffdx'],
    ['Ж'.repeat(600), 'Ж'.repeat(500)],
    ['x'.repeat(600), 'x'.repeat(500)],
    ['😀'.repeat(600), '😀'.repeat(500)],
  ])('%j becomes %j', (text, clean) => expect(cleanText(text)).toEqual({ text: clean, masked: 0 }));

  it('masks card numbers, a broken line inside and a place near the cut included', () => {
    expect(cleanText('card 4242424242424242')).toEqual({ text: 'card ..4242', masked: 1 });
    expect(cleanText('card 42424242\r\n42424242')).toEqual({ text: 'card ..4242', masked: 1 });
    const { text, masked } = cleanText(`${'x'.repeat(490)} 4242424242424242`);
    expect({ tail: text.slice(490), masked }).toEqual({ tail: ' ..4242', masked: 1 });
  });
});

describe('maskJson', () => {
  it('masks in strings, keys, numbers, arrays; not in identifiers by name', () => {
    const { value, masked } = maskJson({
      note: 'pay 4242424242424242',
      '4242424242424242': true,
      number: 4242424242424242,
      list: ['4242-4242-4242-4242', 1, null],
      accountId: '4242424242424242',
      inner: { rrn: '4242424242424242', count: 3 },
    });
    expect(value).toEqual({
      note: 'pay ..4242',
      '..4242': true,
      number: '..4242',
      list: ['..4242', 1, null],
      accountId: '4242424242424242',
      inner: { rrn: '4242424242424242', count: 3 },
    });
    expect(masked).toBe(4);
  });

  it('keeps an own key __proto__ a key', () => {
    const { value } = maskJson(JSON.parse('{"__proto__":{"a":1}}'));
    expect(JSON.stringify(value)).toBe('{"__proto__":{"a":1}}');
  });
});
