import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Decoded } from '@tocsin/core';
import { JsonRecordOptions } from '../record/options.ts';
import { accountEvent } from './account-event.ts';

const receivedAt = Date.parse('2026-01-01T12:00:01Z');
const decodeBytes = (bytes: Uint8Array): Decoded => accountEvent.decode(bytes, {}, new JsonRecordOptions(), receivedAt);
const decode = (value: unknown): Decoded => decodeBytes(new TextEncoder().encode(JSON.stringify(value)));
const first = (value: unknown): string => {
  const { rejections, events } = decode(value);
  expect(events ?? []).toEqual([]);
  return `${rejections[0]?.code} ${rejections[0]?.path}`;
};

const event = {
  id: 'e-1',
  type: 'card-status',
  accountId: 'acc-1',
  occurredAt: '2026-01-01T12:00:00Z',
  data: { status: 'blocked' },
};
const occurredAt = Date.parse(event.occurredAt);

describe('an account event', () => {
  it('keeps its data', () =>
    expect(decode({ ...event, customerId: 'c-1' })).toEqual({
      transactions: [],
      warnings: [],
      rejections: [],
      events: [
        {
          type: 'account-event',
          version: 1,
          id: 'e-1',
          kind: 'card-status',
          accountId: 'acc-1',
          customerId: 'c-1',
          occurredAt,
          data: { status: 'blocked' },
        },
      ],
    }));

  it('may belong to a customer alone', () =>
    expect(decode({ ...event, type: 'contact-changed', accountId: undefined, customerId: 'c-1' }).events).toMatchObject(
      [{ kind: 'contact-changed', accountId: 'customer/c-1', customerId: 'c-1' }],
    ));

  it('must belong to somebody', () =>
    expect(first({ ...event, accountId: undefined })).toBe('ACCOUNT_MISSING accountId'));

  it('has no card numbers in its data', () => {
    const { events, warnings } = decode({
      ...event,
      data: { note: '4242 4242 4242 4242', transactionId: '4242424242424242' },
    });
    expect(events).toMatchObject([{ data: { note: '..4242', transactionId: '4242424242424242' } }]);
    expect(warnings).toEqual([{ code: 'PAN_IN_FIELD', path: 'data' }]);
  });

  it('warns of unknown fields, but not of free data', () =>
    expect(decode({ ...event, x: 1 }).warnings).toEqual([{ code: 'UNKNOWN_FIELD', path: 'x' }]));

  it('can replace the holders', () => {
    const holders = [
      { customerId: 'c-1', role: 'owner', since: 2020 },
      { customerId: 'c-2', role: 'guardian' },
    ];
    const { events, warnings } = decode({ ...event, type: 'account-holders', data: { holders } });
    expect(events).toEqual([
      {
        type: 'account-holders',
        version: 1,
        id: 'e-1',
        accountId: 'acc-1',
        holders: [
          { customerId: 'c-1', role: 'owner' },
          { customerId: 'c-2', role: 'guardian' },
        ],
      },
    ]);
    expect(warnings).toEqual([{ code: 'UNKNOWN_FIELD', path: 'data.holders.since' }]);
  });

  it('can set country, opening day and currency', () =>
    expect(
      decode({ ...event, type: 'account-settings', data: { country: 'DE', openedOn: '1999-12-31', currency: null } })
        .events,
    ).toEqual([
      { type: 'account-settings', version: 1, id: 'e-1', accountId: 'acc-1', country: 'DE', openedOn: '1999-12-31' },
    ]));

  it('can be a label', () =>
    expect(
      decode({ ...event, type: 'label', data: { transactionId: 't-1', label: 'fraud', source: 'chargeback' } }).events,
    ).toEqual([
      {
        type: 'label',
        version: 1,
        id: 'e-1',
        accountId: 'acc-1',
        transactionId: 't-1',
        label: 'fraud',
        source: 'chargeback',
        at: occurredAt,
      },
    ]));

  it.each<readonly [string, unknown, string]>([
    ['an unknown type', { ...event, type: 'birthday' }, 'SCHEMA_INVALID type'],
    ['no type', { ...event, type: undefined }, 'SCHEMA_INVALID type'],
    ['no id', { ...event, id: undefined }, 'REF_MISSING id'],
    ['no time', { ...event, occurredAt: undefined }, 'TIME_MISSING occurredAt'],
    ['a wrong time', { ...event, occurredAt: '2026-02-30' }, 'TIME_INVALID occurredAt'],
    ['a time to come', { ...event, occurredAt: '2026-01-05' }, 'TIME_FUTURE occurredAt'],
    ['data as text', { ...event, data: 'x' }, 'SCHEMA_INVALID data'],
    [
      'holders without an account',
      { ...event, type: 'account-holders', accountId: null, data: { holders: [] } },
      'ACCOUNT_MISSING accountId',
    ],
    [
      'a label without a transaction',
      { ...event, type: 'label', data: { label: 'fraud', source: 'analyst' } },
      'REF_MISSING data.transactionId',
    ],
    [
      'data that is too deep',
      { ...event, data: JSON.parse('{"x":'.repeat(16) + '1' + '}'.repeat(16)) as unknown },
      'RECORD_TOO_DEEP ',
    ],
    ['an array', [], 'SCHEMA_INVALID '],
    ['null', null, 'SCHEMA_INVALID '],
  ])('is rejected: %s', (_, value, expected) => expect(first(value)).toBe(expected));

  it('takes data that is just deep enough', () =>
    expect(
      decode({ ...event, data: JSON.parse('{"x":'.repeat(15) + '1' + '}'.repeat(15)) as unknown }).rejections,
    ).toEqual([]));

  it('never throws', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void decodeBytes(bytes)));
    fc.assert(
      fc.property(fc.constantFrom('label', 'account-holders', 'payee-added'), fc.object(), (type, data) => {
        const { events, rejections } = decode({ ...event, type, data });
        expect((events ?? []).length + Math.min(rejections.length, 1)).toBe(1);
      }),
    );
  });
});
