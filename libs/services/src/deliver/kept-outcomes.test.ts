import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { minutes, seconds, verifyChain } from '@tocsin/core';
import type { Outcome, OutcomeRecord } from '@tocsin/core';
import { Breaker } from './breaker.ts';
import { OutcomeWriter } from './outcome-writer.ts';
import { Pace } from './pace.ts';
import { HandClock, settle, sha256, SharedLog } from './test/partition-world.ts';
import type { Owner } from './test/partition-world.ts';
import { contact, delivery, World } from './test/world.ts';

/*
 * A full disk, or brokers that are away: the provider has answered, the log does not take the outcome, and the engine throws
 * the partition away and reads it again. What this process knows must not be unknown for that.
 */

const accepted: Outcome = { kind: 'accepted', ref: 'r' };
const outcomesIn = (w: World) => w.log.of<OutcomeRecord>('outcome').map(({ id, outcome }) => `${id} ${outcome.kind}`);

/** A provider that has accepted, and a log that takes nothing from that moment on. */
async function acceptedIntoNothing(outcome: Outcome = accepted) {
  const w = new World();
  w.channel.answer = () => {
    w.log.broken = true;
    return outcome;
  };
  const me = w.owner('before');
  await w.put(contact(), delivery('d1'));
  expect(w.channel.sent).toHaveLength(1);
  w.channel.answer = (n) => ({ kind: 'accepted', ref: `again ${n}` });
  return { w, me };
}

const bySeconds = async (w: World, count: number): Promise<void> => {
  for (let n = 0; n < count; n++) await w.pass(seconds(1));
};

