import { describe, expect, it } from '@jest/globals';
import { Metrics } from '@tocsin/nest';
import type { Outcome } from '@tocsin/core';
import { Breaker } from './breaker.ts';
import { contact, delivery, World } from './test/world.ts';
import { watchBacklog, watchBreaker } from './watched.ts';

const none = { waiting: 0, retriesWaiting: 0, retriesDue: 0, longestDue: 0, open: 0 };

describe('the backlog of a channel and lane', () => {
  it('tells what waits for the first time from what is tried again, and what is due from what is not', async () => {
    const w = new World();
    const me = w.owner();
    expect(me.backlog()).toEqual(none);
    w.channel.answer = () => ({ kind: 'retry', code: '429', scope: 'message', afterMs: 60_000 });
    await w.put(contact(), delivery('d1'));
    expect(me.backlog()).toEqual({ ...none, waiting: 1, retriesWaiting: 1 });
    // Nothing is granted any more: what is due stays so.
    w.tokens = 0;
    await w.put(contact({ customerId: 'cus-2' }), delivery('d2', { customerId: 'cus-2' }));
    await w.clock.advance(5_000);
    expect(me.backlog()).toEqual({ waiting: 2, retriesWaiting: 1, retriesDue: 0, longestDue: 5_000, open: 0 });
    await w.clock.advance(120_000);
    expect(me.backlog()).toMatchObject({ waiting: 2, retriesWaiting: 1, retriesDue: 1, longestDue: 125_000 });
  });

  it('counts an attempt as open until its outcome stands in the log', async () => {
    const w = new World();
    const me = w.owner();
    w.channel.answer = undefined;
    await w.put(contact(), delivery('d1'));
    expect(me.backlog()).toEqual({ ...none, open: 1 });
    w.channel.sent[0]!.answer({ kind: 'accepted', ref: 'r' });
    await w.pass(1_000);
    expect(me.backlog()).toEqual(none);
  });

  it('is shown at every scrape, from when the companion is there', async () => {
    const metrics = new Metrics({ processMetrics: false });
    const watched = watchBacklog(metrics, 'sms', 'urgent');
    expect(await metrics.text()).not.toContain('tocsin_deliveries_waiting{');
    const backlog = { waiting: 7, retriesWaiting: 3, retriesDue: 2, longestDue: 1_500, open: 1 };
    const companion = { backlog: () => backlog } as Parameters<typeof watched>[0];
    expect(watched(companion)).toBe(companion);
    const text = await metrics.text();
    expect(text).toContain('tocsin_deliveries_waiting{channel="sms",lane="urgent"} 7');
    expect(text).toContain('tocsin_retries_waiting{channel="sms",lane="urgent"} 3');
    expect(text).toContain('tocsin_retries_due{channel="sms",lane="urgent"} 2');
    expect(text).toContain('tocsin_delivery_due_age_seconds{channel="sms",lane="urgent"} 1.5');
    expect(text).toContain('tocsin_attempts_open{channel="sms",lane="urgent"} 1');
  });
});

describe('the breaker of a channel', () => {
  const broken: Outcome = { kind: 'retry', code: 'auth', scope: 'channel' };

  it('is in exactly one state at every scrape', async () => {
    const metrics = new Metrics({ processMetrics: false });
    const breaker = new Breaker({ pauseMs: 10_000 });
    watchBreaker(metrics, 'sms', breaker);
    const states = async () =>
      [...(await metrics.text()).matchAll(/tocsin_breaker_state\{channel="sms",state="(\w+)"\} (\d)/g)].flatMap(
        ([, state, value]) => (value === '1' ? [state] : []),
      );
    expect(await states()).toEqual(['closed']);
    breaker.record(broken, 0);
    expect(await states()).toEqual(['open']);
    breaker.ask('routine', 20_000);
    expect(await states()).toEqual(['probing']);
    breaker.record({ kind: 'accepted', ref: 'r' }, 20_100);
    expect(await states()).toEqual(['closed']);
  });

  it('and what became of deliveries have their counters from the beginning', async () => {
    const metrics = new Metrics({ processMetrics: false });
    watchBreaker(metrics, 'sms', new Breaker());
    const text = await metrics.text();
    expect(text).toContain('tocsin_breaker_openings_total{channel="sms"} 0');
    expect(text).toContain('tocsin_deliveries_total{channel="sms",outcome="unknown"} 0');
  });
});
