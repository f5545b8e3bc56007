import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TransactionContract, fieldsOf, rejectCodes } from '@tocsin/core';
import type { Decoded, RejectCode } from '@tocsin/core';
import { JsonRecordOptions } from '../record/options.ts';
import { json } from './json.ts';

const encoder = new TextEncoder();
const options = new JsonRecordOptions();
const receivedAt = Date.parse('2026-01-01T12:00:01Z');

const decode = (value: Uint8Array | null, headers: Readonly<Record<string, string>> = {}, chosen = options): Decoded =>
  json.decode(
    value,
    Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, encoder.encode(text)])),
    chosen,
    receivedAt,
  );
const decodeText = (text: string, headers?: Readonly<Record<string, string>>): Decoded =>
  decode(encoder.encode(text), headers);
const decodeValue = (value: unknown, headers?: Readonly<Record<string, string>>): Decoded =>
  decodeText(JSON.stringify(value), headers);

const least = {
  id: 't-000001',
  accountId: 'acc-1',
  occurredAt: '2026-01-01T12:00:00.000Z',
  amount: { value: '12.34', currency: 'USD' },
  direction: 'debit',
};
const canonical = {
  id: 't-000001',
  lifecycleId: 't-000001',
  accountId: 'acc-1',
  occurredAt: Date.parse('2026-01-01T12:00:00Z'),
  precision: 'instant',
  amount: { minor: 1234, currency: 'USD' },
  direction: 'debit',
  status: 'booked',
};
const full = {
  ...least,
  lifecycleId: 'l-1',
  customerId: 'cus-1',
  valueDate: '2026-01-02',
  status: 'authorised',
  channel: 'card-present',
  merchant: {
    id: 'm-1',
    name: 'Corner Coffee',
    mcc: '5814',
    country: 'US',
    city: 'San Francisco',
    latitude: 37.77,
    longitude: -122.42,
    terminalId: 'T1',
  },
  counterparty: { name: 'Jane', account: 'a-7', country: 'DE' },
  card: { token: 'tok', last4: '4242', entryMode: 'chip', pinVerified: true, threeDs: false },
  device: { id: 'd-1', ip: '203.0.113.7' },
  balanceAfter: { value: '-5123.45', currency: 'USD' },
  declineReason: '51',
  reversalOf: 't-000000',
  bankTransactionCode: 'PMNT-CCRD',
  reference: 'Invoice 7',
};

