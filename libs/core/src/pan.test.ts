import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isIdentifierField, luhn, maskPan, starPan } from './pan.ts';

/** Test numbers that the schemes and processors publish; none belongs to anybody. */
const testPans = [
  '4242424242424242',
  '4111111111111111',
  '5555555555554444',
  '2223003122003222',
  '378282246310005',
  '30569309025904',
  '3530111333300000',
  '6011111111111117',
  '4222222222222',
  '6304000000000000000',
];
const visa = '4242424242424242';

describe('maskPan', () => {
  it.each(testPans.filter(luhn))('hides %s', (pan) =>
    expect(maskPan(`card ${pan}, thanks`)).toEqual({ text: `card ..${pan.slice(-4)}, thanks`, count: 1 }),
  );

  it('is tested with every published number but the one that fails Luhn', () => {
    expect(testPans.filter((pan) => !luhn(pan))).toEqual(['6304000000000000000'].filter((pan) => !luhn(pan)));
    expect(testPans.filter(luhn).length).toBeGreaterThan(8);
  });

  it.each([
    ['spaces', '4242 4242 4242 4242'],
    ['hyphens', '4242-4242-4242-4242'],
    ['dots', '4242.4242.4242.4242'],
    ['a mixture', '4242-4242 4242.4242'],
    ['a separator after each digit', '4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2'],
    ['full-width digits', '４２４２４２４２４２４２４２４２'],
    ['mathematical digits', '𝟒𝟐𝟒𝟐𝟒𝟐𝟒𝟐𝟒𝟐𝟒𝟐𝟒𝟐𝟒𝟐'],
    ['zero-width spaces', '4242\u200b4242\u200b4242\u200b4242'],
    ['a byte order mark inside', '42424242\ufeff42424242'],
    ['soft hyphens', '4242\u00ad4242\u00ad4242\u00ad4242'],
    ['no-break spaces', '4242\u00a04242\u00a04242\u00a04242'],
    ['typographic dashes', '4242–4242–4242–4242'],
    ['line breaks', '4242\n4242\r\n4242\n4242'],
    ['tabs', '4242\t4242\t4242\t4242'],
    ['line separators', '4242\u20284242\u20284242\u20284242'],
    ['keycap digits', '4242'.split('').join('\ufe0f\u20e3') + '424242424242'],
  ])('sees through %s', (_, text) => expect(maskPan(`a ${text} b`)).toEqual({ text: 'a ..4242 b', count: 1 }));

  it.each([
    ['a number before it', `order 12 ${visa}`, 'order 12 ..4242'],
    ['an expiry after it', '4242 4242 4242 4242 12/28', '..4242 12/28'],
    ['an expiry before it', '12 4242 4242 4242 4242', '12 ..4242'],
    ['a date before it', `2026-01-01 ${visa}`, '2026-01-01 ..4242'],
    ['a time before it', `2026-01-01 12:00:00 ${visa}`, '2026-01-01 12:00:00 ..4242'],
    ['an amount after it', `${visa} 12.50`, '..4242 12.50'],
    ['letters on both sides', `PAN${visa}x`, 'PAN..4242x'],
    ['track data around it', `%B${visa}^DOE/J^2512?`, '%B..4242^DOE/J^2512?'],
    ['a URL around it', `https://x.example/?c=${visa}&a=1`, 'https://x.example/?c=..4242&a=1'],
    ['a plus sign and more digits than a phone has', `+${visa}`, '+..4242'],
    ['what begins like an IBAN', 'NO9386011117947000000 4242424242424242', 'NO9386011117947000000 ..4242'],
    ['an IBAN before it', `DE89 3704 0044 0532 0130 00 ${visa}`, 'DE89 3704 0044 0532 0130 00 ..4242'],
    ['an emoji before it', `💳${visa}💳`, '💳..4242💳'],
  ])('finds it with %s', (_, text, masked) => expect(maskPan(text)).toEqual({ text: masked, count: 1 }));

  it('hides several', () =>
    expect(maskPan(`${visa} 5555555555554444, 378282246310005`)).toEqual({ text: '..4242 ..4444, ..0005', count: 3 }));

  it('is quick on long runs of digits', () => {
    const text = '4242 '.repeat(20_000);
    expect(maskPan(text).count).toBeGreaterThan(0);
    expect(maskPan('4'.repeat(100_000)).count).toBe(0);
  });

  describe('leaves alone', () => {
    it.each([
      ['a number that fails Luhn', '4242424242424241'],
      ['a known number with an unknown prefix', '1234567812345670'],
      ['12 digits', '424242424242'],
      ['20 digits', '42424242424242424242'],
      ['two separators', '4242  4242  4242  4242'],
      ['an E.164 number', '+4915123456789'],
      ['an E.164 number that passes Luhn', '+4242424242426'],
      ['a spaced E.164 number', '+49 151 2345 6789 01'],
      ['a phone number with 00', '0049 151 2345 6789'],
      ['a national phone number', '(030) 1234 567-890'],
      ['an RFC 3339 time', '2026-01-01T12:00:00.000Z'],
      ['a compact time', '20260101120000123'],
      ['epoch milliseconds', '1767268800000'],
      ['epoch nanoseconds', '1767268800000000000'],
      ['two dates', '31.12.2026 01.01.2027'],
      ['a span of dates', '2026-01-01 - 2026-12-31'],
      ['a UUID', '550e8400-e29b-41d4-a716-446655440000'],
      ['a UUID that holds a Luhn-valid run', 'aaaaaaaa-aaaa-aaaa-4242-424242424242'],
      ['a UUID of digits', '42424242-4242-4242-4242-424242424242'],
      ['amounts', '5123.45 4100.00 3.50 12.00'],
      ['a long amount', '4242424242.42'],
      ['grouped amounts', '5,123,456,789,012.00'],
      ['an IBAN', 'DE89370400440532013000'],
      ['a spaced IBAN', 'IBAN DE89 3704 0044 0532 0130 00'],
      ['an IBAN with letters', 'GB29 NWBK 6016 1331 9268 19'],
      ['an IBAN whose digits pass Luhn', 'GL4000056655665556'],
      ['a retrieval reference (12 digits)', 'RRN 512345678901'],
      ['an IPv4 address', '203.0.113.7'],
      ['coordinates', '37.774929 -122.419416'],
      ['what is masked already', '..4242'],
      ['nothing', ''],
    ])('%s', (_, text) => expect(maskPan(text)).toEqual({ text, count: 0 }));
  });

  it('knows fields that are identifiers by name', () => {
    for (const name of ['id', 'accountId', 'lifecycleId', 'reversalOf', 'rrn', 'token', 'account']) {
      expect(isIdentifierField(name)).toBe(true);
    }
    for (const name of ['name', 'reference', 'city', 'note', 'pan', 'text'])
      expect(isIdentifierField(name)).toBe(false);
  });

  it('always hides a Luhn-valid number, wherever it stands among words', () => {
    const words = fc.stringMatching(/^[A-Za-z ,;:]{0,20}$/);
    // Behind two capitals of their own it may be an IBAN.
    const notOfIban = words.filter((text) => !/(?<![A-Za-z])[A-Z]{2}$/.test(text));
    const digits = fc.stringMatching(/^4[0-9]{14}$/).map((head) => head + checkDigit(head));
    fc.assert(
      fc.property(notOfIban, digits, words, fc.constantFrom('', ' ', '-', '.'), (before, pan, after, separator) => {
        const written = pan.match(/.{4}/g)!.join(separator);
        expect(maskPan(`${before}${written}${after}`)).toEqual({
          text: `${before}..${pan.slice(-4)}${after}`,
          count: 1,
        });
      }),
    );
  });

  it('never throws, and changes nothing where it counts nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const masked = maskPan(text);
        if (masked.count === 0) expect(masked.text).toBe(text);
      }),
    );
  });
});

