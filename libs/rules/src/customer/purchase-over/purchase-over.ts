import { debits, defineCondition, otherCurrency, thresholdIn } from '@tocsin/core';
import type { ConditionDecision, PaymentChannel } from '@tocsin/core';

/** Ways of paying with a card; a cash machine is no purchase. */
const purchases: readonly PaymentChannel[] = ['card-present', 'card-not-present', 'wallet'];

const quiet: ConditionDecision<never> = { kind: 'quiet' };

/** A card purchase of at least so much. It fires on the authorisation; where a bank has only bookings, on those. */
export const purchaseOver = defineCondition({
  id: 'purchase-over',
  title: 'A card purchase of at least an amount',
  version: '1.0.0',
  needs: ['channel'],
  defaults: { amount: 50 },
  sentence: '{amount} at {merchant}, card ..{last4}, {time}.',
  features: () => ({}),
  decide(tx, _features, { setting, parameters }) {
    if (!debits.includes(tx) || tx.channel === undefined || !purchases.includes(tx.channel)) return quiet;
    const threshold = thresholdIn(tx.amount.currency, setting, parameters.amount);
    if (threshold === undefined) return otherCurrency;
    if (tx.amount.minor < threshold.minor) return quiet;
    return {
      kind: 'holds',
      evidence: { observedMinor: tx.amount.minor, thresholdMinor: threshold.minor, currency: threshold.currency },
    };
  },
});
