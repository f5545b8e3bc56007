import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seconds, verifyChain } from '@tocsin/core';
import type { AttemptRecord, Outcome } from '@tocsin/core';
import { settle, sha256 } from './test/partition-world.ts';
import { contact, delivery, World } from './test/world.ts';

describe('consent, whatever the interleaving', () => {
  const decision = fc.record({
    do: fc.constantFrom('stop' as const, 'start' as const, 'narrow' as const, 'widen' as const),
    told: fc.constantFrom(false, false, true),
  });
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant('send' as const) }) },
    { weight: 4, arbitrary: decision },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('tell' as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(10, 600, 1_500) }) },
  );
  /** What a decision raises; giving more raises nothing. */
  const verdicts = { stop: 'deny', start: 'allow', narrow: 'wait', widen: undefined } as const;
  const ground = { kind: 'consent', consentId: 'c-1' } as const;

  /**
   * The gateway's order: the record gets its offset, the barrier is raised, and only then is the customer told. The contact
   * reaches the partition later or not at all. From the raise of a stop to the next start no call of the provider may begin,
   * and from that of a narrower revocation to the next grant none that names what was taken back.
   */
  it('nothing is sent that was revoked before, and what may be sent does not wait for ever', async () => {
    const seen = { named: 0, unnamed: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 30 }),
        fc.constantFrom(0, 5),
        async (steps, restMs) => {
          const w = new World();
          const me = w.owner('me', { restMs });
          let offset = 10;
          let decided = { stopped: false, merchant: true };
          let deliveries = 0;
          const untold: { offset: number; decided: typeof decided }[] = [];
          const tell = (): void => {
            for (const { offset: sourceOffset, decided: at } of untold.splice(0)) {
              const classes = ['existence', 'amount', ...(at.merchant ? (['merchant'] as const) : [])] as const;
              const allowed = { 'fraud-protection': { classes, ground } };
              w.log.put(contact({ sourceOffset, stopped: at.stopped, allowed }));
            }
          };
          let wrong = 0;
          w.channel.answer = (n) => {
            const named = w.channel.sent.at(-1)!.message.text.includes('Cafe');
            seen[named ? 'named' : 'unnamed'] += 1;
            if (decided.stopped || (named && !decided.merchant)) wrong += 1;
            return n % 5 === 0 ? { kind: 'retry', code: 'busy', scope: 'message' } : { kind: 'accepted', ref: `r${n}` };
          };
          await w.put(contact());
          for (const now of steps) {
            switch (now.do) {
              case 'send':
                w.log.put(delivery(`d${(deliveries += 1)}`));
                break;
              case 'tell':
                tell();
                break;
              case 'turn':
                await new Promise<void>((resolve) => setImmediate(resolve));
                break;
              case 'pass':
                await w.pass(now.ms);
                break;
              default: {
                offset += 1;
                if (now.do === 'stop' || now.do === 'start') decided = { ...decided, stopped: now.do === 'stop' };
                else decided = { ...decided, merchant: now.do === 'widen' };
                const verdict = verdicts[now.do];
                if (verdict !== undefined) w.barriers.raise('cus-1', offset, verdict);
                untold.push({ offset, decided });
                if (now.told) tell();
              }
            }
          }
          await settle();
          tell();
          for (let i = 0; i < 40; i += 1) await w.pass(seconds(30));
          expect(wrong).toBe(0);
          expect(me.receipts).toHaveLength(deliveries);
        },
      ),
      { numRuns: 150 },
    );
    expect(seen.named).toBeGreaterThan(0);
    expect(seen.unnamed).toBeGreaterThan(0);
  });
});

describe('owners that come, go, sleep and wake up', () => {
  const outcomes: readonly Outcome[] = [
    { kind: 'accepted', ref: 'r' },
    { kind: 'retry', code: 'busy', scope: 'message' },
    { kind: 'unknown', code: 'timeout' },
    { kind: 'permanent', code: 'p' },
  ];
  const step = fc.oneof(
    fc.record({ do: fc.constant('deliver' as const) }),
    fc.record({ do: fc.constant('sleep' as const), who: fc.nat(2) }),
    fc.record({ do: fc.constant('wake' as const), who: fc.nat(2) }),
    fc.record({ do: fc.constant('replace' as const), who: fc.nat(2) }),
    fc.record({ do: fc.constant('turn' as const) }),
    fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(100, 1_500, 4_000, 40_000) }),
  );

  it('send a delivery at most once that may have been seen, and agree on what became of it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 40 }),
        fc.array(fc.constantFrom(...outcomes), { minLength: 1 }),
        fc.constantFrom(0, 5),
        async (steps, script, restMs) => {
          const w = new World();
          const calls: { key: string; outcome: Outcome }[] = [];
          w.channel.answer = (n) => {
            const outcome = script[n % script.length]!;
            calls.push({ key: w.channel.sent.at(-1)!.context.key, outcome });
            return outcome;
          };
          let tokens = 0;
          const owners = [0, 1, 2].map(() => w.owner(`owner-${(tokens += 1)}`, { restMs }));
          let deliveries = 0;
          await w.put(contact());
          for (const now of steps) {
            if (now.do === 'deliver') w.log.put(delivery(`d${(deliveries += 1)}`));
            else if (now.do === 'turn') await new Promise<void>((resolve) => setImmediate(resolve));
            else if (now.do === 'pass') await w.pass(now.ms);
            else if (now.do === 'sleep') owners[now.who]!.awake = false;
            else if (now.do === 'wake') {
              owners[now.who]!.awake = true;
              owners[now.who]!.read();
            } else {
              owners[now.who]!.lose();
              owners[now.who] = w.owner(`owner-${(tokens += 1)}`, { restMs });
            }
          }
          for (const owner of owners) {
            owner.awake = true;
            owner.read();
          }
          for (let i = 0; i < 40; i++) await w.pass(seconds(30));

          const keys = new Set(calls.map(({ key }) => key));
          for (const key of keys) {
            const own = calls.filter((call) => call.key === key).map(({ outcome }) => outcome.kind);
            expect(own.filter((kind) => kind === 'accepted' || kind === 'unknown').length).toBeLessThanOrEqual(1);
            // What may have been seen, or is refused for good, is the last call.
            expect(own.slice(0, -1).every((kind) => kind === 'retry')).toBe(true);
          }
          const [first, ...others] = owners.map(({ outputs }) => outputs);
          for (const other of others) expect(other).toEqual(first);
          expect(verifyChain(owners[0]!.ledger, sha256).intact).toBe(true);
          expect(owners[0]!.receipts).toHaveLength(deliveries);
          expect(w.log.of<AttemptRecord>('attempt').length).toBeGreaterThanOrEqual(keys.size);
        },
      ),
      { numRuns: 40 },
    );
  });
});
