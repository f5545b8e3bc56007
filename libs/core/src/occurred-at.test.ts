import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isIsoDate, parseOccurredAt } from './occurred-at.ts';

describe('parseOccurredAt', () => {
  it.each([
    ['2026-01-01T12:00:00.000Z', '2026-01-01T12:00:00.000Z'],
    ['2026-01-01T12:00:00Z', '2026-01-01T12:00:00.000Z'],
    ['2026-01-01t12:00:00z', '2026-01-01T12:00:00.000Z'],
    ['2026-01-01T12:00:00.1Z', '2026-01-01T12:00:00.100Z'],
    ['2026-01-01T12:00:00.123456789Z', '2026-01-01T12:00:00.123Z'],
    ['2026-01-01T12:00:00+02:00', '2026-01-01T10:00:00.000Z'],
    ['2026-01-01T00:30:00+05:45', '2025-12-31T18:45:00.000Z'],
    ['2025-12-31T23:30:00-01:00', '2026-01-01T00:30:00.000Z'],
    ['2026-01-01T12:00:00-00:00', '2026-01-01T12:00:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00.000Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
    ['2017-01-01T00:59:60.5+01:00', '2017-01-01T00:00:00.500Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
  ])('%s is the instant %s', (text, iso) =>
    expect(parseOccurredAt(text)).toEqual({ at: Date.parse(iso), precision: 'instant' }),
  );

  it('takes a day as a day', () =>
    expect(parseOccurredAt('2026-11-20')).toEqual({ at: Date.parse('2026-11-20T00:00:00Z'), precision: 'date' }));

  it.each([
    '2026-02-30',
    '2026-02-30T12:00:00Z',
    '2025-02-29',
    '2100-02-29',
    '2026-04-31',
    '2026-13-01',
    '2026-00-10',
    '2026-01-00',
    '2026-01-32',
    '2026-01-01T12:00:00',
    '2026-01-01T12:00',
    '2026-01-01T12:00Z',
    '2026-01-01 12:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T12:60:00Z',
    '2026-01-01T12:00:61Z',
    '2026-01-01T12:00:60Z',
    '2026-01-01T12:00:00+24:00',
    '2026-01-01T12:00:00+0200',
    '2026-01-01T12:00:00.Z',
    '2026-01-01Z',
    '20260101',
    '20260101T120000Z',
    '2026-W01-1',
    '2026-001',
    '01.02.2026',
    '1767268800000',
    '1767268800',
    '0001-01-01T00:00:00Z',
    '1969-12-31T23:59:59Z',
    '1970-01-01T00:00:00+01:00',
    '+002026-01-01',
    'yesterday',
    '',
    ' 2026-01-01',
    '2026-01-01\n',
    '２０２６-01-01',
  ])('refuses %j', (text) => expect(parseOccurredAt(text)).toBe('TIME_INVALID'));

  it('reads every instant that was written out, in any zone', () => {
    const at = fc.integer({ min: 86_400_000, max: Date.parse('9998-12-31T00:00:00Z') });
    fc.assert(
      fc.property(at, fc.integer({ min: -839, max: 839 }), (instant, zone) => {
        const local = new Date(instant + zone * 60_000).toISOString().slice(0, -1);
        const size = Math.abs(zone);
        const offset = `${zone < 0 ? '-' : '+'}${String(Math.floor(size / 60)).padStart(2, '0')}:${String(size % 60).padStart(2, '0')}`;
        expect(parseOccurredAt(local + offset)).toEqual({ at: instant, precision: 'instant' });
      }),
    );
  });

  it('never throws, and never accepts a day that the calendar lacks', () => {
    const part = (max: number) => fc.integer({ min: 0, max }).map((n) => String(n).padStart(2, '0'));
    fc.assert(
      fc.property(fc.integer({ min: 1970, max: 2400 }), part(14), part(33), (year, month, day) => {
        const text = `${year}-${month}-${day}`;
        const date = new Date(`${text}T00:00:00Z`);
        const real = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
        expect(parseOccurredAt(text) !== 'TIME_INVALID').toBe(real);
        expect(isIsoDate(text)).toBe(real);
      }),
      { numRuns: 500 },
    );
    fc.assert(fc.property(fc.string(), (text) => void parseOccurredAt(text)));
  });
});

describe('isIsoDate', () => {
  it.each([
    ['1931-05-06', true],
    ['2026-02-28', true],
    ['2026-02-29', false],
    ['1899-12-31', false],
    ['2026-01-01T00:00:00Z', false],
    ['', false],
  ])('%j is %s', (text, valid) => expect(isIsoDate(text)).toBe(valid));
});
