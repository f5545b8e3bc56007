import { describe, expect, it } from '@jest/globals';
import type { AddressRecord } from '../records/outside.ts';
import type { StepContext } from '../stage.ts';
import { directoryKey, directoryStage } from './directory-stage.ts';

const address = (customerId: string | null, formerly?: string): AddressRecord => ({
  type: 'address',
  version: 1,
  tenantId: 'bank',
  channel: 'sms',
  addressDigest: 'd1',
  customerId,
  ...(formerly === undefined ? {} : { formerly }),
});

const after = (...records: AddressRecord[]) => {
  const state = new Map<string, unknown>();
  const stage = directoryStage();
  const entries = {
    get: (key: string) => state.get(key),
    put: (key: string, value: unknown) => void state.set(key, value),
    delete: (key: string) => void state.delete(key),
  };
  for (const record of records) {
    expect(stage.keys(record)).toEqual(['bank:sms:d1']);
    stage.step({ entries } as unknown as StepContext, record);
  }
  return state.get(directoryKey('bank', 'sms', 'd1'));
};

describe('the directory', () => {
  it('says whose an address is', () => expect(after(address('ana'))).toEqual({ customerId: 'ana' }));
  it('forgets an address that was untied', () => expect(after(address('ana'), address(null, 'ana'))).toBeUndefined());
  it('puts the newest tie first, and keeps whoever else has the address', () => {
    expect(after(address('ana'), address('bo'))).toEqual({ customerId: 'bo', others: ['ana'] });
    expect(after(address('ana'), address('bo'), address('ana'))).toEqual({ customerId: 'ana', others: ['bo'] });
  });
  it('unties one of them, and not the other', () => {
    expect(after(address('ana'), address('bo'), address(null, 'ana'))).toEqual({ customerId: 'bo' });
    expect(after(address('ana'), address('bo'), address(null, 'bo'))).toEqual({ customerId: 'ana' });
    expect(after(address('ana'), address('bo'), address(null, 'ana'), address(null, 'bo'))).toBeUndefined();
    expect(after(address('ana'), address('bo'), address(null))).toBeUndefined();
  });
  it('remembers eight at most, the newest', () => {
    const all = Array.from({ length: 10 }, (_, i) => `c${i}`);
    expect(after(...all.map((one) => address(one)))).toEqual({
      customerId: 'c9',
      others: ['c8', 'c7', 'c6', 'c5', 'c4', 'c3', 'c2'],
    });
  });
});
