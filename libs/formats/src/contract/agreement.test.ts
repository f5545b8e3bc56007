import { describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import fc from 'fast-check';
import {
  AccountEventContract,
  AccountHoldersContract,
  AccountSettingsContract,
  BankAnswerContract,
  LabelContract,
  TransactionContract,
  fieldsOf,
  problemsOf,
} from '@tocsin/core';
import { validatorOf } from './validator.ts';

/*
 * The contract is stated once and checked in three ways: class-validator, the schema compiled by AJV, and the careful
 * search for reasons. One table goes through all three, and every verdict must be the same.
 */

type Contract = new () => object;

const byClassValidator = (contract: Contract, value: unknown): boolean => {
  // class-transformer makes something of null and of arrays; a body is checked to be an object before.
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return validateSync(plainToInstance(contract, value)).length === 0;
};
const byAjv = (contract: Contract, value: unknown): boolean => validatorOf(contract)(value);
const bySearch = (contract: Contract, value: unknown): boolean => problemsOf(contract, value).length === 0;

const verdicts = (contract: Contract, value: unknown) => ({
  classValidator: byClassValidator(contract, value),
  ajv: byAjv(contract, value),
  search: bySearch(contract, value),
});
const all = (valid: boolean) => ({ classValidator: valid, ajv: valid, search: valid });

const least = {
  id: 't-1',
  accountId: 'acc-1',
  occurredAt: '2026-01-01T12:00:00.000Z',
  amount: { value: '12.34', currency: 'USD' },
  direction: 'debit',
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
  counterparty: { name: 'Jane', account: 'DE89370400440532013000', country: 'DE' },
  card: { token: 'tok', last4: '4242', entryMode: 'chip', pinVerified: true, threeDs: false },
  device: { id: 'd', ip: '203.0.113.7' },
  balanceAfter: { value: '-5123.45', currency: 'USD' },
  declineReason: '51',
  reversalOf: 't-0',
  bankTransactionCode: 'PMNT',
  reference: 'Invoice 7',
};

const without = (name: string): object => Object.fromEntries(Object.entries(least).filter(([key]) => key !== name));
const amount = (value: unknown, currency: unknown = 'USD'): object => ({ ...least, amount: { value, currency } });
const at = (occurredAt: unknown): object => ({ ...least, occurredAt });
const merchant = (part: object): object => ({ ...least, merchant: part });
const card = (part: object): object => ({ ...least, card: part });

const good: readonly (readonly [string, unknown])[] = [
  ['the least', least],
  ['everything', full],
  ['an unknown field', { ...least, colour: 'red' }],
  ['an unknown nested field', merchant({ colour: 'red' })],
  ['an own key __proto__', JSON.parse(JSON.stringify(least).replace('{', '{"__proto__":{"id":7},'))],
  ['a key constructor', { ...least, constructor: 1 }],
  ['null in optional scalars', { ...least, lifecycleId: null, customerId: null, valueDate: null, reference: null }],
  ['null in optional enums', { ...least, status: null, channel: null }],
  [
    'null in optional objects',
    { ...least, merchant: null, counterparty: null, card: null, device: null, balanceAfter: null },
  ],
  ['nulls inside a merchant', merchant({ id: null, mcc: null, country: null, latitude: null })],
  ['nulls inside a card', card({ entryMode: null, pinVerified: null })],
  ['empty optional objects', { ...least, merchant: {}, counterparty: {}, card: {}, device: {} }],
  ['a time without milliseconds', at('2026-01-01T00:00:00Z')],
  ['a time with an offset', at('2026-01-01T00:00:00+05:45')],
  ['nanoseconds', at('2026-01-01T00:00:00.123456789Z')],
  ['a day', at('2026-01-01')],
  ['a leap day', at('2024-02-29')],
  ['surplus zeros', amount('12.34000')],
  ['no decimals', amount('12')],
  ['zero', amount('0.00')],
  ['yen', amount('1500', 'JPY')],
  ['dinars', amount('1.250', 'KWD')],
  ['the largest amount', amount('90071992547409.91')],
  ['a negative balance', { ...least, balanceAfter: { value: '-0.01', currency: 'EUR' } }],
  ['the poles', merchant({ latitude: -90, longitude: 180 })],
  ['a long text', { ...least, reference: 'x'.repeat(5000) }],
  ['an empty text', { ...least, reference: '' }],
  ['an identifier of 256', { ...least, id: 'x'.repeat(256) }],
  ['an identifier in another script', { ...least, id: 'счёт-七' }],
  ['an identifier with a colon', { ...least, accountId: 'a:b/c d' }],
  ['a card number in a text', { ...least, reference: '4242424242424242' }],
];

const bad: readonly (readonly [string, unknown])[] = [
  ['null', null],
  ['an array', [least]],
  ['an empty array', []],
  ['a text', 'x'],
  ['a number', 7],
  ['true', true],
  ['nothing', {}],
  ...Object.keys(least).flatMap((name): (readonly [string, unknown])[] => [
    [`no ${name}`, without(name)],
    [`${name} null`, { ...least, [name]: null }],
    [`${name} a number`, { ...least, [name]: 7 }],
    [`${name} an array`, { ...least, [name]: [] }],
    [`${name} true`, { ...least, [name]: true }],
  ]),
  ['an empty id', { ...least, id: '' }],
  ['a blank id', { ...least, id: '  ' }],
  ['an id with a line break', { ...least, id: 'a\nb' }],
  ['an id of 257', { ...least, id: 'x'.repeat(257) }],
  ['a blank optional id', { ...least, customerId: '' }],
  ['half a surrogate pair in an id', { ...least, customerId: 'c-\ud83d' }],
  ['a blank time', at('')],
  ['a day that does not exist', at('2026-02-30')],
  ['a time on a day that does not exist', at('2026-02-30T00:00:00Z')],
  ['no zone', at('2026-01-01T00:00:00')],
  ['a blank for T', at('2026-01-01 00:00:00Z')],
  ['a week date', at('2026-W01-1')],
  ['text around a time', at('x 2026-01-01T00:00:00.000Z y')],
  ['a value date with a time', { ...least, valueDate: '2026-01-01T00:00:00Z' }],
  ['a value date that does not exist', { ...least, valueDate: '2025-02-29' }],
  ['an amount as text', { ...least, amount: '12.34' }],
  ['an amount in an array', { ...least, amount: [{ value: '1', currency: 'USD' }] }],
  ['a number as value', amount(12.34)],
  ['null as value', amount(null)],
  ['an empty value', amount('')],
  ['a comma', amount('12,34')],
  ['an exponent', amount('1e3')],
  ['surplus decimals', amount('12.345')],
  ['decimals on yen', amount('1.5', 'JPY')],
  ['a negative amount', amount('-1.00')],
  ['too much', amount('90071992547409.92')],
  ['no currency', { ...least, amount: { value: '1' } }],
  ['null as currency', amount('1', null)],
  ['an unknown currency', amount('1', 'ZZZ')],
  ['a lower-case currency', amount('1', 'usd')],
  ['a test currency', amount('1', 'XTS')],
  ['a numeric currency', amount('1', 840)],
  ['everything wrong in an amount', amount('x', 'ZZZ')],
  ['an upper-case direction', { ...least, direction: 'DEBIT' }],
  ['an unknown status', { ...least, status: 'done' }],
  ['an empty status', { ...least, status: '' }],
  ['an unknown channel', { ...least, channel: 'pigeon' }],
  ['a merchant in an array', { ...least, merchant: [{}] }],
  ['no merchant in an array', { ...least, merchant: [] }],
  ['a merchant as text', { ...least, merchant: 'Corner Coffee' }],
  ['false as merchant', { ...least, merchant: false }],
  ['an unknown country', merchant({ country: 'ZZ' })],
  ['a country in lower case', merchant({ country: 'us' })],
  ['an mcc of three digits', merchant({ mcc: '581' })],
  ['an mcc with a line break', merchant({ mcc: '5814\n' })],
  ['an mcc as a number', merchant({ mcc: 5814 })],
  ['an mcc in full-width digits', merchant({ mcc: '５８１４' })],
  ['a latitude of 91', merchant({ latitude: 91 })],
  ['a latitude as text', merchant({ latitude: '1' })],
  ['a longitude of -181', merchant({ longitude: -181 })],
  ['a name as a number', merchant({ name: 7 })],
  ['a last4 of five', card({ last4: '42424' })],
  ['an unknown entry mode', card({ entryMode: 'swipe' })],
  ['a boolean as text', card({ pinVerified: 'true' })],
  ['a boolean as a number', card({ threeDs: 1 })],
  ['an empty balance', { ...least, balanceAfter: {} }],
  ['a balance with surplus decimals', { ...least, balanceAfter: { value: '-1.005', currency: 'USD' } }],
  ['a reference as an object', { ...least, reference: { text: 'x' } }],
];

const event = { id: 'e-1', type: 'card-status', accountId: 'acc-1', occurredAt: '2026-01-01', data: {} };
const others: readonly (readonly [string, Contract, unknown, boolean])[] = [
  ['an event', AccountEventContract, event, true],
  ['an event of a customer', AccountEventContract, { ...event, accountId: undefined, customerId: 'c' }, true],
  ['an event with any data', AccountEventContract, { ...event, data: { a: [1, { b: null }] } }, true],
  ['an event of an unknown type', AccountEventContract, { ...event, type: 'birthday' }, false],
  ['an event without data', AccountEventContract, { ...event, data: undefined }, false],
  ['an event with null as data', AccountEventContract, { ...event, data: null }, false],
  ['an event with an array as data', AccountEventContract, { ...event, data: [] }, false],
  ['holders', AccountHoldersContract, { ...event, data: { holders: [{ customerId: 'c', role: 'owner' }] } }, true],
  ['no holders', AccountHoldersContract, { ...event, data: { holders: [] } }, true],
  ['holders without an account', AccountHoldersContract, { ...event, accountId: null, data: { holders: [] } }, false],
  ['holders missing', AccountHoldersContract, event, false],
  ['holders as an object', AccountHoldersContract, { ...event, data: { holders: {} } }, false],
  ['a list in the list of holders', AccountHoldersContract, { ...event, data: { holders: [[]] } }, false],
  ['null among the holders', AccountHoldersContract, { ...event, data: { holders: [null] } }, false],
  ['a holder without a role', AccountHoldersContract, { ...event, data: { holders: [{ customerId: 'c' }] } }, false],
  [
    'an unknown role',
    AccountHoldersContract,
    { ...event, data: { holders: [{ customerId: 'c', role: 'pet' }] } },
    false,
  ],
  [
    'too many holders',
    AccountHoldersContract,
    { ...event, data: { holders: Array.from({ length: 101 }, () => ({ customerId: 'c', role: 'owner' })) } },
    false,
  ],
  [
    'settings',
    AccountSettingsContract,
    { ...event, data: { country: 'DE', openedOn: '1965-05-06', currency: 'EUR' } },
    true,
  ],
  ['empty settings', AccountSettingsContract, event, true],
  ['settings with a wrong country', AccountSettingsContract, { ...event, data: { country: 'Germany' } }, false],
  ['a label', LabelContract, { ...event, data: { transactionId: 't', label: 'fraud', source: 'analyst' } }, true],
  ['a label without a transaction', LabelContract, { ...event, data: { label: 'fraud', source: 'analyst' } }, false],
  [
    'an unknown label',
    LabelContract,
    { ...event, data: { transactionId: 't', label: 'bad', source: 'analyst' } },
    false,
  ],
  ['an answer', BankAnswerContract, { requestId: 'freeze/acc-1/ff', answer: 'accepted' }, true],
  ['an answer with a reason', BankAnswerContract, { requestId: 'freeze/a/ff', answer: 'refused', why: 'x' }, true],
  ['an answer to nothing of ours', BankAnswerContract, { requestId: '7', answer: 'accepted' }, false],
  ['an answer as a boolean', BankAnswerContract, { requestId: 'freeze/a/ff', answer: true }, false],
];

describe('class-validator, AJV and the search for reasons agree', () => {
  it.each(good)('that this is a transaction: %s', (_, value) =>
    expect(verdicts(TransactionContract, value)).toEqual(all(true)),
  );

  it.each(bad)('that this is none: %s', (_, value) => expect(verdicts(TransactionContract, value)).toEqual(all(false)));

  it.each(others)('on %s', (_, contract, value, valid) => expect(verdicts(contract, value)).toEqual(all(valid)));

  it('over a table of some size', () => expect(good.length + bad.length + others.length).toBeGreaterThan(130));

  it('on a good transaction in which anything at all was put in one place', () => {
    const paths = ['', 'amount', 'merchant', 'counterparty', 'card', 'device', 'balanceAfter'] as const;
    const place = fc.constantFrom(...paths).chain((path) => {
      const part = path === '' ? full : full[path];
      return fc.record({ path: fc.constant(path), name: fc.constantFrom(...Object.keys(part)) });
    });
    const anything = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<unknown>,
      fc.constantFrom<unknown>(
        '',
        ' ',
        'DE',
        'EUR',
        '2026-01-01',
        '12.5',
        '1',
        'debit',
        'booked',
        'atm',
        0,
        90,
        true,
        null,
      ),
    );
    fc.assert(
      fc.property(place, anything, ({ path, name }, put) => {
        const value = path === '' ? { ...full, [name]: put } : { ...full, [path]: { ...full[path], [name]: put } };
        const found = verdicts(TransactionContract, value);
        expect(found).toEqual(all(found.ajv));
      }),
      { numRuns: 400 },
    );
  });

  it('on a contract that knows every field of the design', () => {
    expect(fieldsOf(TransactionContract).map(({ name }) => name)).toEqual([
      'id',
      'lifecycleId',
      'accountId',
      'customerId',
      'occurredAt',
      'valueDate',
      'amount',
      'direction',
      'status',
      'channel',
      'merchant',
      'counterparty',
      'card',
      'device',
      'balanceAfter',
      'declineReason',
      'reversalOf',
      'bankTransactionCode',
      'reference',
    ]);
  });
});
