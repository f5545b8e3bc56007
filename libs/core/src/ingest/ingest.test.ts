import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AccountInput, Decoded, Rejection } from '../format.ts';
import type { Appending, LogRecord } from '../ports/log.ts';
import type { Output, StepContext } from '../stage.ts';
import type { Transaction } from '../transaction.ts';
import { ingestRecord } from './ingest-record.ts';
import { ingestStage } from './ingest-stage.ts';
import { markedRedrive, redriveOfOrigin, sentAt } from './redrive-mark.ts';
import { againOf, redriveOf } from './redrive.ts';
import { keptWhenLarger, maxKeptBytes } from './rejected.ts';
import type { SourceOptions } from './source.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const record = (part: Partial<LogRecord> = {}): LogRecord => ({
  topic: 'bank.payments',
  partition: 3,
  offset: 17,
  timestamp: Date.parse('2026-01-01T12:00:01Z'),
  key: bytesOf('acc-1'),
  value: bytesOf('{}'),
  headers: {},
  ...part,
});

const source: SourceOptions = { name: 'payments', kind: 'transactions', tenantId: 'demo' };

const transaction: Transaction = {
  id: 't-1',
  lifecycleId: 't-1',
  accountId: 'acc:1',
  occurredAt: Date.parse('2026-01-01T12:00:00Z'),
  precision: 'instant',
  amount: { minor: 1234, currency: 'USD' },
  direction: 'debit',
  status: 'booked',
};

const accepted: Decoded = { transactions: [transaction], warnings: [], rejections: [] };
const rejection: Rejection = { code: 'TIME_INVALID', path: 'occurredAt', reason: 'occurredAt is wrong.' };
const refused: Decoded = { transactions: [], warnings: [], rejections: [rejection] };
const digest = (bytes: Uint8Array): string => `digest of ${bytes.length}`;

const headersOf = (output: Output): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(output.headers ?? {}).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : textOf(value),
    ]),
  );

/** What the engine makes of an output of ours: the record as it then stands on the topic. */
const written = ({ topic, key, rawKey, value, headers }: Output): LogRecord => ({
  topic,
  partition: 0,
  offset: 0,
  timestamp: 0,
  key: rawKey === undefined ? bytesOf(key) : rawKey,
  value: value as Uint8Array | null,
  headers: Object.fromEntries(
    Object.entries({ ...headers, src: 'ingest.payments/bank.payments/3/0@17.0' }).map(([name, it]) => [
      name,
      typeof it === 'string' ? bytesOf(it) : it,
    ]),
  ),
});

const rejectedOf = (bank: LogRecord, decoded: Decoded = refused): Output => {
  const { outputs } = ingestRecord(bank, source, decoded, digest);
  expect(outputs).toHaveLength(1);
  return outputs[0]!;
};

describe('an accepted record', () => {
  it('goes to its account, with the time and place of the bank’s record', () => {
    expect(ingestRecord(record(), source, accepted, digest)).toEqual({
      accepted: 1,
      rejections: [],
      outputs: [
        {
          topic: 'account-events',
          key: 'demo:acc:1',
          value: {
            type: 'transaction',
            version: 1,
            tenantId: 'demo',
            transaction,
            receivedAt: Date.parse('2026-01-01T12:00:01Z'),
            origin: { topic: 'bank.payments', partition: 3, offset: 17 },
            // What the bank sent travels along, for the case that it contradicts what it sent before.
            bank: { key: 'acc-1' },
          },
          headers: { 'tocsin-bank-value': bytesOf('{}') },
        },
      ],
    });
  });

  it('carries from when on the tenant wants alerts', () => {
    const { outputs } = ingestRecord(record(), { ...source, alertsFrom: { demo: 5, other: 6 } }, accepted, digest);
    expect(outputs[0]!.value).toMatchObject({ alertsFrom: 5 });
  });

  it('is accepted at the log’s time when it is an event or an answer', () => {
    const decoded: Decoded = {
      transactions: [],
      warnings: [],
      rejections: [],
      events: [
        { type: 'bank-answer', version: 1, id: 'x', accountId: 'a', requestId: 'freeze/a/ff', answer: 'accepted' },
        {
          type: 'label',
          version: 1,
          id: 'l',
          accountId: 'b',
          transactionId: 't',
          label: 'fraud',
          source: 'analyst',
          at: 9,
        },
      ],
    };
    const { outputs } = ingestRecord(record(), source, decoded, digest);
    expect(outputs.map(({ key }) => key)).toEqual(['demo:a', 'demo:b']);
    expect(outputs[0]!.value).toMatchObject({ type: 'bank-answer', tenantId: 'demo', acceptedAt: record().timestamp });
    expect(outputs[1]!.value).toMatchObject({ type: 'label', tenantId: 'demo', at: 9 });
    expect(outputs[1]!.value).not.toHaveProperty('acceptedAt');
  });
});

