import { describe, expect, it } from '@jest/globals';
import type { Outcome } from '@tocsin/core';
import { Breaker } from './breaker.ts';

const accepted: Outcome = { kind: 'accepted', ref: 'r' };
const unknown: Outcome = { kind: 'unknown', code: 'timeout' };
const retry: Outcome = { kind: 'retry', code: '500', scope: 'message' };
const broken: Outcome = { kind: 'retry', code: 'auth', scope: 'channel' };
const limits = { pauseMs: 10_000, longestMs: 30_000, urgentProbeAfterMs: 1_000 };

const after = (...outcomes: readonly Outcome[]) => {
  const breaker = new Breaker(limits);
  for (const outcome of outcomes) breaker.record(outcome, 0);
  return breaker;
};
const times = (n: number, outcome: Outcome) => Array.from({ length: n }, () => outcome);

describe('a breaker', () => {
  it('opens when half of twenty failed, not before there are twenty', () => {
    expect(after(...times(19, unknown)).open).toBe(false);
    expect(after(...times(10, accepted), ...times(10, retry)).open).toBe(true);
    expect(after(...times(11, accepted), ...times(9, unknown)).open).toBe(false);
  });

  it('counts what the provider says of a message or an address as working', () => {
    const fine: Outcome[] = [
      { kind: 'permanent', code: 'p' },
      { kind: 'badAddress', code: 'b' },
      { kind: 'ineligible', code: 'i' },
      { kind: 'retry', code: 'busy', scope: 'address' },
    ];
    expect(after(...fine.flatMap((outcome) => times(10, outcome))).open).toBe(false);
  });

  it('forgets after a minute', () => {
    const breaker = after(...times(19, unknown));
    breaker.record(unknown, 61_000);
    expect(breaker.open).toBe(false);
  });

  it('opens at once when the whole account is concerned, for as long as the provider says', () => {
    const breaker = after(broken);
    expect(breaker.ask('routine', 0)).toEqual({ kind: 'open', forMs: 10_000 });
    const told = after({ kind: 'retry', code: '429', scope: 'channel', afterMs: 25_000 });
    expect(told.ask('routine', 0)).toEqual({ kind: 'open', forMs: 25_000 });
  });

  it('lets one message find out, a routine one first', () => {
    const breaker = after(broken);
    expect(breaker.ask('urgent', 10_000)).toEqual({ kind: 'open', forMs: 1_000 });
    expect(breaker.ask('routine', 10_000)).toEqual({ kind: 'probe' });
    expect(breaker.ask('routine', 10_000).kind).toBe('open');
    expect(breaker.ask('urgent', 20_000).kind).toBe('open');
    breaker.record(accepted, 10_100);
    expect(breaker.ask('urgent', 10_100)).toEqual({ kind: 'closed' });
  });

  it('lets an urgent one find out where no other comes', () => {
    expect(after(broken).ask('urgent', 11_000)).toEqual({ kind: 'probe' });
  });

  it('doubles its pause up to the longest', () => {
    const breaker = after(broken);
    breaker.ask('routine', 10_000);
    breaker.record(unknown, 10_000);
    expect(breaker.ask('routine', 10_000)).toEqual({ kind: 'open', forMs: 20_000 });
    breaker.ask('routine', 30_000);
    breaker.record(unknown, 30_000);
    expect(breaker.ask('routine', 30_000)).toEqual({ kind: 'open', forMs: 30_000 });
  });

  it('gives the probe to another when it was not sent', () => {
    const breaker = after(broken);
    breaker.ask('routine', 10_000);
    breaker.release();
    expect(breaker.ask('routine', 10_000)).toEqual({ kind: 'probe' });
  });
});