describe('an outcome that the log did not take', () => {
  it('is known after the partition was lost and acquired again: one message, its outcome recorded, nothing unknown', async () => {
    const { w, me } = await acceptedIntoNothing();
    await w.clock.advance(seconds(2));
    me.lose();
    await w.clock.advance(minutes(10));
    w.log.broken = false;
    // Somebody else is the first to write, long after the deadline of the attempt.
    await w.put({ type: 'tick' });
    const after = me.again('after');
    await settle();
    await bySeconds(w, 60);
    expect(w.channel.sent).toHaveLength(1);
    expect(outcomesIn(w)).toEqual(['d1#1 accepted']);
    expect(after.told).toEqual(['d1 accepted']);
    expect(after.ledger.map((row) => row.outcome)).toEqual(['possible', 'accepted']);
  });

  it('is tried at once when the partition runs again', async () => {
    const { w, me } = await acceptedIntoNothing();
    me.lose();
    await w.clock.advance(seconds(20));
    w.log.broken = false;
    me.again('after');
    await settle();
    expect(outcomesIn(w)).toEqual(['d1#1 accepted']);
  });

  it('is obeyed: what was certainly not sent is tried again', async () => {
    const { w, me } = await acceptedIntoNothing({ kind: 'retry', code: '429', scope: 'message' });
    me.lose();
    await w.clock.advance(minutes(2));
    w.log.broken = false;
    const after = me.again('after');
    await settle();
    await bySeconds(w, 10);
    expect(after.told).toEqual(['d1 accepted']);
    expect(w.channel.sent).toHaveLength(2);
  });

  it('is not told when another process had the partition meanwhile and counted it as unknown', async () => {
    const w = new World();
    const me = w.owner('before');
    me.append = (records) => {
      if (w.channel.sent.length > 0) return Promise.reject(new Error('The log is away, for this process.'));
      return w.log.append(records);
    };
    await w.put(contact(), delivery('d1'));
    me.lose();
    const other = w.owner('other');
    await w.pass(seconds(32));
    await bySeconds(w, 8);
    expect(other.told).toEqual(['d1 unknown no-outcome']);
    other.lose();
    const after = me.again('after');
    await settle();
    await bySeconds(w, 60);
    expect(outcomesIn(w)).toEqual([]);
    expect(after.told).toEqual(['d1 unknown no-outcome']);
    expect(w.channel.sent).toHaveLength(1);
  });

  it('of an attempt that does not stand is forgotten', async () => {
    const w = new World();
    const me = w.owner('before');
    w.log.broken = true;
    await w.put(contact(), delivery('d1'));
    me.lose();
    expect(w.counted).toContain('attempts_let_go sms append-failed');
    await w.clock.advance(minutes(1));
    w.log.broken = false;
    const after = me.again('after');
    await settle();
    expect(outcomesIn(w)).toEqual(['d1#1 accepted']);
    expect(after.told).toEqual(['d1 accepted']);
    expect(w.channel.sent).toHaveLength(1);
  });

  it('holds a shutdown up for a while, not for ever', async () => {
    const { w, me } = await acceptedIntoNothing();
    let drained = false;
    void me.drain().then(() => (drained = true));
    await settle();
    await w.clock.advance(seconds(20));
    expect(drained).toBe(false);
    await w.clock.advance(seconds(20));
    expect(drained).toBe(true);
    expect(w.logged).toContain('outcomes could not be recorded');
    // Nothing runs on.
    w.log.broken = false;
    await w.clock.advance(minutes(1));
    expect(outcomesIn(w)).toEqual([]);
  });

  it('reaches the log before a shutdown ends, though the partition is lost', async () => {
    const { w, me } = await acceptedIntoNothing();
    me.lose();
    await w.clock.advance(minutes(1));
    w.log.broken = false;
    await me.drain();
    expect(outcomesIn(w)).toEqual(['d1#1 accepted']);
  });

  it('does not hold a shutdown up at all where the partition is lost and the log away', async () => {
    const { w, me } = await acceptedIntoNothing();
    me.lose();
    await w.clock.advance(seconds(3));
    await me.drain();
    expect(w.logged).toContain('outcomes could not be recorded');
  });

  it('is kept with no more than two thousand others', async () => {
    const clock = new HandClock();
    const log = new SharedLog(clock);
    log.broken = true;
    const errors: string[] = [];
    const error = (message: string, fields?: object): void => void errors.push(`${message} ${JSON.stringify(fields)}`);
    const w = new World();
    const owner = w.owner();
    owner.append = (records) => log.append(records);
    const logger = { info: error, warn: error, error };
    const writer = new OutcomeWriter({ clock, appends: new Pace(0, clock), patienceMs: minutes(1), logger });
    const dropped: string[] = [];
    writer.follow(owner, (records) => void dropped.push(...records.map(({ id }) => id)));
    for (let n = 0; n < 2_003; n++) {
      writer.write({
        type: 'outcome',
        version: 1,
        id: `d${n}#1`,
        deliveryId: `d${n}`,
        tenantId: 'bank',
        customerId: 'cus-1',
        attempt: 1,
        by: 'me',
        outcome: accepted,
      });
    }
    expect(dropped).toEqual(['d0#1', 'd1#1', 'd2#1']);
    // One line at once, and not one for each.
    expect(errors).toEqual([
      'outcomes could not be recorded {"stage":"deliver.sms.urgent","partition":0,"outcomes":1}',
    ]);
    await settle();
    await clock.advance(minutes(2));
    expect(errors.slice(1)).toEqual([
      'outcomes wait for the log {"stage":"deliver.sms.urgent","partition":0,"outcomes":2000}',
    ]);
    log.broken = false;
    await clock.advance(seconds(2));
    const ids = log.of<OutcomeRecord>('outcome').map(({ id }) => id);
    expect(ids).toEqual(Array.from({ length: 2_000 }, (_, n) => `d${n + 3}#1`));
    // The others are told once the log takes something again.
    expect(errors.slice(2)).toEqual([
      'outcomes could not be recorded {"stage":"deliver.sms.urgent","partition":0,"outcomes":2}',
    ]);
  });
});

