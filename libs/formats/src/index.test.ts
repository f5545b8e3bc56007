import { describe, expect, it } from '@jest/globals';
import { validateSync } from 'class-validator';
import { formatOf, formats } from './index.ts';

describe('the table of formats', () => {
  it('has each format under its id', () => {
    for (const [id, format] of Object.entries(formats)) expect(format.id).toBe(id);
    expect(Object.keys(formats)).toEqual(['json', 'account-event', 'bank-answer']);
  });

  it('has options whose defaults are valid, and which are checked', () => {
    for (const { options: Options } of Object.values(formats)) {
      expect(validateSync(new Options())).toEqual([]);
      expect(validateSync(Object.assign(new Options(), { maxBytes: 5 }))).toHaveLength(1);
      expect(validateSync(Object.assign(new Options(), { eventTypes: [7] }))).toHaveLength(1);
    }
  });

  it('knows no other id', () => {
    expect(formatOf('json')).toBe(formats.json);
    expect(formatOf('camt')).toBeUndefined();
    expect(formatOf('toString')).toBeUndefined();
  });
});
