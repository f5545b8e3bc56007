import { describe, expect, it } from '@jest/globals';
import type { Rejection } from '../format.ts';
import { AccountEventContract, AccountHoldersContract, BankAnswerContract, LabelContract } from './account-event.ts';
import { problemsOf } from './problems-of.ts';
import { TransactionContract } from './transaction.ts';

const good = {
  id: 't-1',
  accountId: 'acc-1',
  occurredAt: '2026-01-01T12:00:00Z',
  amount: { value: '12.34', currency: 'USD' },
  direction: 'debit',
};

const brief = (rejections: readonly Rejection[]): readonly string[] =>
  rejections.map(({ code, path }) => `${code} ${path}`);
const problems = (value: unknown): readonly string[] => brief(problemsOf(TransactionContract, value));

describe('problemsOf a transaction', () => {
  it('finds none in the least that is required', () => expect(problems(good)).toEqual([]));

  it.each<readonly [string, unknown, readonly string[]]>([
    ['no id', { ...good, id: undefined }, ['REF_MISSING id']],
    ['id null', { ...good, id: null }, ['REF_MISSING id']],
    ['id blank', { ...good, id: ' ' }, ['REF_MISSING id']],
    ['id number', { ...good, id: 7 }, ['SCHEMA_INVALID id']],
    ['id too long', { ...good, id: 'x'.repeat(257) }, ['SCHEMA_INVALID id']],
    ['no account', { ...good, accountId: undefined }, ['ACCOUNT_MISSING accountId']],
    ['account with a line break', { ...good, accountId: 'a\nb' }, ['ACCOUNT_INVALID accountId']],
    ['no time', { ...good, occurredAt: undefined }, ['TIME_MISSING occurredAt']],
    ['time number', { ...good, occurredAt: 1767268800000 }, ['SCHEMA_INVALID occurredAt']],
    ['time nonsense', { ...good, occurredAt: '2026-02-30' }, ['TIME_INVALID occurredAt']],
    ['value date nonsense', { ...good, valueDate: '2026-02-30' }, ['TIME_INVALID valueDate']],
    ['no amount', { ...good, amount: undefined }, ['AMOUNT_MISSING amount']],
    ['amount number', { ...good, amount: 12.34 }, ['SCHEMA_INVALID amount']],
    ['amount empty', { ...good, amount: {} }, ['AMOUNT_MISSING amount.value', 'CURRENCY_MISSING amount.currency']],
    ['value number', { ...good, amount: { value: 12.34, currency: 'USD' } }, ['SCHEMA_INVALID amount.value']],
    ['value negative', { ...good, amount: { value: '-1', currency: 'USD' } }, ['AMOUNT_NEGATIVE amount.value']],
    ['surplus decimals', { ...good, amount: { value: '1.005', currency: 'USD' } }, ['AMOUNT_INVALID amount.value']],
    ['huge', { ...good, amount: { value: '9'.repeat(20), currency: 'USD' } }, ['AMOUNT_RANGE amount.value']],
    ['no currency', { ...good, amount: { value: '1' } }, ['CURRENCY_MISSING amount.currency']],
    ['currency unknown', { ...good, amount: { value: '1', currency: 'ZZZ' } }, ['CURRENCY_UNKNOWN amount.currency']],
    [
      'both wrong',
      { ...good, amount: { value: 'x', currency: 'ZZZ' } },
      ['AMOUNT_INVALID amount.value', 'CURRENCY_UNKNOWN amount.currency'],
    ],
    ['no direction', { ...good, direction: undefined }, ['DIRECTION_MISSING direction']],
    ['direction unknown', { ...good, direction: 'DEBIT' }, ['SCHEMA_INVALID direction']],
    ['status unknown', { ...good, status: 'DONE' }, ['STATUS_UNKNOWN status']],
    ['status number', { ...good, status: 1 }, ['SCHEMA_INVALID status']],
    ['channel unknown', { ...good, channel: 'pigeon' }, ['SCHEMA_INVALID channel']],
    ['merchant array', { ...good, merchant: [{}] }, ['SCHEMA_INVALID merchant']],
    ['country unknown', { ...good, merchant: { country: 'ZZ' } }, ['SCHEMA_INVALID merchant.country']],
    ['mcc', { ...good, merchant: { mcc: '58' } }, ['SCHEMA_INVALID merchant.mcc']],
    ['latitude', { ...good, merchant: { latitude: 91 } }, ['SCHEMA_INVALID merchant.latitude']],
    ['balance', { ...good, balanceAfter: { value: 'x', currency: 'EUR' } }, ['AMOUNT_INVALID balanceAfter.value']],
    [
      'balance empty',
      { ...good, balanceAfter: {} },
      ['AMOUNT_MISSING balanceAfter.value', 'CURRENCY_MISSING balanceAfter.currency'],
    ],
    [
      'nothing but an object',
      {},
      [
        'REF_MISSING id',
        'ACCOUNT_MISSING accountId',
        'TIME_MISSING occurredAt',
        'AMOUNT_MISSING amount',
        'DIRECTION_MISSING direction',
      ],
    ],
    ['null', null, ['SCHEMA_INVALID ']],
    ['an array', [good], ['SCHEMA_INVALID ']],
    ['a text', 'x', ['SCHEMA_INVALID ']],
  ])('%s', (_, value, expected) => expect(problems(value)).toEqual(expected));

  it('puts what is missing before wrong types, enums and values, each in the order of the fields', () => {
    const value = {
      id: 5,
      accountId: 'a\nb',
      occurredAt: 'x',
      amount: { value: '1' },
      direction: 'up',
      status: true,
      card: { last4: 'x', entryMode: 'hand' },
    };
    expect(problems(value)).toEqual([
      'CURRENCY_MISSING amount.currency',
      'SCHEMA_INVALID id',
      'SCHEMA_INVALID status',
      'SCHEMA_INVALID direction',
      'SCHEMA_INVALID card.entryMode',
      'ACCOUNT_INVALID accountId',
      'TIME_INVALID occurredAt',
      'SCHEMA_INVALID card.last4',
    ]);
  });

  it('says it in sentences that quote nothing', () => {
    const secret = 'Jane Doe';
    const rejections = problemsOf(TransactionContract, {
      id: `${secret}\n`,
      accountId: `${secret}\n`,
      occurredAt: secret,
      amount: { value: secret, currency: secret },
      direction: secret,
      status: secret,
      merchant: { country: secret, mcc: secret },
    });
    expect(rejections).toHaveLength(9);
    for (const { reason } of rejections) {
      expect(reason).not.toContain('Jane');
      expect(reason).toMatch(/^[A-Za-z0-9.]+ .*\.$/);
    }
    expect(rejections.find(({ code }) => code === 'STATUS_UNKNOWN')?.reason).toBe(
      'status is not one of authorised, declined, pending, booked, reversed.',
    );
  });

  it('does not take inherited names for fields', () =>
    expect(problems(Object.create(good))).toContain('REF_MISSING id'));
});

