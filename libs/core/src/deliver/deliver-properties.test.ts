import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { OutcomeRecord } from '../records/delivery.ts';
import type { Span } from '../time.ts';
import { days, hours, seconds } from '../time.ts';
import { rememberedMs } from './deliver-stage.ts';
import { verifyChain } from './ledger-chain.ts';
import { aDelivery, aRedrive, DeliverWorld, start } from './test/deliver-world.ts';

type AnyOutcome = OutcomeRecord['outcome'];
type Action =
  | { readonly do: 'delivery' }
  | { readonly do: 'attempt'; readonly n: number; readonly by: string }
  | { readonly do: 'outcome'; readonly n: number; readonly by: string; readonly outcome: AnyOutcome }
  /** The next attempt, and what became of it; null where nobody ever tells. */
  | { readonly do: 'send'; readonly outcome: AnyOutcome | null }
  | { readonly do: 'wait'; readonly ms: Span }
  /** The log is written once a second. */
  | { readonly do: 'ticks' }
  | { readonly do: 'redrive'; readonly id: string }
  | { readonly do: 'withdraw' };

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
const accepted: AnyOutcome = { kind: 'accepted', ref: 'SM1' };
const later: AnyOutcome = { kind: 'retry', code: '429', scope: 'message' };
const permanent: AnyOutcome = { kind: 'permanent', code: 'p' };
const badAddress: AnyOutcome = { kind: 'badAddress', code: 'b' };
const unknown: AnyOutcome = { kind: 'unknown', code: 'u' };

const by = fc.constantFrom('a', 'b');
const n = fc.integer({ min: 1, max: 3 });
const delivery = fc.constant<Action>({ do: 'delivery' });
const redrive = fc.constantFrom('r1', 'r2', 'r3').map((id): Action => ({ do: 'redrive', id }));
const withdraw = fc.constant<Action>({ do: 'withdraw' });
const attempt = fc.record({ n, by }).map((fields): Action => ({ do: 'attempt', ...fields }));
const ticks = fc.constant<Action>({ do: 'ticks' });
const wait = (...spans: readonly Span[]) => fc.constantFrom(...spans).map((ms): Action => ({ do: 'wait', ms }));
const outcomeOf = (...outcomes: readonly AnyOutcome[]) =>
  fc.record({ n, by, outcome: fc.constantFrom(...outcomes) }).map((fields): Action => ({ do: 'outcome', ...fields }));
const sendWith = (...outcomes: readonly (AnyOutcome | null)[]) =>
  fc.constantFrom(...outcomes).map((outcome): Action => ({ do: 'send', outcome }));

const original = aDelivery({ expiresAt: start + hours(24) });

function act(w: DeliverWorld, action: Action): void {
  switch (action.do) {
    case 'delivery':
      return void w.given(original);
    case 'attempt':
      return void w.attempt(action.n, action.by);
    case 'outcome':
      return void w.outcome(action.n, action.outcome, action.by);
    case 'wait':
      return void w.in(action.ms);
    case 'ticks':
      for (let i = 0; i < 6; i++) w.in(seconds(1));
      return;
    case 'redrive':
      return void w.given(aRedrive(action.id, aDelivery({ expiresAt: w.now + hours(1) })));
    case 'withdraw':
      return void w.given({ ...original, withdrawn: true });
    case 'send': {
      const next = (w.job()?.attempts ?? 0) + 1;
      w.attempt(next);
      if (action.outcome !== null) w.outcome(next, action.outcome);
    }
  }
}

/** All actions, each where `may` allows it then. */
function play(actions: readonly Action[], may: (w: DeliverWorld, action: Action) => boolean): DeliverWorld {
  const w = new DeliverWorld({ digest });
  for (const action of actions) if (may(w, action)) act(w, action);
  return w;
}

const statesOf = (w: DeliverWorld) => w.receipts.map(({ state }) => state);
const openingsOf = (w: DeliverWorld) => w.counts.filter((count) => count === 'redrives sms reopened').length + 1;

