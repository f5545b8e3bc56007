import { describe, expect, it } from '@jest/globals';
import { History, Program, problemsOfRuleSet, seconds } from '@tocsin/core';
import type { FraudRule, Transaction } from '@tocsin/core';
import { fraudRules } from './index.ts';

/** Every limit as high as it can be told, and every row switched on. */
const widest = (rule: FraudRule) =>
  Object.fromEntries(
    Object.entries(rule.defaults).flatMap(([name, value]) =>
      value === null || name.includes('Per') || name.startsWith('in') || name === 'probes' || name === 'memory'
        ? [[name, 10_000]]
        : [],
    ),
  );

const start = Date.UTC(2026, 0, 1);

/** A customer such as there are none: 40 cards, devices, addresses, payees and places at once, every three seconds. */
const busy = (i: number): Transaction => ({
  id: `t-${i}`,
  lifecycleId: `t-${i}`,
  accountId: 'a',
  occurredAt: start + i * seconds(3) - (i % 7) * seconds(60),
  precision: 'instant',
  amount: { minor: i % 3 === 0 ? 100 : 1_000_000 + i, currency: ['EUR', 'USD', 'JPY', 'KWD'][i % 4]! },
  direction: 'debit',
  status: i % 5 === 0 ? 'declined' : 'authorised',
  channel: 'card-present',
  card: { token: `a-card-token-of-usual-length-${i % 40}` },
  device: { id: `device-${i % 41}`, ip: `203.0.113.${i % 43}` },
  counterparty: { account: `payee-${i % 37}` },
  merchant: {
    country: `${String.fromCharCode(65 + (i % 26))}X`,
    latitude: (i % 90) + 0.12345,
    longitude: -(i % 180) - 0.54321,
  },
});

describe('what is remembered of an account', () => {
  it('can be stored whatever ingest lets through: the largest amount, at the first and the last moment', () => {
    const program = new Program(fraudRules, []);
    const history = new History();
    for (const occurredAt of [0, Date.UTC(9999, 11, 31)]) {
      for (const minor of [0, Number.MAX_SAFE_INTEGER]) {
        program.begin({ ...busy(1), occurredAt, amount: { minor, currency: 'EUR' } }, { openedAt: 0 }, history);
        program.absorb();
      }
    }
    const laidOut = [...history.rings];
    const read = new History(history.pack(), history.storedSets());
    expect([read.rings, read.sets]).toEqual([laidOut, history.sets]);
    expect(history.rings).toEqual(laidOut);
  });

  it('is all that a rule set may ask for', () => {
    const problems = (rule: string, parameters: Readonly<Record<string, unknown>>) =>
      problemsOfRuleSet({ id: 'r', version: 1, rules: { [rule]: { parameters } } }, fraudRules, []);
    expect(problems('amount-vs-median', { memory: 1e12 })).toEqual([
      'amount-vs-median would have to look back on 1000000000000 (usual), and 256 are kept: lower its parameters.',
    ]);
    expect(problems('velocity-count', { cardPerDay: 256, cardPerWeek: 300 })).toEqual([
      'velocity-count would have to look back on 300 (cardPerWeek), and 256 are kept: lower its parameters.',
    ]);
    expect(fraudRules.flatMap(({ id, defaults }) => problems(id, defaults))).toEqual([]);
  });

  it('stays within one entry, whatever happens and whatever the rule set says', () => {
    for (const parameters of [() => ({}), widest]) {
      const settings = Object.fromEntries(fraudRules.map((rule) => [rule.id, { parameters: parameters(rule) }]));
      const program = new Program(fraudRules, [], { id: 'widest', version: 1, rules: settings });
      const history = new History();
      for (let i = 0; i < 6_000; i++) {
        program.begin(busy(i), { openedAt: 0 }, history);
        program.judge();
        program.absorb();
      }
      const rings = history.pack()!;
      // JSON is longer than what is stored.
      expect(rings.length + JSON.stringify(history.sets).length).toBeLessThan(parameters === widest ? 60_000 : 30_000);
    }
  });

  it('stays within one entry also when one rule set follows another', () => {
    const history = new History();
    let at = start;
    for (let version = 1; version <= 30; version++) {
      // With each of these the windows are others, and nobody looks at the former ones any more.
      const rules = {
        'decline-burst': { parameters: { technical: ['91', `${version}`] } },
        'card-testing': { parameters: { probeUpTo: version } },
      };
      const program = new Program(fraudRules, [], { id: 'tuned', version, rules });
      for (let i = 0; i < 300; i++) {
        at += seconds(60);
        const card = { token: `card-${i % 16}` };
        const tx = { ...busy(i), occurredAt: at, amount: { minor: 50 + (i % 50), currency: 'EUR' }, card };
        program.begin(tx, { openedAt: 0 }, history);
        program.judge();
        program.absorb();
      }
      expect(history.pack()!.length + JSON.stringify(history.sets).length).toBeLessThan(40_000);
    }
  });
});