describe('a good record', () => {
  it('needs little', () =>
    expect(decodeValue(least)).toEqual({ transactions: [canonical], warnings: [], rejections: [] }));

  it('keeps everything that it says', () => {
    expect(decodeValue(full)).toEqual({
      transactions: [
        {
          ...full,
          occurredAt: canonical.occurredAt,
          precision: 'instant',
          amount: { minor: 1234, currency: 'USD' },
          balanceAfter: { minor: -512345, currency: 'USD' },
        },
      ],
      warnings: [],
      rejections: [],
    });
  });

  it('has every field of the contract in that example, so none is forgotten in the mapping', () => {
    expect(Object.keys(full).sort()).toEqual(
      fieldsOf(TransactionContract)
        .map(({ name }) => name)
        .sort(),
    );
  });

  it('treats null as missing', () => {
    const nothing = Object.fromEntries(
      Object.keys(full)
        .filter((name) => !(name in least))
        .map((name) => [name, null]),
    );
    expect(decodeValue({ ...least, ...nothing }).transactions).toEqual([canonical]);
    const empty = {
      merchant: { name: null },
      counterparty: { name: null },
      card: { token: null },
      device: { id: null },
    };
    expect(decodeValue({ ...least, ...empty }).transactions).toEqual([
      { ...canonical, merchant: {}, counterparty: {}, card: {}, device: {} },
    ]);
  });

  it('may know the day alone', () =>
    expect(decodeValue({ ...least, occurredAt: '2026-01-01' }).transactions).toEqual([
      { ...canonical, occurredAt: Date.parse('2026-01-01T00:00:00Z'), precision: 'date' },
    ]));

  it('may begin with a byte order mark', () =>
    expect(decodeText(`\ufeff${JSON.stringify(least)}`).transactions).toEqual([canonical]));

  it('drops unknown fields and says which', () => {
    const { transactions, warnings } = decodeValue({
      ...full,
      colour: 'red',
      merchant: { ...full.merchant, 'x y': 1 },
      '4242424242424242': 1,
    });
    expect(transactions).toEqual(decodeValue(full).transactions);
    expect(warnings).toEqual([
      { code: 'UNKNOWN_FIELD', path: 'merchant.x y' },
      { code: 'UNKNOWN_FIELD', path: 'colour' },
      { code: 'UNKNOWN_FIELD', path: '..4242' },
    ]);
  });

  it('is not changed by a field named __proto__ or constructor', () => {
    const text = JSON.stringify(least).replace(
      '{',
      '{"__proto__":{"status":"declined"},"constructor":{"prototype":{}},',
    );
    expect(decodeText(text)).toEqual({
      transactions: [canonical],
      warnings: [
        { code: 'UNKNOWN_FIELD', path: '__proto__' },
        { code: 'UNKNOWN_FIELD', path: 'constructor' },
      ],
      rejections: [],
    });
  });

  it('cleans texts', () => {
    const { transactions } = decodeValue({ ...least, reference: ' a\u0000\r\n b ', declineReason: '  ' });
    expect(transactions).toEqual([{ ...canonical, reference: 'a b' }]);
  });

  it('has card numbers in texts masked, and is accepted', () => {
    const pan = '4242 4242 4242 4242';
    const { transactions, warnings } = decodeValue({
      ...least,
      merchant: { name: `M ${pan}`, city: pan },
      counterparty: { name: pan },
      declineReason: pan,
      bankTransactionCode: pan,
      reference: `for ${pan}, thanks`,
    });
    expect(transactions).toEqual([
      {
        ...canonical,
        merchant: { name: 'M ..4242', city: '..4242' },
        counterparty: { name: '..4242' },
        declineReason: '..4242',
        bankTransactionCode: '..4242',
        reference: 'for ..4242, thanks',
      },
    ]);
    expect(warnings).toEqual(
      ['merchant.name', 'merchant.city', 'counterparty.name', 'declineReason', 'bankTransactionCode', 'reference'].map(
        (path) => ({ code: 'PAN_IN_FIELD', path }),
      ),
    );
  });

  it('keeps identifiers that look like card numbers by chance', () => {
    const chance = '4242424242424242';
    const { transactions, warnings } = decodeValue({
      ...least,
      id: chance,
      lifecycleId: chance,
      accountId: chance,
      customerId: chance,
      reversalOf: chance,
      merchant: { id: chance, terminalId: chance },
      counterparty: { account: chance },
      card: { token: chance },
      device: { id: chance },
    });
    expect(JSON.stringify(transactions).split(chance)).toHaveLength(11);
    expect(warnings).toEqual([]);
  });
});

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const withUnknown = (inner: string): string => JSON.stringify(least).replace('{', `{"x":${inner},`);
const amount = (value: unknown, currency: unknown = 'USD') => ({ ...least, amount: { value, currency } });

