import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { asIngest } from './as-ingest.ts';
import { detectInMemory } from './detect-in-memory.testing.ts';
import { alertsAt, alertsOf, planOf, transactions } from './plan.ts';
import { setUpRecords } from './set-up.ts';

const now = Date.UTC(2026, 10, 27, 12);

describe('a plan', () => {
  it('always alerts exactly as often as it says, spread evenly', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.double({ min: 0.001, max: 1, noNaN: true }),
        (records, alerting) => {
          const plan = planOf({ records, alerting, now, accounts: 100 });
          const alerts = Array.from({ length: records }, (_, index) => alertsAt(plan, index)).filter(Boolean).length;
          expect(alerts).toBe(alertsOf(plan));
        },
      ),
    );
  });

  it('has valid records of about 400 bytes, in time order for each account, the last of them not after now', () => {
    const plan = planOf({ records: 2_000, now, accounts: 200 });
    const last = new Map<string, number>();
    let bytes = 0;
    for (const { accountId, value } of transactions(plan)) {
      bytes += value.length;
      const { occurredAt } = JSON.parse(value) as { occurredAt: string };
      const at = Date.parse(occurredAt);
      expect(at).toBeGreaterThan(last.get(accountId) ?? 0);
      expect(at).toBeLessThanOrEqual(now + 1_000);
      last.set(accountId, at);
    }
    expect(last.size).toBe(200);
    expect(bytes / 2_000).toBeGreaterThan(350);
    expect(bytes / 2_000).toBeLessThan(480);
  });

  it('takes as many accounts as keep quiet in the time it has', () => {
    const days = 86_400_000;
    const inTwoDays = [250_000, 300_000, 600_000].map((records) => planOf({ records, now, spanMs: 1.9 * days }));
    expect(inTwoDays.map(({ accounts }) => accounts)).toEqual([20_000, 23_077, 60_000]);
    for (const { gapMs } of inTwoDays) expect(gapMs).toBeGreaterThan(days / 10);
    expect(planOf({ records: 1_000_000, now }).accounts).toBe(50_000);
  });

  it('alerts by the holder’s condition where it says so, and is quiet under every rule otherwise', () => {
    const plan = planOf({ records: 4_000, now, accounts: 200, reachable: 50, alerting: 0.1 });
    const detect = detectInMemory(now);
    for (const record of setUpRecords(plan, 8)) if (record.topic === 'account-events') detect(record);
    const toRecord = asIngest(8);
    for (const { accountId, alerts, value } of transactions(plan)) {
      const findings = detect(toRecord(accountId, value, now));
      expect(findings.map(({ fired, conditions }) => [...fired, ...conditions].length)).toEqual(alerts ? [1] : []);
      if (alerts) expect(findings[0]!.conditions[0]!.condition).toBe('purchase-over');
    }
  });
});
