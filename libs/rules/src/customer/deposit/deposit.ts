import { credits, defineCondition, otherCurrency, thresholdIn } from '@tocsin/core';
import type { ConditionDecision } from '@tocsin/core';

const quiet: ConditionDecision<never> = { kind: 'quiet' };

/** Money arrived: any credit, or one of at least so much. */
export const deposit = defineCondition({
  id: 'deposit',
  title: 'Money arrived',
  version: '1.0.0',
  needs: [],
  defaults: { amount: 0.01 },
  sentence: '{amount} arrived on your account, {time}.',
  features: () => ({}),
  decide(tx, _features, { setting, parameters }) {
    if (!credits.includes(tx)) return quiet;
    const threshold = thresholdIn(tx.amount.currency, setting, parameters.amount);
    if (threshold === undefined) return otherCurrency;
    if (tx.amount.minor < threshold.minor) return quiet;
    return {
      kind: 'holds',
      evidence: { observedMinor: tx.amount.minor, thresholdMinor: threshold.minor, currency: threshold.currency },
    };
  },
});
