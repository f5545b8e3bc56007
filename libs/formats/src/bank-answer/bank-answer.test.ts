import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ingestStage, requestIdOf } from '@tocsin/core';
import type { Decoded, LogRecord, Output, StepContext } from '@tocsin/core';
import { JsonRecordOptions } from '../record/options.ts';
import { bankAnswer } from './bank-answer.ts';

const options = new JsonRecordOptions();
const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const decode = (value: unknown): Decoded => bankAnswer.decode(bytesOf(value), {}, options, 0);
const requestId = requestIdOf('acc/1', '0123456789abcdef');

describe('an answer of the bank', () => {
  it('finds its account in the id of the request', () =>
    expect(decode({ requestId, answer: 'refused', why: ' Card is\nclosed. ' }).events).toEqual([
      {
        type: 'bank-answer',
        version: 1,
        id: `${requestId}/refused`,
        accountId: 'acc/1',
        requestId,
        answer: 'refused',
        why: 'Card is closed.',
      },
    ]));

  it('may bring an id of its own', () =>
    expect(decode({ id: 'a-1', requestId, answer: 'accepted' }).events).toMatchObject([
      { id: 'a-1', answer: 'accepted' },
    ]));

  it('has no card number in its reason', () => {
    const { events, warnings } = decode({ requestId, answer: 'refused', why: 'not 4242424242424242' });
    expect(events).toMatchObject([{ why: 'not ..4242' }]);
    expect(warnings).toEqual([{ code: 'PAN_IN_FIELD', path: 'why' }]);
  });

  it.each<readonly [string, unknown, string]>([
    ['no request', { answer: 'accepted' }, 'REF_MISSING requestId'],
    ['a foreign request', { requestId: 'case-7', answer: 'accepted' }, 'ACCOUNT_INVALID requestId'],
    ['a broken escape', { requestId: 'freeze/%E0/ff', answer: 'accepted' }, 'ACCOUNT_INVALID requestId'],
    ['half a character', { requestId: `freeze/a/\ud83d`, answer: 'accepted' }, 'ACCOUNT_INVALID requestId'],
    ['no answer', { requestId }, 'SCHEMA_INVALID answer'],
    ['an unknown answer', { requestId, answer: 'maybe' }, 'SCHEMA_INVALID answer'],
  ])('is rejected: %s', (_, value, expected) => {
    const { events, rejections } = decode(value);
    expect(events ?? []).toEqual([]);
    expect(`${rejections[0]?.code} ${rejections[0]?.path}`).toBe(expected);
  });

  it('reaches the account’s partition through ingest', () => {
    const stage = ingestStage({
      source: { name: 'answers', kind: 'bank-answers', tenantId: 'demo' },
      topic: 'bank-answers',
      decode: (value, headers, receivedAt) => bankAnswer.decode(value, headers, options, receivedAt),
      digest: () => '',
    });
    const record: LogRecord = {
      topic: 'bank-answers',
      partition: 0,
      offset: 1,
      timestamp: 5,
      key: null,
      value: bytesOf({ requestId, answer: 'accepted' }),
      headers: {},
    };
    const outputs: Output[] = [];
    const context = {
      emit: (output: Output) => outputs.push(output),
      count: () => undefined,
    } as unknown as StepContext;
    stage.step(context, stage.decode(record));
    expect(outputs).toMatchObject([
      {
        topic: 'account-events',
        key: 'demo:acc/1',
        value: { type: 'bank-answer', requestId, answer: 'accepted', acceptedAt: 5 },
      },
    ]);
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void bankAnswer.decode(bytes, {}, options, 0)));
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        (id) => void decode({ requestId: `freeze/${id}/ff`, answer: 'accepted' }),
      ),
    );
  });
});