describe('problemsOf other contracts', () => {
  it('looks into lists', () => {
    const event = { id: 'e', type: 'account-holders', accountId: 'a', occurredAt: '2026-01-01', data: {} };
    const holders = (list: unknown) => brief(problemsOf(AccountHoldersContract, { ...event, data: { holders: list } }));
    expect(holders([{ customerId: 'c', role: 'owner' }])).toEqual([]);
    expect(holders([{ customerId: 'c', role: 'owner' }, { role: 'pet' }])).toEqual([
      'SCHEMA_INVALID data.holders[1].customerId',
      'SCHEMA_INVALID data.holders[1].role',
    ]);
    expect(holders(['c'])).toEqual(['SCHEMA_INVALID data.holders']);
    expect(holders({})).toEqual(['SCHEMA_INVALID data.holders']);
    expect(holders(undefined)).toEqual(['SCHEMA_INVALID data.holders']);
  });

  it('demands an account where the event belongs to one', () => {
    const event = {
      id: 'e',
      type: 'label',
      occurredAt: '2026-01-01',
      data: { transactionId: 't', label: 'fraud', source: 'analyst' },
    };
    expect(brief(problemsOf(LabelContract, event))).toEqual(['ACCOUNT_MISSING accountId']);
    expect(brief(problemsOf(AccountEventContract, { ...event, type: 'card-status' }))).toEqual([]);
  });

  it('knows the ids of our requests', () => {
    const answer = (requestId: unknown) => brief(problemsOf(BankAnswerContract, { requestId, answer: 'accepted' }));
    expect(answer(`freeze/${'x'.repeat(1000)}/ff`)).toEqual([]);
    expect(answer('case-7')).toEqual(['ACCOUNT_INVALID requestId']);
    expect(answer(' ')).toEqual(['REF_MISSING requestId']);
    expect(answer(undefined)).toEqual(['REF_MISSING requestId']);
  });
});