function expectNeverTwice(w: DeliverWorld): void {
  const states = statesOf(w);
  expect(states.filter((state) => state === 'accepted').length).toBeLessThanOrEqual(1);
  expect(states.filter((state) => state === 'accepted' || state === 'unknown').length).toBeLessThanOrEqual(2);
  expect(w.timers.length).toBe(w.job() === undefined ? 0 : 1);
  expect(verifyChain(w.ledger, digest).intact).toBe(true);
  const possible = w.ledger.filter(({ outcome }) => outcome === 'possible').length;
  expect(w.ledger.length - possible).toBe(w.job()?.attempting === undefined ? possible : possible - 1);
  const rows = w.ledger.map(({ id, outcome }) => `${id} ${outcome === 'possible' ? 'before' : 'after'}`);
  expect(new Set(rows).size).toBe(rows.length);
}

describe('whatever is appended in whatever order', () => {
  const actions = fc.array(
    fc.oneof(
      delivery,
      attempt,
      outcomeOf(
        accepted,
        later,
        { kind: 'not-sent', code: 'late' },
        permanent,
        badAddress,
        { kind: 'ineligible', code: 'i' },
        { kind: 'ineligible', code: 'revoked' },
        unknown,
      ),
      wait(500, seconds(40), hours(25)),
      ticks,
      redrive,
      withdraw,
    ),
    { maxLength: 40 },
  );
  /** Until then nothing that was settled is forgotten. */
  const soon = (w: DeliverWorld, action: Action) => action.do !== 'wait' || w.now + action.ms < start + rememberedMs;

  it('a delivery is never accepted twice, ends once per opening, is seen at most twice, and the chain holds', () => {
    fc.assert(
      fc.property(actions, (given) => {
        const w = play(given, soon);
        expectNeverTwice(w);
        expect(statesOf(w).length).toBeLessThanOrEqual(openingsOf(w));
      }),
      { numRuns: 300 },
    );
  });

  it('nothing is begun after it was withdrawn, unless an operator sends it again', () => {
    fc.assert(
      fc.property(actions, actions, (before, after) => {
        const w = play([...before, { do: 'withdraw' }], soon);
        const rows = w.ledger.filter(({ outcome }) => outcome === 'possible').length;
        const rest = after.filter(
          (action) =>
            action.do !== 'redrive' && (action.do !== 'delivery' || before.some((one) => one.do === 'delivery')),
        );
        for (const action of rest) if (soon(w, action)) act(w, action);
        expect(w.ledger.filter(({ outcome }) => outcome === 'possible')).toHaveLength(rows);
      }),
      { numRuns: 100 },
    );
  });

  it('and replay gives the same outputs', () => {
    fc.assert(
      fc.property(actions, (given) => {
        expect(play(given, soon).outputs).toEqual(play(given, soon).outputs);
      }),
      { numRuns: 50 },
    );
  });
});

describe('however long it takes', () => {
  const actions = fc.array(
    fc.oneof(
      delivery,
      sendWith(accepted, later, permanent, badAddress, unknown, null),
      wait(seconds(40), hours(25), days(3), days(20)),
      ticks,
      redrive,
      withdraw,
    ),
    { maxLength: 30 },
  );
  /** Only what is there can be redriven: a dead letter, until its topic forgets it. */
  const ofLetters = (w: DeliverWorld, action: Action) =>
    action.do !== 'redrive' || w.deadLetters.some(({ story }) => w.now - story!.at(-1)!.at < days(30));

  const aDay: Action = { do: 'wait', ms: hours(25) };
  const forgotten: readonly (readonly Action[])[] = [
    [{ do: 'delivery' }, { do: 'outcome', n: 1, by: 'a', outcome: badAddress }, aDay, aDay, { do: 'delivery' }],
    [
      { do: 'delivery' },
      { do: 'send', outcome: permanent },
      { do: 'redrive', id: 'r1' },
      { do: 'send', outcome: accepted },
      aDay,
      aDay,
      { do: 'redrive', id: 'r2' },
      { do: 'send', outcome: accepted },
    ],
  ];

  it('no letter and no late copy makes anyone be told twice; a copy of what was forgotten only expires', () => {
    fc.assert(
      fc.property(actions, (given) => {
        const w = play(given, ofLetters);
        expectNeverTwice(w);
        expect(statesOf(w).filter((state) => state !== 'expired').length).toBeLessThanOrEqual(openingsOf(w));
      }),
      { numRuns: 200, examples: forgotten.map((example) => [[...example]]) },
    );
  });
});