describe('the tenant', () => {
  const tenantOf = (options: Partial<SourceOptions>, header?: string): string => {
    const headers = header === undefined ? {} : { 'tocsin-tenant': bytesOf(header) };
    const { tenantId: _none, ...rest } = source;
    const { outputs, rejections } = ingestRecord(record({ headers }), { ...rest, ...options }, accepted, digest);
    return rejections[0]?.code ?? outputs[0]!.key.split(':')[0]!;
  };

  it.each<readonly [string, Partial<SourceOptions>, string | undefined, string]>([
    ['from the topic', { tenantId: 'demo' }, undefined, 'demo'],
    ['from the topic, although a header says otherwise', { tenantId: 'demo' }, 'other', 'demo'],
    ['from the header where that is allowed', { tenantFromHeader: true }, 'other', 'other'],
    ['from the header before the topic', { tenantFromHeader: true, tenantId: 'demo' }, 'other', 'other'],
    ['from the topic when the header is missing', { tenantFromHeader: true, tenantId: 'demo' }, undefined, 'demo'],
    ['nobody', { tenantFromHeader: true }, undefined, 'TENANT_UNKNOWN'],
    ['nobody although a header names one', {}, 'other', 'TENANT_UNKNOWN'],
    ['ill-formed', { tenantFromHeader: true }, 'Other', 'TENANT_UNKNOWN'],
    ['with a colon', { tenantFromHeader: true }, 'a:b', 'TENANT_UNKNOWN'],
    ['too long', { tenantFromHeader: true }, 'x'.repeat(33), 'TENANT_UNKNOWN'],
    ['empty', { tenantFromHeader: true, tenantId: 'demo' }, '', 'TENANT_UNKNOWN'],
    ['not of this installation', { tenantFromHeader: true, tenants: ['demo'] }, 'other', 'TENANT_UNKNOWN'],
    ['of this installation', { tenantFromHeader: true, tenants: ['demo'] }, 'demo', 'demo'],
  ])('%s', (_, options, header, expected) => expect(tenantOf(options, header)).toBe(expected));

  it('is reported after what is wrong with the record itself', () => {
    const { tenantId: _none, ...nobody } = source;
    const { rejections, accepted: count } = ingestRecord(record(), nobody, refused, digest);
    expect(rejections.map(({ code }) => code)).toEqual(['TIME_INVALID', 'TENANT_UNKNOWN']);
    expect(count).toBe(0);
  });
});

describe('a rejected record', () => {
  it('keeps bytes, key and headers and says what is wrong', () => {
    const value = new Uint8Array([0xff, 0x00, 0x7b]);
    const output = rejectedOf(record({ value, headers: { 'x-bank': bytesOf('1') } }));
    expect(output.topic).toBe('rejected');
    expect(output.key).toBe('acc-1');
    expect(output.rawKey).toEqual(bytesOf('acc-1'));
    expect(output.value).toBe(value);
    expect(headersOf(output)).toEqual({
      'x-bank': '1',
      'tocsin-code': 'TIME_INVALID',
      'tocsin-path': 'occurredAt',
      'tocsin-reason': 'occurredAt is wrong.',
      'tocsin-origin-topic': 'bank.payments',
      'tocsin-origin-partition': '3',
      'tocsin-origin-offset': '17',
      'tocsin-origin-timestamp': '1767268801000',
      'tocsin-masked': '0',
      ce_specversion: '1.0',
      ce_id: 'bank.payments/3/17',
      ce_source: '/tocsin/ingest/payments',
      ce_type: 'tocsin.rejected.v1',
      ce_time: '2026-01-01T12:00:01.000Z',
    });
  });

  it('may have a time that is no date', () => {
    for (const timestamp of [-1, 1.77e15, 1.77e18, Number.MAX_SAFE_INTEGER]) {
      const headers = headersOf(rejectedOf(record({ timestamp })));
      expect(headers['tocsin-origin-timestamp']).toBe(String(timestamp));
      expect('ce_time' in headers).toBe(timestamp < 8.64e15);
    }
  });

  it('lists all rejections', () => {
    const second: Rejection = { code: 'STATUS_UNKNOWN', path: 'status', reason: 'status is wrong.' };
    const headers = headersOf(rejectedOf(record(), { ...refused, rejections: [rejection, second] }));
    expect(headers['tocsin-code']).toBe('TIME_INVALID');
    expect(JSON.parse(headers['tocsin-rejections']!)).toEqual([rejection, second]);
  });

  it('has stars for card numbers', () => {
    const output = rejectedOf(record({ value: bytesOf('{"reference":"4242 4242 4242 4242"') }));
    expect(textOf(output.value as Uint8Array)).toBe('{"reference":"**** **** **** 4242"');
    expect(headersOf(output)['tocsin-masked']).toBe('1');
  });

  it('may have neither key nor value', () => {
    const output = rejectedOf(record({ key: null, value: null }));
    expect({ key: output.key, rawKey: output.rawKey, value: output.value }).toEqual({
      key: 'bank.payments/3',
      rawKey: null,
      value: null,
    });
  });

  it('is kept whole up to 512 KiB, and in part beyond', () => {
    const whole = new Uint8Array(maxKeptBytes).fill(120);
    expect(rejectedOf(record({ value: whole })).value).toBe(whole);
    const larger = new Uint8Array(maxKeptBytes + 1).fill(120);
    const output = rejectedOf(record({ value: larger }));
    expect(output.value).toHaveLength(keptWhenLarger);
    expect(headersOf(output)).toMatchObject({
      'tocsin-size': String(maxKeptBytes + 1),
      'tocsin-sha256': `digest of ${maxKeptBytes + 1}`,
    });
  });

  it('shows no card number that the cut goes through', () => {
    const larger = new Uint8Array(maxKeptBytes + 1).fill(120);
    larger.set(bytesOf('4242424242424242'), keptWhenLarger - 10);
    const kept = textOf(rejectedOf(record({ value: larger })).value as Uint8Array);
    expect(kept.slice(-12)).toBe('xx**********');
  });

  it('stands beside what was good in the same record', () => {
    const { outputs } = ingestRecord(record(), source, { ...accepted, rejections: [rejection] }, digest);
    expect(outputs.map(({ topic }) => topic)).toEqual(['account-events', 'rejected']);
  });
});

