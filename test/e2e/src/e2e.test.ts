import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { verifyChain } from '@tocsin/core';
import { cardsIn } from './checks/cards.ts';
import { disclosureProblems } from './checks/disclosure.ts';
import { rejectedProblems } from './checks/rejected.ts';
import type { Evidence } from './evidence.ts';
import { kindOf } from './harness/words.ts';
import { Scenario } from './scenario.ts';

/*
 * The whole product on a real Kafka and a real Redis: five services as processes of their own, a bank's file of 10,000
 * records written by kcat, strict fake providers that misbehave, two services killed on the way. One run, then what it
 * shows, claim by claim.
 */

describe('ten thousand records of a bank, end to end', () => {
  const scenario = new Scenario();
  let run: { readonly evidence: Evidence } | { readonly error: unknown } | undefined;
  let failed = true;

  beforeAll(async () => {
    run = await scenario.run().then(
      (evidence) => ({ evidence }),
      (error: unknown) => ({ error }),
    );
    failed = 'error' in run;
  }, 290_000);
  afterAll(() => scenario.close(failed), 60_000);

  /** What the run left behind. Why there may be nothing is said once, by the first claim. */
  const found = (): Evidence => {
    if (run === undefined || 'error' in run) throw new Error('The run did not come to its end.');
    return run.evidence;
  };

  /** A claim: nothing speaks against it. The first twenty objections are shown. */
  const holds = (problems: readonly string[]): void => {
    if (problems.length > 0) failed = true;
    expect({ objections: problems.length, first: problems.slice(0, 20) }).toEqual({ objections: 0, first: [] });
  };

  it('comes to its end', () => {
    if (run !== undefined && 'error' in run) throw run.error;
    expect(run).toBeDefined();
  });

  it('were all published, and 2 to 3 percent of them alert', () => {
    expect(found().bank).toHaveLength(10_000);
    const share = found().verdict.alerts.length / 10_000;
    expect(share).toBeGreaterThan(0.02);
    expect(share).toBeLessThan(0.03);
    expect(found().verdict.duplicates).toBeGreaterThanOrEqual(100);
  });

  it('every expected alert arrives exactly once, and nothing else does', () => {
    holds(
      found().alerts.map(({ alert, what }) =>
        alert === undefined
          ? what
          : `${alert.type} ${alert.amount} of ${alert.transactionId} to ${alert.customerId} ${what}. ${scenario.story(alert.customerId, alert.transactionId)}.`,
      ),
    );
    // What a crash leaves in doubt is the exception, not a cover for what is lost.
    expect(found().doubtful).toBeLessThan(40);
  });

  it('fraud on an account whose holder nobody knows becomes one case for staff', () => {
    const cases = found().cases.filter(({ value: { kind } }) => kind === 'unknown-customer');
    const told = cases.map(({ value }) => `${value.accountId} ${value.transactionIds.join()}`);
    expect([...new Set(told)].sort()).toEqual(
      found()
        .verdict.cases.map(({ accountId, transactionId }) => `${accountId} ${transactionId}`)
        .sort(),
    );
    expect(new Set(cases.map(({ id }) => id)).size).toBe(found().verdict.cases.length);
  });

  it('fraud that reaches the customer on no channel becomes a case, too', () => {
    const unreachable = new Set(
      found()
        .file.setUp.customers.filter(({ reach }) => reach === 'unreachable')
        .map(({ id }) => id),
    );
    const expected = found().verdict.alerts.filter(
      ({ customerId, type }) => unreachable.has(customerId) && type === 'fraud-check',
    );
    const cases = found().cases.filter(
      ({ value }) => value.kind === 'unreachable' && unreachable.has(value.customerId ?? ''),
    );
    expect(expected.length).toBeGreaterThan(0);
    expect([...new Set(cases.flatMap(({ value }) => value.transactionIds))].sort()).toEqual(
      expected.map(({ transactionId }) => transactionId).sort(),
    );
  });

  it('every broken record is on rejected with its code and its bytes', () => {
    holds(rejectedProblems(found().file.lines, found().bank, found().rejected, found().verdict, found().topic));
  });

  it('copies came at least five seconds later, many of them to a partition where the account never was', () => {
    const contents = Map.groupBy(found().bank, ({ value }) => Buffer.from(value ?? '').toString('latin1'));
    const copied = [...contents].filter(([value, same]) => value !== '' && same.length > 1).map(([, same]) => same);
    expect(copied).toHaveLength(100);
    const apart = copied.map(
      (same) =>
        Math.max(...same.map(({ timestamp }) => timestamp)) - Math.min(...same.map(({ timestamp }) => timestamp)),
    );
    expect(Math.min(...apart)).toBeGreaterThanOrEqual(5_000);
    expect(copied.filter((same) => new Set(same.map(({ partition }) => partition)).size > 1).length).toBeGreaterThan(
      25,
    );
  });

  it('a card number in a text field is masked everywhere, and counted', () => {
    holds(
      [...found().texts].filter(([, text]) => cardsIn(text) > 0).map(([place]) => `${place} holds a full card number`),
    );
    expect(found().cardsCounted).toBe(found().file.masked.length);
  });

  it('a signed NO asks the bank once to freeze the card; an unsigned one is refused and does nothing', () => {
    const { unsigned, afterUnsigned, signed } = found().answers;
    expect(unsigned.status).toBe(401);
    expect(afterUnsigned).toBe(0);
    expect(signed.map(({ status }) => status)).toEqual([200, 200]);
    expect(new Set(found().requests.map(({ id }) => id)).size).toBe(1);
    for (const { id, value } of found().requests) expect(value).toMatchObject({ kind: 'freeze-card', requestId: id });
    const frozen = found().sent.filter(({ seen, text }) => seen && kindOf(text) === 'frozen');
    expect(frozen.map(({ customer }) => customer?.id).sort()).toEqual([...found().file.answering].sort());
  });

  it('nothing left without a consent or a legal basis, and the ledger says exactly what the providers received', () => {
    holds(disclosureProblems(found().disclosure));
  });

  it('the ledger is an unbroken chain', () => {
    const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
    const { chains, intact } = verifyChain(found().ledger, digest);
    expect({ intact, faults: chains.filter(({ fault }) => fault !== undefined) }).toEqual({ intact: true, faults: [] });
    expect(chains.reduce((sum, { rows }) => sum + rows, 0)).toBeGreaterThan(found().sent.length);
  });

  it('nothing was given up as a dead letter', () => {
    holds(
      found().deadLetters.map(({ value }) =>
        Buffer.from(value ?? '')
          .toString('utf8')
          .slice(0, 300),
      ),
    );
  });
});