describe('a bad record is rejected with a code', () => {
  const bytes: readonly (readonly [string, Uint8Array | null, RejectCode, string])[] = [
    ['null', null, 'RECORD_EMPTY', ''],
    ['no bytes', new Uint8Array(), 'RECORD_EMPTY', ''],
    ['blanks', encoder.encode('  '), 'JSON_INVALID', ''],
    ['64 KiB and a byte', encoder.encode(' '.repeat(65_537)), 'RECORD_TOO_LARGE', ''],
    ['too large and no UTF-8', new Uint8Array(65_537).fill(0xff), 'RECORD_TOO_LARGE', ''],
    ['no UTF-8', new Uint8Array([0x7b, 0xff, 0x7d]), 'ENCODING_INVALID', ''],
    ['Latin-1', Uint8Array.from('{"id":"Café"}', (c) => c.charCodeAt(0)), 'ENCODING_INVALID', ''],
    ['an overlong form', new Uint8Array([0x22, 0xc0, 0xaf, 0x22]), 'ENCODING_INVALID', ''],
    ['cut within a character', encoder.encode('"é').subarray(0, 2), 'ENCODING_INVALID', ''],
    ['UTF-16', Uint8Array.from('{}'.split('').flatMap((c) => [c.charCodeAt(0), 0])), 'JSON_INVALID', ''],
    ['truncated', encoder.encode(JSON.stringify(least).slice(0, -9)), 'JSON_INVALID', ''],
    ['truncated in a string', encoder.encode(JSON.stringify(least).slice(0, 8)), 'JSON_INVALID', ''],
    ['two objects', encoder.encode('{}{}'), 'JSON_INVALID', ''],
    ['NaN', encoder.encode('{"id":NaN}'), 'JSON_INVALID', ''],
    ['XML', encoder.encode('<Document/>'), 'JSON_INVALID', ''],
    ['17 levels in an unknown field', encoder.encode(withUnknown(nested(16))), 'RECORD_TOO_DEEP', ''],
    ['17 levels in a bad record', encoder.encode(`{"x":${nested(16)}}`), 'RECORD_TOO_DEEP', ''],
    [
      '17 levels in a known field',
      encoder.encode(withUnknown('1').replace('"debit"', nested(16))),
      'RECORD_TOO_DEEP',
      '',
    ],
    ['30,000 levels', encoder.encode(nested(30_000)), 'RECORD_TOO_DEEP', ''],
    ['30,000 levels in an unknown field', encoder.encode(withUnknown(nested(30_000))), 'RECORD_TOO_DEEP', ''],
    ['30,000 levels that do not end', encoder.encode('{"x":'.repeat(10_000)), 'JSON_INVALID', ''],
    ['null in JSON', encoder.encode('null'), 'SCHEMA_INVALID', ''],
    ['an array', encoder.encode('[]'), 'SCHEMA_INVALID', ''],
    ['a text', encoder.encode('"x"'), 'SCHEMA_INVALID', ''],
  ];
  it.each(bytes)('%s', (_, value, code, path) => {
    const { transactions, rejections } = decode(value);
    expect(transactions).toEqual([]);
    expect(rejections[0]).toMatchObject({ code, path });
  });

  const fields: readonly (readonly [string, unknown, RejectCode, string])[] = [
    ['no id', { ...least, id: undefined }, 'REF_MISSING', 'id'],
    ['no account', { ...least, accountId: undefined }, 'ACCOUNT_MISSING', 'accountId'],
    ['a blank account', { ...least, accountId: ' ' }, 'ACCOUNT_MISSING', 'accountId'],
    ['an account with a tab', { ...least, accountId: 'a\tb' }, 'ACCOUNT_INVALID', 'accountId'],
    [
      'an account cut within a character',
      { ...least, accountId: 'acc-😀'.slice(0, 5) },
      'ACCOUNT_INVALID',
      'accountId',
    ],
    ['an id that begins within one', { ...least, id: '😀'.slice(1) }, 'SCHEMA_INVALID', 'id'],
    ['no time', { ...least, occurredAt: null }, 'TIME_MISSING', 'occurredAt'],
    ['no amount', { ...least, amount: undefined }, 'AMOUNT_MISSING', 'amount'],
    ['no value', amount(undefined), 'AMOUNT_MISSING', 'amount.value'],
    ['no currency', { ...least, amount: { value: '1' } }, 'CURRENCY_MISSING', 'amount.currency'],
    ['no direction', { ...least, direction: undefined }, 'DIRECTION_MISSING', 'direction'],
    ['an amount as a number', { ...least, amount: 12.34 }, 'SCHEMA_INVALID', 'amount'],
    ['a value as a number', amount(12.34), 'SCHEMA_INVALID', 'amount.value'],
    ['an id as a number', { ...least, id: 1 }, 'SCHEMA_INVALID', 'id'],
    ['a boolean as text', { ...least, card: { threeDs: 'no' } }, 'SCHEMA_INVALID', 'card.threeDs'],
    ['a latitude as text', { ...least, merchant: { latitude: '1' } }, 'SCHEMA_INVALID', 'merchant.latitude'],
    ['an unknown currency', amount('1.00', 'ZZZZ'), 'CURRENCY_UNKNOWN', 'amount.currency'],
    ['a test currency', amount('1.00', 'XTS'), 'CURRENCY_UNKNOWN', 'amount.currency'],
    ['surplus decimals', amount('12.345'), 'AMOUNT_INVALID', 'amount.value'],
    ['a thousands separator', amount('1,234.00'), 'AMOUNT_INVALID', 'amount.value'],
    ['an exponent', amount('1e3'), 'AMOUNT_INVALID', 'amount.value'],
    ['a negative amount', amount('-5.00'), 'AMOUNT_NEGATIVE', 'amount.value'],
    ['too much', amount('90071992547409.92'), 'AMOUNT_RANGE', 'amount.value'],
    ['an unknown direction', { ...least, direction: 'out' }, 'SCHEMA_INVALID', 'direction'],
    ['an unknown status', { ...least, status: 'DONE' }, 'STATUS_UNKNOWN', 'status'],
    ['an unknown channel', { ...least, channel: 'pigeon' }, 'SCHEMA_INVALID', 'channel'],
    ['a day that does not exist', { ...least, occurredAt: '2026-02-30' }, 'TIME_INVALID', 'occurredAt'],
    ['a time without a zone', { ...least, occurredAt: '2026-01-01T12:00:00' }, 'TIME_INVALID', 'occurredAt'],
    ['more than a day ahead', { ...least, occurredAt: '2026-01-02T12:00:01.001Z' }, 'TIME_FUTURE', 'occurredAt'],
    ['a day ahead of tomorrow', { ...least, occurredAt: '2026-01-03' }, 'TIME_FUTURE', 'occurredAt'],
  ];
  it.each(fields)('%s', (_, value, code, path) => {
    const { transactions, rejections } = decodeValue(value);
    expect(transactions).toEqual([]);
    expect(rejections).toHaveLength(1);
    expect(rejections[0]).toMatchObject({ code, path });
  });

  it('and nothing that lies on the right side of a limit is', () => {
    const padded = JSON.stringify(least).padEnd(65_536);
    expect(decodeText(padded).rejections).toEqual([]);
    expect(decodeText(withUnknown(nested(15))).rejections).toEqual([]);
    expect(decodeValue({ ...least, occurredAt: '2026-01-02T12:00:01.000Z' }).rejections).toEqual([]);
    expect(decodeValue({ ...least, occurredAt: '2019-01-01' }).rejections).toEqual([]);
  });

  it('by limits that can be chosen', () => {
    const chosen = Object.assign(new JsonRecordOptions(), { maxBytes: 2_048, maxDepth: 4 });
    const first = (text: string) => decode(encoder.encode(text), {}, chosen).rejections[0]?.code;
    expect(first(JSON.stringify(least).padEnd(2_048))).toBeUndefined();
    expect(first(JSON.stringify(least).padEnd(2_049))).toBe('RECORD_TOO_LARGE');
    expect(first(withUnknown(nested(3)))).toBeUndefined();
    expect(first(withUnknown(nested(4)))).toBe('RECORD_TOO_DEEP');
  });

  it('the first by rank and field order, and all are listed', () => {
    const { rejections } = decodeValue({
      amount: { value: 5, currency: 'ZZZ' },
      occurredAt: '2026-02-30',
      direction: 'x',
    });
    expect(rejections.map(({ code, path }) => `${code} ${path}`)).toEqual([
      'REF_MISSING id',
      'ACCOUNT_MISSING accountId',
      'SCHEMA_INVALID amount.value',
      'SCHEMA_INVALID direction',
      'TIME_INVALID occurredAt',
      'CURRENCY_UNKNOWN amount.currency',
    ]);
  });

  it('in a sentence that quotes nothing of the record', () => {
    const texts = [
      '{"name":"Jane Doe" "x"}',
      '{"name":"Jane Doe',
      'Jane Doe',
      '{"name":"Jane\tDoe"}',
      '{"status":"Jane Doe"}',
    ];
    for (const text of texts) {
      for (const { reason } of decodeText(text).rejections) expect(reason).not.toMatch(/Jane|Doe|name/);
    }
    expect(decodeText('{"name":"Jane Doe').rejections[0]?.reason).toBe('JSON ends too early, after 17 characters.');
    expect(decodeText('{"a":1,}').rejections[0]?.reason).toBe('The record is not JSON from character 7 on.');
  });
});