describe('redrive', () => {
  const again = (bank: LogRecord): Appending => {
    const redrive = redriveOf(written(rejectedOf(bank)));
    if (redrive.kind !== 'append') throw new Error(`Expected append, got ${redrive.kind}.`);
    return redrive.record;
  };

  it('gives back the bank’s record, with its place', () => {
    const bank = record({
      headers: {
        'tocsin-tenant': bytesOf('demo'),
        'content-type': bytesOf('application/json'),
        ce_id: bytesOf('bank-7'),
        ce_subject: bytesOf('s'),
        'tocsin-code': bytesOf('bank’s own'),
        'tocsin-original-x': bytesOf('strange'),
        src: bytesOf('core banking'),
      },
    });
    expect(again(bank)).toEqual(againOf(bank));
    expect(redriveOf(written(rejectedOf(bank)))).toMatchObject({
      original: { topic: 'bank.payments', partition: 3, offset: 17 },
    });
  });

  it('gives back any record without card numbers, byte for byte', () => {
    const name = fc.constantFrom(
      'ce_id',
      'ce_type',
      'tocsin-tenant',
      'x',
      'content-type',
      'tocsin-original-ce_id',
      'src',
      'tocsin-path',
      // Of ours, but on other records than these: sizes of what is larger, what detect says, a name yet to come.
      'tocsin-size',
      'tocsin-sha256',
      'tocsin-canonical',
      'tocsin-note',
    );
    const bank = fc.record({
      key: fc.option(fc.uint8Array()),
      value: fc.option(fc.uint8Array().filter((bytes) => bytes.length < 13)),
      headers: fc.dictionary(name, fc.uint8Array()),
    });
    fc.assert(
      fc.property(bank, (part) => {
        const original = record({ ...part, headers: { ...part.headers } });
        const result = again(original);
        expect(result.key).toEqual(original.key);
        expect(result.value).toEqual(original.value);
        expect(Object.entries(result.headers!).sort()).toEqual(Object.entries(original.headers).sort());
      }),
    );
  });

  it('marks what is sent again, and keeps the mark when it is refused once more', () => {
    const resent = (bank: LogRecord, offset: number): LogRecord => {
      const refusal = written(rejectedOf(bank));
      const redrive = redriveOf(refusal);
      if (redrive.kind !== 'append') throw new Error(`Expected append, got ${redrive.kind}.`);
      const { headers = {} } = markedRedrive(redrive.record, refusal);
      const bytes = Object.entries(headers).map(([name, value]): [string, Uint8Array] => [
        name,
        typeof value === 'string' ? bytesOf(value) : value,
      ]);
      return { ...bank, offset, timestamp: bank.timestamp + 86_400_000, headers: Object.fromEntries(bytes) };
    };
    const first = record({ headers: { 'x-bank': bytesOf('1') } });
    const second = resent(first, 18);
    const third = resent(second, 19);
    expect([first, second, third].map(redriveOfOrigin)).toEqual([
      undefined,
      'bank.payments/3/17',
      'bank.payments/3/18',
    ]);
    expect([first, second, third].map(sentAt)).toEqual([first.timestamp, first.timestamp, first.timestamp]);
    expect(again(third)).toEqual(againOf(first));
  });

  it('leaves a decision as old as it was', () => {
    const holders: AccountInput = { type: 'account-holders', version: 1, id: 'h-1', accountId: 'acc-1', holders: [] };
    const decoded: Decoded = { transactions: [], events: [holders], warnings: [], rejections: [] };
    const acceptedAt = (headers: LogRecord['headers']): unknown =>
      (ingestRecord(record({ headers }), source, decoded, digest).outputs[0]?.value as { acceptedAt?: unknown })
        .acceptedAt;
    const { timestamp } = record();
    expect(acceptedAt({})).toBe(timestamp);
    expect(acceptedAt({ 'tocsin-redrive-sent-at': bytesOf(String(timestamp - 5_000)) })).toBe(timestamp - 5_000);
    expect(acceptedAt({ 'tocsin-redrive-sent-at': bytesOf(String(timestamp + 5_000)) })).toBe(timestamp);
    expect(acceptedAt({ 'tocsin-redrive-sent-at': bytesOf('yesterday') })).toBe(timestamp);
  });

  it('says when the original must be read by its coordinates', () => {
    const original = { topic: 'bank.payments', partition: 3, offset: 17 };
    const masked = written(rejectedOf(record({ value: bytesOf('4242424242424242') })));
    expect(redriveOf(masked)).toEqual({ kind: 'read-original', why: 'masked', original });
    const truncated = written(rejectedOf(record({ value: new Uint8Array(maxKeptBytes + 1) })));
    expect(redriveOf(truncated)).toEqual({ kind: 'read-original', why: 'truncated', original });
  });

  it('refuses what ingest did not reject', () => {
    expect(redriveOf(record())).toEqual({ kind: 'not-rejected', header: 'tocsin-origin-topic' });
    const headers = { ...written(rejectedOf(record())).headers, 'tocsin-origin-offset': bytesOf('-1') };
    expect(redriveOf(record({ headers }))).toEqual({ kind: 'not-rejected', header: 'tocsin-origin-offset' });
  });
});

