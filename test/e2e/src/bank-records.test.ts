import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { bankFile, published } from './bank-records.ts';
import { cardsIn } from './checks/cards.ts';
import { askOracle } from './verdict.ts';

/* Two authors, one file: what the stories intend and what the oracle derives from the bytes alone must be the same. */

describe.each([7, 8])('the file of seed %i', (seed) => {
  const now = Date.parse('2026-06-15T18:00:00Z');
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-file-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = bankFile(seed, now);
  const verdict = askOracle(folder, file);

  it('is the same whenever it is made', () => {
    expect(published(bankFile(seed, now).lines)).toBe(published(file.lines));
  });

  it('has its ten thousand records, of which one in a hundred is broken and one in a hundred a copy', () => {
    expect([file.lines.length, file.broken.size, file.masked.length]).toEqual([10_000, 100, 50]);
    expect(verdict.duplicates).toBe(100);
    expect(verdict.rejected.map(({ line, code }) => `${line} ${code}`).sort()).toEqual(
      [...file.broken].map(([line, code]) => `${line} ${code}`).sort(),
    );
    const codes = new Set(file.broken.values());
    expect(codes.size).toBe(13);
  });

  it('alerts where its stories mean to, and nowhere else', () => {
    const differences: string[] = [];
    for (const { accountId, story, customers, outcome } of file.intentions) {
      customers.forEach((customerId, i) => {
        const meant = i === 1 && outcome.second !== undefined ? outcome.second : outcome;
        const own = verdict.alerts.filter((alert) => alert.accountId === accountId && alert.customerId === customerId);
        const counted = (type: string, joins: boolean) =>
          own.filter((alert) => alert.type === type && alert.joins === joins).length;
        const expected = { 'fraud-check': meant.fraud ?? 0, ...meant.routine };
        for (const type of ['fraud-check', 'purchase-over', 'international-use', 'balance-below', 'deposit'] as const) {
          const wanted = (expected as Readonly<Record<string, number>>)[type] ?? 0;
          if (counted(type, false) !== wanted)
            differences.push(
              `${story} of ${accountId} for ${customerId}: ${counted(type, false)} ${type}, not ${wanted}`,
            );
        }
        if (counted('fraud-check', true) !== (meant.joined ?? 0))
          differences.push(`${story} of ${accountId}: ${counted('fraud-check', true)} join`);
      });
    }
    expect(differences).toEqual([]);
    const unknown = file.intentions.filter(
      ({ accountId, outcome }) => file.unknownAccounts.includes(accountId) && outcome.fraud === 1,
    );
    expect(verdict.cases.map(({ accountId }) => accountId).sort()).toEqual(
      unknown.map(({ accountId }) => accountId).sort(),
    );
  });

  it('uses the amount of an alert on no other transaction', () => {
    const broken = new Set(file.broken.keys());
    const byAmount = new Map<string, Set<string>>();
    for (const { number, value } of file.lines) {
      if (broken.has(number)) continue;
      const { accountId, id, lifecycleId, amount } = JSON.parse(value!.toString('utf8')) as {
        accountId: string;
        id: string;
        lifecycleId?: string;
        amount: { value: string };
      };
      byAmount.set(amount.value, (byAmount.get(amount.value) ?? new Set()).add(`${accountId} ${lifecycleId ?? id}`));
    }
    expect(verdict.alerts.filter(({ amount }) => byAmount.get(amount.split(' ')[0]!)!.size !== 1)).toEqual([]);
  });

  it('holds card numbers exactly where it says', () => {
    const holding = file.lines.filter(
      ({ number, value }) => !file.broken.has(number) && value !== null && cardsIn(value.toString('utf8')) > 0,
    );
    expect(holding.map(({ number }) => number)).toEqual(file.masked);
  });
});
