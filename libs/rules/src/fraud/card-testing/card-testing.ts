import { attempts, defineRule, fired, hours, minorOf, minutes, quiet, recent, spanText, upTo } from '@tocsin/core';
import type { RecentRow } from '@tocsin/core';

/** The largest probe of all bursts that ended within the time left for the real charge; undefined where there was none. */
function largestProbe(
  rows: readonly RecentRow[],
  { probes, within, from }: { readonly probes: number; readonly within: number; readonly from: number },
): number | undefined {
  let largest: number | undefined;
  rows.forEach((last, i) => {
    if (last.at <= from) return;
    const burst = rows.slice(0, i + 1).filter(({ at }) => at > last.at - within);
    if (burst.length >= probes) largest = Math.max(largest ?? 0, ...burst.map(({ minor }) => minor));
  });
  return largest;
}

/** Tiny probes that find out whether a stolen card works, then the real charge. */
export const cardTesting = defineRule({
  id: 'card-testing',
  title: 'Small test charges',
  version: '1.0.0',
  severity: 'high',
  family: 'card-testing',
  audience: 'customer',
  needs: ['occurredAt.time', 'card'],
  defaults: {
    probeUpTo: 2,
    probes: 3,
    within: minutes(10),
    multiple: 50,
    followsWithin: hours(24),
    probeScore: 0.4,
    chargeScore: 0.9,
  },
  sentence: 'Small test charges were made with your card ending {last4}. Were they yours?',
  features: ({ probeUpTo, probes, within, followsWithin }) => ({
    probed: recent(upTo(probeUpTo, attempts), { by: 'card', within: within + followsWithin, upTo: 4 * probes }),
  }),
  decide(tx, features, { probeUpTo, probes, within, multiple, followsWithin, probeScore, chargeScore }) {
    if (!attempts.includes(tx)) return quiet;
    const { probed } = features;
    const { minor, currency } = tx.amount;
    if (minor <= minorOf(probeUpTo, currency)) {
      const n = probed.filter(({ at }) => at > tx.occurredAt - within).length + 1;
      if (n < probes) return quiet;
      const evidence = { observed: n, threshold: probes, windowMs: within, key: 'card' };
      return fired(probeScore, `${n} test charges within ${spanText(within)}`, evidence, 'PROBES');
    }
    const largest = largestProbe(probed, { probes, within, from: tx.occurredAt - followsWithin });
    if (largest === undefined || minor < multiple * largest) return quiet;
    const evidence = { observedMinor: minor, thresholdMinor: multiple * largest, largestProbeMinor: largest, currency };
    return fired(chargeScore, 'A large charge after test charges', evidence, 'CHARGE');
  },
});