describe('the stage', () => {
  interface Counted {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
  }

  const run = (
    decode: () => Decoded,
  ): { readonly outputs: readonly Output[]; readonly counted: readonly Counted[] } => {
    const stage = ingestStage({ source, topic: 'bank.payments', decode, digest });
    expect([stage.name, stage.input]).toEqual(['ingest.payments', 'bank.payments']);
    const bank = record();
    const outputs: Output[] = [];
    const counted: Counted[] = [];
    const forbidden = (): never => {
      throw new Error('Ingest has neither state nor timers.');
    };
    const context: StepContext = {
      at: bank.timestamp,
      recordAt: bank.timestamp,
      partition: bank.partition,
      offset: bank.offset,
      entries: { get: forbidden, put: forbidden, delete: forbidden, resident: forbidden },
      timers: { set: forbidden, cancel: forbidden },
      emit: (output) => outputs.push(output),
      count: (name, labels) => counted.push({ name, labels }),
    };
    const read = stage.decode(bank);
    expect(stage.keys(read)).toEqual([]);
    stage.step(context, read);
    return { outputs, counted };
  };

  it('emits and counts what is accepted', () => {
    const warned: Decoded = { ...accepted, warnings: [{ code: 'UNKNOWN_FIELD', path: 'x' }] };
    const { outputs, counted } = run(() => warned);
    expect(outputs.map(({ topic }) => topic)).toEqual(['account-events']);
    expect(counted).toEqual([
      { name: 'ingested', labels: { source: 'payments', outcome: 'accepted' } },
      { name: 'ingest_warnings', labels: { source: 'payments', code: 'UNKNOWN_FIELD' } },
    ]);
  });

  it('emits and counts what is rejected', () => {
    const { outputs, counted } = run(() => refused);
    expect(outputs.map(({ topic }) => topic)).toEqual(['rejected']);
    expect(counted).toEqual([{ name: 'rejected', labels: { source: 'payments', code: 'TIME_INVALID' } }]);
  });

  it('rejects a record on which its format throws', () => {
    const { outputs } = run(() => {
      throw new Error('4242424242424242');
    });
    expect(headersOf(outputs[0]!)).toMatchObject({
      'tocsin-code': 'SCHEMA_INVALID',
      'tocsin-reason': 'The format failed on this record.',
    });
  });
});
