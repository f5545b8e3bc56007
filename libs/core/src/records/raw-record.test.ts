import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { starPan } from '../pan.ts';
import { logRecordOf, maxRawBytes, rawRecordOf } from './raw-record.ts';

const encoder = new TextEncoder();
const place = { topic: 'bank', partition: 2, offset: 7 };
const record = (value: Uint8Array | null, key: Uint8Array | null = null, headers: Record<string, Uint8Array> = {}) => ({
  ...place,
  timestamp: 5,
  key,
  value,
  headers,
});

describe('a record of the bank that travels along', () => {
  it('comes back byte for byte, after JSON, whatever the bytes', () => {
    const bytes = fc.uint8Array({ maxLength: 60 });
    fc.assert(
      fc.property(bytes, fc.option(bytes), fc.dictionary(fc.string(), bytes), (value, key, headers) => {
        fc.pre(starPan(value).count === 0);
        const given = record(value, key, headers);
        const raw = JSON.parse(JSON.stringify(rawRecordOf(given))) as NonNullable<ReturnType<typeof rawRecordOf>>;
        expect(logRecordOf(raw, place, 5)).toEqual(given);
      }),
    );
  });

  it('is text where it is UTF-8, byte order mark included', () => {
    const bytes = encoder.encode('\ufeff{"a":"ж"}');
    expect(rawRecordOf(record(bytes))).toEqual({ key: null, value: '\ufeff{"a":"ж"}', headers: {} });
    expect(rawRecordOf(record(new Uint8Array([0x80])))!.value).toEqual({ base64: 'gA==' });
  });

  it('keeps no full card number', () => {
    const raw = rawRecordOf(record(encoder.encode('{"n":"4242 4242 4242 4242","m":"5555555555554444"}')));
    expect(raw).toMatchObject({ value: '{"n":"**** **** **** 4242","m":"************4444"}', masked: 2 });
  });

  it('finds card numbers wherever the scanner finds them', () => {
    const part = fc.constantFrom(
      '4242',
      '424242',
      '4242424242424242',
      '5555555555554444',
      ' ',
      '-',
      '.',
      '"',
      ':',
      'x',
      'é',
      '\\u0034',
      '２',
      '\0',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const value = encoder.encode(parts.join(''));
        expect(rawRecordOf(record(value))!.masked ?? 0).toBe(starPan(value).count);
      }),
      { numRuns: 500 },
    );
  });

  it('is not taken along without a value or when large', () => {
    expect(rawRecordOf(record(null))).toBeUndefined();
    expect(rawRecordOf(record(new Uint8Array(maxRawBytes + 1)))).toBeUndefined();
  });
});
