import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { entryHeaderBytes } from '@tocsin/core';
import type { Acquired, CheckpointRequest, Position, Slot, Span, StateStore } from '@tocsin/core';
import type { ContractCase } from '../channel-suite.ts';

/** What a state store brings along to be tested. Every case uses slots of its own, so stores can be kept between cases. */
export interface StateUnderTest {
  readonly store: StateStore;
  /** The same store as another process sees it: another client where there are clients, else the same object. */
  readonly rival: StateStore;
  /** Lets this much time pass on the clock that leases are measured by. */
  elapse(span: Span): Promise<void>;
}

export type StateCase = ContractCase<StateUnderTest>;

export const longLease: Span = 60_000;

export const newStage = (): string => `contract-${randomUUID()}`;

export const slots = ({ store, rival }: StateUnderTest): readonly [Slot, Slot] => {
  const stage = newStage();
  return [store.slot(stage, 3), rival.slot(stage, 3)];
};

/** A value as the engine writes it: a byte of format, eight of expiry, content. */
export function storedEntry(content: string | Uint8Array, expiresAt = 0): Uint8Array {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const entry = new Uint8Array(entryHeaderBytes + bytes.length);
  entry[0] = 1;
  new DataView(entry.buffer).setFloat64(1, expiresAt);
  entry.set(bytes, entryHeaderBytes);
  return entry;
}

export const contentOf = (entry: Uint8Array | null | undefined): string =>
  new TextDecoder().decode(present(entry).subarray(entryHeaderBytes));

export function present(entry: Uint8Array | null | undefined): Uint8Array {
  assert.ok(entry, 'an entry should be there');
  return entry;
}

export const positionAt = (offset: number): Position => ({
  offset,
  fingerprint: { offset: offset - 1, timestamp: 1_767_268_800_123, crc: 0xfedcba98 },
  generation: 1,
  clockAt: 1_767_268_800_456,
});

export async function acquire(slot: Slot, leaseMs = longLease): Promise<Acquired> {
  const acquired = await slot.acquire({ leaseMs, takeOver: true });
  assert.ok(!('busyMs' in acquired), 'a take-over is never refused');
  return acquired;
}

export type Content = Readonly<Record<string, string | null>>;

export const entriesOf = (content: Content): ReadonlyMap<string, Uint8Array | null> =>
  new Map(Object.entries(content).map(([key, value]) => [key, value === null ? null : storedEntry(value)]));

export const request = (
  { token, version }: { readonly token: string; readonly version: number },
  offset: number,
  content: Content = {},
  more: Partial<CheckpointRequest> = {},
): CheckpointRequest => ({
  token,
  version,
  position: positionAt(offset),
  entries: entriesOf(content),
  leaseMs: longLease,
  ...more,
});

export async function save(slot: Slot, owner: Acquired, offset: number, content: Content = {}): Promise<Acquired> {
  const version = await slot.checkpoint(request(owner, offset, content));
  assert.ok(version !== 'fenced', 'the owner should not be fenced');
  return { ...owner, version };
}

export async function readAll(
  slot: Slot,
  owner: Acquired,
  keys: readonly string[],
): Promise<readonly (Uint8Array | null)[]> {
  const values = await slot.read(owner.token, owner.version, keys);
  assert.ok(values !== 'fenced', 'the owner should not be fenced');
  return values;
}

/** Says only which entry differs: a comparison that shows how would take minutes over long ones. */
export function sameBytes(
  actual: Uint8Array | null | undefined,
  expected: Uint8Array | null | undefined,
  key: string,
): void {
  const same = actual && expected ? Buffer.compare(actual, expected) === 0 : !actual && !expected;
  assert.ok(same, `The entry under ${JSON.stringify(key.slice(0, 60))} is not what it should be.`);
}
