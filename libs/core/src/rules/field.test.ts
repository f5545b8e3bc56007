import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Transaction } from '../transaction.ts';
import { fields, hasField, Needs } from './field.ts';

const bare: Transaction = {
  id: 't-1',
  lifecycleId: 't-1',
  accountId: 'a-1',
  occurredAt: 0,
  precision: 'date',
  amount: { minor: 1, currency: 'EUR' },
  direction: 'debit',
  status: 'booked',
};

const transaction = fc
  .record(
    {
      precision: fc.constantFrom<Transaction['precision']>('date', 'instant'),
      channel: fc.constantFrom<NonNullable<Transaction['channel']>>('atm', 'transfer'),
      card: fc.constantFrom({}, { token: 'c-1' }, { last4: '4242', entryMode: 'chip' as const }),
      merchant: fc.constantFrom({}, { id: 'm-1', country: 'BG' }, { latitude: 1, longitude: 2, terminalId: 'm-1-1' }),
      counterparty: fc.constantFrom({}, { account: 'x' }),
      device: fc.constantFrom({}, { id: 'd-1' }, { ip: '203.0.113.7' }),
      reference: fc.constant('rent'),
    },
    { requiredKeys: [] },
  )
  .map((some): Transaction => ({ ...bare, ...some }));

const account = fc.constantFrom({ openedAt: 0 }, { openedAt: 0, country: 'BG' });

describe('what is needed', () => {
  it('is always answered by the fields that are missing, in the order of the rule, whatever was asked before', () => {
    fc.assert(
      fc.property(fc.subarray([...fields]), fc.array(fc.tuple(transaction, account)), (wanted, asked) => {
        const needs = new Needs(wanted);
        for (const [tx, facts] of asked) {
          const missing = wanted.filter((field) => !hasField(field, tx, facts));
          const answer = needs.missingIn(tx, facts);
          expect(answer).toEqual(missing.length === 0 ? undefined : { kind: 'notApplicable', missing });
        }
      }),
    );
  });

  it('has a bit for every field', () => {
    expect(fields.length).toBeLessThan(31);
  });
});
