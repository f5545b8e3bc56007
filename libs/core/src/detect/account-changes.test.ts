import { describe, expect, it } from '@jest/globals';
import type { AccountHoldersRecord, ConditionSetting, LabelRecord, RuleSet } from '../records/account.ts';
import { days, minutes } from '../time.ts';
import type { AccountState } from './account-state.ts';
import { storedAccount } from './stored-account.ts';
import type { StoredAccount } from './stored-account.ts';
import { DetectWorld, start } from './test/detect-world.ts';

const accountIn = (world: DetectWorld): AccountState =>
  storedAccount(world.state.get('a:bank:acc-1')!.value as StoredAccount);

const accountId = 'acc-1';

const holders = (
  ...ids: readonly string[]
): {
  type: 'account-holders';
  id: string;
  accountId: string;
  acceptedAt: number;
  holders: AccountHoldersRecord['holders'];
} => ({
  type: 'account-holders',
  id: `h-${ids.join('-')}`,
  accountId,
  acceptedAt: start,
  holders: ids.map((customerId) => ({ customerId, role: 'owner' })),
});

let changes = 0;
const wants = (customerId: string, conditions: Readonly<Record<string, ConditionSetting>>, acceptedAt = start) => ({
  type: 'conditions' as const,
  id: `c-${++changes}`,
  accountId,
  customerId,
  acceptedAt,
  conditions,
});

describe('who is told', () => {
  it('is every holder', () => {
    const world = new DetectWorld()
      .change(holders('ana', 'bo', 'ana'))
      .pay('t-1')
      .pay('t-2');
    expect(world.told).toEqual(['t-2 ana: twice(2 debits)', 't-2 bo: twice(2 debits)']);
    expect(world.outputs.map(({ key }) => key)).toEqual(['bank:ana', 'bank:bo']);
    expect(world.findings[0]).toMatchObject({
      id: 'bank/acc-1/t-2/ana',
      tenantId: 'bank',
      accountId,
      score: 0.5,
      fired: [
        {
          rule: 'twice',
          code: 'TC-TWICE',
          score: 0.5,
          evidence: { observed: 2 },
          ruleVersion: '1.0.0',
          audience: 'customer',
        },
      ],
      conditions: [],
      shadow: [],
      ruleSetVersion: 0,
      receivedAt: start,
      decidedAt: start,
    });
    expect(world.counts.filter((count) => count.startsWith('findings'))).toEqual(['findings twice live']);
  });

  it('is the customer whom transactions name, while there is no list', () => {
    const bare = { customerId: undefined } as unknown as { customerId: string };
    expect(new DetectWorld().pay('t-1').pay('t-2', bare).told).toEqual(['t-2 cus-1: twice(2 debits)']);
    expect(new DetectWorld().pay('t-1', bare).pay('t-2', bare).told).toEqual(['t-2 account/acc-1: twice(2 debits)']);
  });

  it('is each holder for what that holder chose', () => {
    const world = new DetectWorld()
      .change(holders('ana', 'bo', 'cy'))
      .change(wants('ana', { large: { on: true, amount: { minor: 1_000, currency: 'EUR' } } }))
      .change(wants('bo', { large: { on: true } }))
      .change(wants('cy', { large: { on: false, amount: { minor: 1, currency: 'EUR' } } }))
      .pay('t-1')
      .pay('t-2', {
        amount: { minor: 5_000, currency: 'EUR' },
        occurredAt: start + days(1),
        receivedAt: start + days(1),
      });
    expect(world.told).toEqual(['t-1 ana: large', 't-2 ana: large', 't-2 bo: large']);
    expect(world.findings[0]).toMatchObject({
      score: 0,
      conditions: [{ condition: 'large', evidence: { thresholdMinor: 1_000 } }],
    });
  });

  it('is nobody when nothing fired', () => expect(new DetectWorld().pay('t-1').outputs).toEqual([]));
});