const checkDigit = (head: string): string => '0123456789'.split('').find((digit) => luhn(head + digit))!;

describe('starPan', () => {
  const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
  const starred = (text: string): readonly [string, number] => {
    const { bytes, count } = starPan(bytesOf(text));
    return [new TextDecoder().decode(bytes), count];
  };

  it('overwrites in place and keeps the last four', () => {
    expect(starred(`{"reference":"${visa}"`)).toEqual(['{"reference":"************4242"', 1]);
    expect(starred('x 4242-4242-4242-4242 y')).toEqual(['x ****-****-****-4242 y', 1]);
    expect(starred(`${visa};378282246310005`)).toEqual(['************4242;***********0005', 2]);
  });

  it('keeps the length where a digit takes several bytes', () => {
    const text = `a ${'４'}242424242424242 ü`;
    const { bytes, count } = starPan(bytesOf(text));
    expect(count).toBe(1);
    expect(bytes).toHaveLength(bytesOf(text).length);
    expect(new TextDecoder().decode(bytes)).toBe('a **************4242 ü');
  });

  it('reads what JSON escapes', () => {
    expect(starred('"4242\\u00a04242\\u00a04242\\u00a04242"')).toEqual(['"****\\u00a0****\\u00a0****\\u00a04242"', 1]);
    expect(starred('"4242\\n4242\\r\\n4242\\t4242"')).toEqual(['"****\\n****\\r\\n****\\t4242"', 1]);
    expect(starred('"\\u0034242424242424242"')).toEqual(['"*****************4242"', 1]);
    expect(starred('"4242\\u200b424242424242"')).toEqual(['"****\\u200b********4242"', 1]);
    expect(starred('"\\u4242 \\u42"')).toEqual(['"\\u4242 \\u42"', 0]);
  });

  it('sees through line breaks and tabs as such', () =>
    expect(starred('4242\n4242\r\n4242\t4242')).toEqual(['****\n****\r\n****\t4242', 1]));

  it('finds it among bytes that are no text', () => {
    const bytes = new Uint8Array([0xff, 0xc3, ...bytesOf(visa), 0xe2, 0x82]);
    expect([...starPan(bytes).bytes]).toEqual([0xff, 0xc3, ...bytesOf('************4242'), 0xe2, 0x82]);
  });

  it('finds it in UTF-16', () => {
    const wide = new Uint8Array([...bytesOf(visa)].flatMap((byte) => [byte, 0]));
    const { bytes, count } = starPan(wide);
    expect(count).toBe(1);
    expect([...bytes.filter((_, i) => i % 2 === 0)]).toEqual([...bytesOf('************4242')]);
    expect([...bytes.filter((_, i) => i % 2 === 1)]).toEqual(Array.from({ length: 16 }, () => 0));
  });

  it('gives back the same bytes where there is nothing to hide, and never changes its input', () => {
    const plain = bytesOf('nothing here 123');
    expect(starPan(plain).bytes).toBe(plain);
    const input = bytesOf(visa);
    starPan(input);
    expect(new TextDecoder().decode(input)).toBe(visa);
  });

  it('never throws and never changes the length; only digits become stars', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      fc.constantFrom(...testPans, '\\u00a0', '４２４２', '\\', '-').map(bytesOf),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const bytes = Uint8Array.from(pieces.flatMap((part) => [...part]));
        const result = starPan(bytes);
        expect(result.bytes).toHaveLength(bytes.length);
        if (result.count === 0) expect(result.bytes).toBe(bytes);
        result.bytes.forEach((byte, i) => {
          if (byte !== bytes[i]) expect(byte).toBe(0x2a);
        });
      }),
    );
  });
});