describe('one process, whatever the log does and whenever the partition is lost', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('deliver' as const) }),
    fc.record({ do: fc.constant('break' as const) }),
    fc.record({ do: fc.constant('mend' as const) }),
    fc.record({ do: fc.constant('lose' as const) }),
    fc.record({ do: fc.constant('acquire' as const) }),
    fc.record({ do: fc.constant('answer' as const) }),
    fc.record({ do: fc.constant('turn' as const) }),
    fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 300, 2_500, 50_000) }),
  );
  const outcomes: readonly Outcome[] = [
    accepted,
    { kind: 'retry', code: 'busy', scope: 'message' },
    { kind: 'unknown', code: 'timeout' },
    { kind: 'badAddress', code: 'gone' },
  ];

  /** Moments are turns of the event loop: between any two of them the log breaks, the provider answers, the partition is lost. */
  it('whenever in the life of an attempt that happens, it is sent once, and its outcome is recorded, never unknown', async () => {
    const moment = fc.integer({ min: 0, max: 14 });
    await fc.assert(
      fc.asyncProperty(
        fc.record({ breaks: moment, answers: moment, loses: moment, slowFlush: fc.boolean(), sneaks: fc.nat(3) }),
        fc.constantFrom(0, 3_000, 31_000, 45_000, minutes(30)),
        fc.boolean(),
        async ({ breaks, answers, loses, slowFlush, sneaks }, awayMs, othersFirst) => {
          const w = new World();
          w.channel.answer = undefined;
          const answer = (): void => {
            w.channel.answer = () => accepted;
            for (const sent of w.channel.sent) sent.answer(accepted);
          };
          const flush = (): Promise<void> => (slowFlush ? settle() : Promise.resolve());
          const me = w.owner('before', {}, { flush });
          w.log.put(contact(), delivery('d1'));
          for (let now = 0; now < 15; now++) {
            await new Promise<void>((resolve) => setImmediate(resolve));
            if (now === breaks) w.log.broken = true;
            if (now === answers) answer();
            if (now === loses) me.lose();
          }
          for (let n = 0; n < sneaks; n++) {
            await w.clock.advance(awayMs / 3);
            await w.put({ type: 'tick' });
          }
          await w.clock.advance(awayMs);
          w.log.broken = false;
          if (othersFirst) await w.put({ type: 'tick' });
          const after = me.again('after');
          await settle();
          for (let n = 0; n < 60; n++) await w.pass(seconds(1));
          expect(after.told).toEqual(['d1 accepted']);
          expect(w.channel.sent).toHaveLength(1);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('what the provider said is what the log says in the end, and nothing that may have been seen is sent again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 40 }),
        fc.array(fc.constantFrom(...outcomes), { minLength: 1 }),
        fc.constantFrom(0, 5),
        async (steps, script, restMs) => {
          const w = new World();
          w.channel.answer = undefined;
          const calls: { readonly key: string; outcome?: Outcome }[] = [];
          const breaker = new Breaker({ leastOutcomes: Infinity });
          const first = w.owner('t0', { restMs }, { breaker });
          let owner: Owner | undefined = first;
          let tokens = 0;
          let deliveries = 0;
          let sneaked = 0;
          const answer = async (): Promise<void> => {
            for (; calls.length < w.channel.sent.length;)
              calls.push({ key: w.channel.sent[calls.length]!.context.key });
            calls.forEach((call, n) => {
              if (call.outcome !== undefined) return;
              call.outcome = script[n % script.length]!;
              w.channel.sent[n]!.answer(call.outcome);
            });
            await settle();
          };
          /** The owner writes ticks as long as the log takes them; now and then a record finds room on a full disk. */
          const pass = async (ms: number): Promise<void> => {
            for (let left = ms; left > 0; left -= 1_000) {
              await w.clock.advance(Math.min(left, 1_000));
              // No call is left so long that it would be aborted.
              if (left % 10_000 === 0) await answer();
              if (!w.log.broken) await w.put({ type: 'tick' });
            }
            if (w.log.broken && sneaked < 3) {
              sneaked += 1;
              await w.put({ type: 'tick' });
            }
          };
          await w.put(contact());
          for (const now of steps) {
            if (now.do === 'deliver') w.log.put(delivery(`d${(deliveries += 1)}`));
            else if (now.do === 'break') w.log.broken = true;
            else if (now.do === 'mend') w.log.broken = false;
            else if (now.do === 'answer') await answer();
            else if (now.do === 'turn') await new Promise<void>((resolve) => setImmediate(resolve));
            else if (now.do === 'pass') await pass(now.ms);
            else if (now.do === 'lose') {
              owner?.lose();
              owner = undefined;
            } else owner ??= first.again(`t${(tokens += 1)}`);
          }
          w.log.broken = false;
          const last = owner ?? first.again('last');
          for (let i = 0; i < 60; i++) {
            await answer();
            await pass(i < 20 ? 1_000 : 10_000);
          }

          const byKey = Map.groupBy(calls, ({ key }) => key);
          for (const own of byKey.values()) {
            const kinds = own.map(({ outcome }) => outcome!.kind);
            expect(kinds.slice(0, -1).every((kind) => kind === 'retry')).toBe(true);
          }
          const ends = [...byKey.values()].map((own) => own.at(-1)!.outcome!.kind);
          expect(ends.length).toBe(deliveries);
          const states = last.receipts.map(({ state, code }) => (code === 'retries-used-up' ? 'retry' : state));
          expect([...states].sort()).toEqual([...ends].sort());
          expect(verifyChain(last.ledger, sha256).intact).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});