describe('conditions', () => {
  it('hold once for a transaction', () => {
    const on = wants('cus-1', { large: { on: true, amount: { minor: 1, currency: 'EUR' } } });
    const world = new DetectWorld().change(on).pay('t-1', { status: 'authorised' }).pay('t-1');
    expect(world.told).toEqual(['t-1 cus-1: large']);
  });

  it('remember for each holder, also while nobody may be told', () => {
    const balance = (minor: number, at = start) => ({
      balanceAfter: { minor, currency: 'EUR' },
      occurredAt: at,
      direction: 'credit' as const,
    });
    const world = new DetectWorld()
      .change(wants('cus-1', { moved: { on: true } }))
      .pay('t-1', balance(1))
      .pay('t-2', balance(1))
      .pay('t-3', balance(2, start - days(6)))
      .pay('t-4', balance(2))
      .pay('t-5', { ...balance(3), status: 'reversed' })
      .pay('t-6', balance(3))
      .pay('t-7', balance(4));
    expect(world.told).toEqual(['t-1 cus-1: moved', 't-7 cus-1: moved']);
    expect(world.findings[1]!.conditions[0]!.evidence).toEqual({ before: 3 });
  });

  it('of a holder stand, however many who are none have chosen since', () => {
    const world = new DetectWorld()
      .change(holders('ana'))
      .change(wants('ana', { large: { on: true, amount: { minor: 1, currency: 'EUR' } } }));
    for (let i = 0; i < 40; i++) world.change(wants(`former-${i}`, { large: { on: true } }));
    expect(world.pay('t-1').told).toEqual(['t-1 ana: large']);
    expect(accountIn(world).conditions).toHaveLength(32);
  });

  it('of a late retry do not undo a newer choice', () => {
    const world = new DetectWorld()
      // What is accepted later than the log has it counts as accepted then.
      .in(2)
      .change(wants('cus-1', { large: { on: false } }, start + 2))
      .change(wants('cus-1', { large: { on: true, amount: { minor: 1, currency: 'EUR' } } }, start + 1))
      .pay('t-1');
    expect(world.told).toEqual([]);
    expect(world.counts).toContain('account_changes conditions stale');
  });

  it('may belong to a customer of any name', () => {
    const world = new DetectWorld()
      .change(wants('__proto__', { large: { on: true, amount: { minor: 1, currency: 'EUR' } } }))
      .pay('t-1', { customerId: '__proto__' });
    expect(world.told).toEqual(['t-1 __proto__: large']);
  });
});

