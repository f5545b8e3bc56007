import { defineCondition, isCounted, otherCurrency, thresholdIn } from '@tocsin/core';
import type { Instant } from '@tocsin/core';

/** What is remembered for one holder: whether the alert may fire again, for which threshold, and as of when. */
interface Memory {
  readonly armed: boolean;
  readonly minor: number;
  readonly at: Instant;
}

/** The balance fell below the threshold. It fires once, and again only after the balance had recovered by some percent. */
export const balanceBelow = defineCondition<{ amount: number; recovery: number }, Record<never, never>, Memory>({
  id: 'balance-below',
  title: 'The balance fell below an amount',
  version: '1.0.0',
  needs: ['balanceAfter'],
  defaults: { amount: 100, recovery: 0.05 },
  sentence: 'The balance of your account is below your limit: {balance}.',
  edgeTriggered: true,
  features: () => ({}),
  decide(tx, _features, { setting, parameters, memory }) {
    const { minor, currency } = tx.balanceAfter!;
    const threshold = thresholdIn(currency, setting, parameters.amount);
    if (threshold === undefined) return otherCurrency;
    // A refused payment moved nothing; a balance older than the one known says nothing of now.
    const known = memory?.minor === threshold.minor ? memory : undefined;
    if (tx.status === 'declined' || (known !== undefined && tx.occurredAt < known.at)) return { kind: 'quiet' };
    const at = tx.occurredAt;
    if (minor >= threshold.minor) {
      // The threshold may be negative, an overdraft: recovery is always upwards.
      const recovered = minor >= threshold.minor + parameters.recovery * Math.abs(threshold.minor);
      return { kind: 'quiet', memory: { armed: recovered || known?.armed !== false, minor: threshold.minor, at } };
    }
    // A reversal tells nobody; the next payment then finds the balance below and the alert still armed.
    if (!isCounted(tx)) return { kind: 'quiet' };
    const disarmed = { armed: false, minor: threshold.minor, at };
    const crossed = known?.armed ?? balanceBefore() >= threshold.minor;
    if (!crossed) return { kind: 'quiet', memory: disarmed };
    const evidence = { balanceMinor: minor, thresholdMinor: threshold.minor, currency };
    return { kind: 'holds', evidence, memory: disarmed };

    /** Before the first balance that is known, what this very transaction made of it decides. */
    function balanceBefore(): number {
      if (tx.amount.currency !== currency) return minor;
      return tx.direction === 'debit' ? minor + tx.amount.minor : minor - tx.amount.minor;
    }
  },
});
