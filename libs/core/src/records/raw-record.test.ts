import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { starPan } from '../pan.ts';
import { bankRecordOf, logRecordOf, maxRawBytes } from './raw-record.ts';

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
      fc.property(
        bytes,
        fc.option(fc.oneof(bytes, fc.constant(encoder.encode('acc-1')))),
        fc.dictionary(fc.string(), bytes),
        (value, key, headers) => {
          fc.pre(starPan(value).count === 0);
          const given = record(value, key, headers);
          const { bank = {}, value: along } = bankRecordOf(given, 'acc-1')!;
          const read = JSON.parse(JSON.stringify(bank)) as typeof bank;
          expect(logRecordOf(read, along, 'acc-1', place, 5)).toEqual(given);
        },
      ),
    );
  });

  it('has key and headers as text where they are UTF-8, byte order mark included', () => {
    const key = encoder.encode('\ufeffж');
    const { bank } = bankRecordOf(record(encoder.encode('{}'), key, { h: new Uint8Array([0x80]) }), 'acc-1')!;
    expect(bank).toEqual({ key: '\ufeffж', headers: { h: { base64: 'gA==' } } });
  });

  it('costs no word where the key is the account and there is no header', () => {
    const given = record(encoder.encode('{}'), encoder.encode('acc-1'));
    expect(bankRecordOf(given, 'acc-1')).toEqual({ value: given.value });
  });

  it('does not make the transaction too large for the log, however large key and headers are', () => {
    const value = new Uint8Array(maxRawBytes);
    for (const bytes of [0x00, 0x20, 0x80].map((byte) => new Uint8Array(maxRawBytes - 3).fill(byte))) {
      const { bank } = bankRecordOf(record(value, null, { h1: bytes }), 'acc-1')!;
      expect(JSON.stringify(bank).length + value.length).toBeLessThan(900_000);
      expect(bankRecordOf(record(value, encoder.encode('key'), { h1: bytes }), 'acc-1')).toBeUndefined();
    }
  });

  it('keeps no full card number', () => {
    const { bank, value } = bankRecordOf(
      record(encoder.encode('{"n":"4242 4242 4242 4242","m":"5555555555554444"}')),
      'acc-1',
    )!;
    expect(new TextDecoder().decode(value)).toBe('{"n":"**** **** **** 4242","m":"************4444"}');
    expect(bank?.masked).toBe(2);
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
      '\n',
      '\t',
      '\\n',
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
        expect(bankRecordOf(record(value), 'acc-1')!.bank?.masked ?? 0).toBe(starPan(value).count);
      }),
      { numRuns: 500 },
    );
  });

  it('is not taken along without a value or when large', () => {
    expect(bankRecordOf(record(null), 'acc-1')).toBeUndefined();
    expect(bankRecordOf(record(new Uint8Array(maxRawBytes + 1)), 'acc-1')).toBeUndefined();
  });
});