describe('records from outside', () => {
  it('are applied once', () => {
    const answer = {
      type: 'bank-answer',
      id: 'b-1',
      accountId,
      requestId: 'r-1',
      answer: 'refused',
      why: 'no such card',
      acceptedAt: start,
    } as const;
    const world = new DetectWorld().change(holders('ana', 'bo')).change(answer).in(days(6)).change(answer);
    expect(world.answers).toEqual([
      {
        type: 'bank-answer',
        version: 1,
        id: 'b-1/ana',
        tenantId: 'bank',
        accountId,
        customerId: 'ana',
        requestId: 'r-1',
        answer: 'refused',
        why: 'no such card',
      },
      {
        type: 'bank-answer',
        version: 1,
        id: 'b-1/bo',
        tenantId: 'bank',
        accountId,
        customerId: 'bo',
        requestId: 'r-1',
        answer: 'refused',
        why: 'no such card',
      },
    ]);
    expect(world.counts).toContain('records_dropped detect repeated');
  });

  it('reach somebody even where nobody is known', () => {
    const answer = {
      type: 'bank-answer',
      id: 'b-1',
      accountId,
      requestId: 'r-1',
      answer: 'accepted',
      acceptedAt: start,
    } as const;
    expect(new DetectWorld().change(answer).answers).toMatchObject([
      { customerId: 'account/acc-1', answer: 'accepted' },
    ]);
  });

  it('of account events are counted and kept', () => {
    const event = {
      type: 'account-event',
      kind: 'payee-added',
      accountId,
      occurredAt: start,
      acceptedAt: start,
      data: {},
    } as const;
    const world = new DetectWorld().change({ ...event, id: 'e-1' }).change({ ...event, id: 'e-2' });
    const state = accountIn(world);
    expect(state.events).toEqual({ 'payee-added': { count: 2, lastAt: start } });
    expect(world.counts).toEqual(['account_changes account-event applied', 'account_changes account-event applied']);
  });

  it('of settings replace what they name, unless they are old', () => {
    const settings = { type: 'account-settings', accountId } as const;
    const world = new DetectWorld()
      .in(2)
      .change({ ...settings, id: 's-1', acceptedAt: start, country: 'BG', openedOn: '2020-01-01' })
      .change({ ...settings, id: 's-2', acceptedAt: start + 2, currency: 'EUR' })
      .change({ ...settings, id: 's-3', acceptedAt: start + 1, country: 'FR' });
    expect(accountIn(world).settings).toEqual({
      acceptedAt: start + 2,
      country: 'BG',
      openedAt: Date.UTC(2020, 0, 1),
      currency: 'EUR',
    });
  });

  it('in one millisecond take effect in their order in the log, and a repetition of the first has none', () => {
    const holders = { type: 'account-holders', accountId, acceptedAt: start } as const;
    const settings = { type: 'account-settings', accountId, acceptedAt: start } as const;
    const both = [
      { customerId: 'ann', role: 'owner' },
      { customerId: 'bob', role: 'joint' },
    ] as const;
    const world = new DetectWorld()
      .change({ ...holders, id: 'h-1', holders: both })
      .change({ ...holders, id: 'h-2', holders: both.slice(0, 1) })
      .change({ ...holders, id: 'h-1', holders: both })
      .change({ ...settings, id: 's-1', country: 'BG' })
      .change({ ...settings, id: 's-2', openedOn: '2020-01-01' })
      .pay('t-1')
      .pay('t-2');
    expect(world.told).toEqual(['t-2 ann: twice(2 debits)']);
    expect(accountIn(world).settings).toMatchObject({ country: 'BG', openedAt: Date.UTC(2020, 0, 1) });
  });

  it('from whoever has a fast clock are no newer than the log', () => {
    const settings = { type: 'account-settings', accountId } as const;
    const world = new DetectWorld()
      .change({ ...settings, id: 's-1', acceptedAt: start + 3_600_000, country: 'BG' })
      .in(1_000)
      .change({ ...settings, id: 's-2', acceptedAt: start + 990, country: 'FR' });
    expect(accountIn(world).settings).toMatchObject({ country: 'FR', acceptedAt: start + 990 });
  });

  it('that are none are refused at the door', () => {
    const world = new DetectWorld();
    expect(() => world.record({ type: 'finding', version: 1 } as never)).toThrow('no record of account-events');
    expect(() => world.record({ type: 'label', version: 2 } as never)).toThrow('version 1');
  });
});

describe('labels', () => {
  const merchant = { id: 'm-1' };
  const card = { token: 'c-1' };
  const label = (transactionId: string, said: LabelRecord['label'], source: LabelRecord['source'] = 'customer') => ({
    type: 'label' as const,
    id: `${transactionId}-${said}`,
    accountId,
    transactionId,
    label: said,
    source,
    at: start,
  });
  const twoPaid = () => new DetectWorld().pay('t-1', { merchant, card }).pay('t-2', { merchant, card });

  it('of a customer keep the same rule silent at that merchant with that card for seven days', () => {
    const world = twoPaid().change(label('t-2', 'genuine')).pay('t-3', { merchant, card });
    expect(world.told).toHaveLength(1);
    expect(world.counts).toContain('findings_suppressed twice');
    world.pay('t-4', { merchant: { id: 'm-2' }, card }).pay('t-5', { merchant, card: { token: 'c-2' } });
    expect(world.told.slice(1)).toEqual(['t-4 cus-1: twice(4 debits)', 't-5 cus-1: twice(5 debits)']);
    world.in(days(7)).pay('t-6', { merchant, card }).pay('t-7', { merchant, card });
    expect(world.told.at(-1)).toBe('t-7 cus-1: twice(2 debits)');
  });

  it('of the bank do not, and "not me" ends it', () => {
    expect(
      twoPaid()
        .change(label('t-2', 'genuine', 'analyst'))
        .pay('t-3', { merchant, card }).told,
    ).toHaveLength(2);
    const world = twoPaid()
      .change(label('t-2', 'genuine'))
      .pay('t-3', { merchant, card })
      .change(label('t-2', 'fraud'));
    expect(world.pay('t-4', { merchant, card }).told).toHaveLength(2);
    expect(accountIn(world).labels).toEqual({ fraud: 1, genuine: 1 });
  });

  it('are remembered for sixteen combinations at most', () => {
    const world = new DetectWorld();
    for (let i = 0; i < 40; i++) {
      world.pay(`t-${i}`, { merchant: { id: `m-${i}` }, card }).change(label(`t-${i}`, 'genuine'));
    }
    expect(accountIn(world).trusted).toHaveLength(16);
  });
});

