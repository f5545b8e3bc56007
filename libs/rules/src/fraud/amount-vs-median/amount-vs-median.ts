import { debits, defineRule, fired, insufficientHistory, median, minorOf, quiet } from '@tocsin/core';

/** A multiple of what this customer normally pays. The bands were calibrated on a public simulator: recalibrate them. */
export const amountVsMedian = defineRule({
  id: 'amount-vs-median',
  title: 'Much larger than usual',
  version: '1.0.0',
  severity: 'medium',
  family: 'amount',
  audience: 'customer',
  needs: [],
  defaults: {
    ratio: 3,
    highRatio: 3.5,
    veryHighRatio: 4,
    score: 0.68,
    highScore: 0.95,
    veryHighScore: 0.97,
    floor: 100,
    memory: 50,
    atLeast: 5,
  },
  sentence: 'A payment of {amount} at {merchant} is much larger than your usual payments. Was this you?',
  features: ({ memory }) => ({ usual: median(debits, { memory }) }),
  decide(tx, features, { ratio, highRatio, veryHighRatio, score, highScore, veryHighScore, floor, atLeast }) {
    const { minor, currency } = tx.amount;
    if (!debits.includes(tx) || minor < minorOf(floor, currency)) return quiet;
    const { usual } = features;
    if (usual.n < atLeast) return insufficientHistory(usual.n, atLeast);
    const reaches = (multiple: number) => minor >= multiple * usual.minor;
    if (!reaches(ratio)) return quiet;
    const graded = reaches(veryHighRatio) ? veryHighScore : reaches(highRatio) ? highScore : score;
    const times = usual.minor === 0 ? null : Math.round((100 * minor) / usual.minor) / 100;
    return fired(graded, `${times ?? 'many'} times the usual amount`, {
      observed: times,
      threshold: ratio,
      medianMinor: usual.minor,
      currency,
      of: usual.n,
    });
  },
});