describe('CloudEvents', () => {
  const binary = {
    ce_specversion: '1.0',
    ce_id: 'e-1',
    ce_source: '/bank',
    ce_type: 'bank.transaction.v1',
    'content-type': 'application/json',
  };
  const structured = { 'content-type': 'application/cloudevents+json; charset=UTF-8' };
  const envelope = { specversion: '1.0', id: 'e-1', source: '/bank', type: 'bank.transaction.v1', data: least };
  const base64 = Buffer.from(JSON.stringify(least)).toString('base64');
  const { data: _data, ...bare } = envelope;
  const first = ({ rejections }: Decoded): string => `${rejections[0]?.code} ${rejections[0]?.path}`;

  it.each<readonly [string, unknown, Readonly<Record<string, string>>]>([
    ['plain', least, {}],
    ['plain with a content type', least, { 'content-type': 'application/json' }],
    ['binary', least, binary],
    ['structured', envelope, structured],
    ['structured with Base64', { ...bare, data_base64: base64 }, structured],
    ['structured with Base64 and null data', { ...envelope, data: null, data_base64: base64 }, structured],
    ['structured with more attributes', { ...envelope, subject: 's', traceparent: 'x' }, structured],
  ])('%s: the same transaction', (_, value, headers) =>
    expect(decodeValue(value, headers)).toEqual({ transactions: [canonical], warnings: [], rejections: [] }),
  );

  it.each<readonly [string, unknown, Readonly<Record<string, string>>, string]>([
    ['binary of another version', least, { ...binary, ce_specversion: '0.3' }, 'SCHEMA_INVALID ce_specversion'],
    ['binary without a source', least, { ce_specversion: '1.0', ce_id: '1', ce_type: 't' }, 'SCHEMA_INVALID ce_source'],
    ['binary with a bad payload', {}, binary, 'REF_MISSING id'],
    ['structured without an id', { ...envelope, id: undefined }, structured, 'SCHEMA_INVALID id'],
    ['structured with a number as type', { ...envelope, type: 1 }, structured, 'SCHEMA_INVALID type'],
    ['structured without data', bare, structured, 'RECORD_EMPTY data'],
    ['structured with empty Base64', { ...bare, data_base64: '' }, structured, 'RECORD_EMPTY '],
    ['structured with both', { ...envelope, data_base64: base64 }, structured, 'SCHEMA_INVALID data'],
    ['structured with no Base64', { ...bare, data_base64: '{"' }, structured, 'ENCODING_INVALID data_base64'],
    ['structured with Base64 of no UTF-8', { ...bare, data_base64: '/w==' }, structured, 'ENCODING_INVALID '],
    ['structured with Base64 of no JSON', { ...bare, data_base64: 'eA==' }, structured, 'JSON_INVALID '],
    ['structured with text as data', { ...envelope, data: 'x' }, structured, 'SCHEMA_INVALID '],
    [
      'structured with a bad payload',
      { ...envelope, data: { ...least, status: 'x' } },
      structured,
      'STATUS_UNKNOWN status',
    ],
    ['an array as envelope', [envelope], structured, 'SCHEMA_INVALID '],
    ['a batch', [envelope], { 'content-type': 'application/cloudevents-batch+json' }, 'FORMAT_UNKNOWN content-type'],
    ['an envelope that is not announced', envelope, {}, 'ACCOUNT_MISSING accountId'],
  ])('%s', (_, value, headers, expected) => expect(first(decodeValue(value, headers))).toBe(expected));

  it('counts the depth of the envelope, and of what Base64 hides', () => {
    const deep = withUnknown(nested(15));
    expect(decodeText(deep).rejections).toEqual([]);
    expect(first(decodeText(JSON.stringify({ ...envelope, data: JSON.parse(deep) as unknown }), structured))).toBe(
      'RECORD_TOO_DEEP ',
    );
    const hidden = Buffer.from(withUnknown(nested(16))).toString('base64');
    expect(first(decodeValue({ ...bare, data_base64: hidden }, structured))).toBe('RECORD_TOO_DEEP ');
  });

  it('takes only the types that were chosen', () => {
    const chosen = Object.assign(new JsonRecordOptions(), { eventTypes: ['bank.transaction.v1'] });
    const value = encoder.encode(JSON.stringify(least));
    expect(decode(value, binary, chosen).rejections).toEqual([]);
    expect(first(decode(value, { ...binary, ce_type: 'iso20022.camt.054' }, chosen))).toBe('FORMAT_UNKNOWN ce_type');
  });
});

describe('whatever comes', () => {
  const wellFormed = ({ transactions, rejections }: Decoded): void => {
    expect(transactions.length > 0).toBe(rejections.length === 0);
    for (const { code, reason } of rejections) {
      expect(rejectCodes).toContain(code);
      expect(reason).not.toBe('');
    }
  };
  const headers = fc.constantFrom({}, { ce_specversion: '1.0' }, { 'content-type': 'application/cloudevents+json' });

  it('bytes never make it throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), headers, (value, given) => wellFormed(decode(value, given))),
    );
  });

  it('JSON never makes it throw', () => {
    fc.assert(fc.property(fc.json(), headers, (text, given) => wellFormed(decodeText(text, given))));
  });

  it('a good record with a byte changed, or cut, never makes it throw', () => {
    const bytes = encoder.encode(JSON.stringify(full));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }), fc.boolean(), (at, byte, cut) => {
        const value = cut ? bytes.slice(0, at) : bytes.with(at, byte);
        wellFormed(decode(value));
      }),
      { numRuns: 400 },
    );
  });
});