describe('rule sets', () => {
  const activate = (version: number, rules: RuleSet['rules']) => ({
    type: 'rule-set' as const,
    id: `rs-${version}`,
    ruleSet: { id: `rs-${version}`, version, rules },
  });

  it('are in force from the next record on', () => {
    const world = new DetectWorld().change(activate(1, { twice: { parameters: { limit: 3 }, weight: 0.5 } }));
    expect(world.outputs).toEqual([]);
    world.pay('t-1').pay('t-2').pay('t-3');
    expect(world.told).toEqual(['t-3 cus-1: twice(3 debits)']);
    expect(world.findings[0]).toMatchObject({ ruleSetVersion: 1, score: 0.25, fired: [{ score: 0.25 }] });
  });

  it('keep a rule in the shadow, or off', () => {
    const world = new DetectWorld()
      .change(activate(1, { twice: { mode: 'shadow' }, refused: { mode: 'off' } }))
      .pay('t-1')
      .pay('t-2')
      .pay('t-3', { status: 'declined' });
    expect(world.findings).toHaveLength(1);
    expect(world.findings[0]).toMatchObject({ score: 0, fired: [], shadow: [{ rule: 'twice' }] });
    expect(world.counts).toContain('findings twice shadow');
  });

  it('are ignored when old, and refused whole when wrong', () => {
    const world = new DetectWorld()
      .change(activate(2, { twice: { parameters: { limit: 3 } } }))
      .change(activate(2, {}))
      .change(activate(1, {}))
      .change(activate(3, { twice: { parameters: { limit: 5 } }, thrice: {} }))
      .change(activate(4, { twice: { parameters: { limit: 'many' } } }));
    expect(world.counts).toEqual(
      ['activated', 'stale', 'stale', 'refused', 'refused'].map((outcome) => `rule_sets ${outcome}`),
    );
    world.pay('t-1').pay('t-2').pay('t-3');
    expect(world.told).toEqual(['t-3 cus-1: twice(3 debits)']);
  });

  it('leave nothing behind of the one before', () => {
    const world = new DetectWorld()
      .change(activate(1, { twice: { mode: 'off' } }))
      .change(activate(2, { refused: { mode: 'off' } }));
    expect([...world.state.keys()].sort()).toEqual(['!rules:bank', '!rules:bank/refused']);
    expect(world.pay('t-1').pay('t-2').told).toHaveLength(1);
  });

  it('belong to one tenant', () => {
    const world = new DetectWorld().change(activate(1, { twice: { mode: 'off' } }));
    const other = { tenantId: 'other' };
    expect(world.pay('t-1', other).pay('t-2', other).pay('t-3').pay('t-4').told).toEqual([
      't-2 cus-1: twice(2 debits)',
    ]);
  });

  it('go on with the history that there is', () => {
    const world = new DetectWorld()
      .pay('t-1')
      .in(minutes(1))
      .change(activate(1, { twice: { parameters: { limit: 3 } } }));
    expect(world.pay('t-2').pay('t-3').told).toEqual(['t-3 cus-1: twice(3 debits)']);
  });
});
