import { detectStage } from '@tocsin/core';
import type { AccountRecord, Appending, Entries, FindingRecord } from '@tocsin/core';
import { customerConditions, fraudRules } from '@tocsin/rules';

/** Detect with all its rules, in memory: hands in records of `account-events`, returns the findings of each. */
export function detectInMemory(now: number): (record: Appending) => readonly FindingRecord[] {
  const stage = detectStage({ rules: fraudRules, conditions: customerConditions });
  const state = new Map<string, unknown>();
  const entries: Entries = {
    get: <T>(key: string) => state.get(key) as T | undefined,
    put: (key, value) => void state.set(key, value),
    delete: (key) => void state.delete(key),
    resident: () => [],
  };
  let offset = 0;
  const bytes = (value: Uint8Array | string): Uint8Array => (typeof value === 'string' ? Buffer.from(value) : value);
  return ({ value, headers = {} }) => {
    const found: FindingRecord[] = [];
    const place = { topic: stage.input, partition: 0, offset: offset++, timestamp: now, key: null };
    const record: AccountRecord = stage.decode({
      ...place,
      value: value === null ? null : bytes(value),
      headers: Object.fromEntries(Object.entries(headers).map(([name, content]) => [name, bytes(content)])),
    });
    stage.step(
      {
        at: now,
        recordAt: now,
        partition: 0,
        offset: place.offset,
        entries,
        timers: { set: () => undefined, cancel: () => undefined },
        emit: (output) => {
          if (output.topic === 'customer-events') found.push(output.value as FindingRecord);
        },
        count: () => undefined,
      },
      record,
    );
    return found;
  };
}
