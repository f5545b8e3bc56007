import { debits, defineCondition, otherCurrency, thresholdIn } from '@tocsin/core';
import type { ConditionDecision, PaymentChannel } from '@tocsin/core';

/** Where a card is used, and a country can be another one. */
const cardUse: readonly PaymentChannel[] = ['card-present', 'card-not-present', 'wallet', 'atm'];

const quiet: ConditionDecision<never> = { kind: 'quiet' };

/** A purchase or a cash machine in a country that is not the account's own. */
export const internationalUse = defineCondition({
  id: 'international-use',
  title: 'Card use in another country',
  version: '1.0.0',
  needs: ['channel', 'merchant.country', 'account.country'],
  defaults: { amount: 0.01 },
  sentence: '{amount} at {merchant} in {country}, card ..{last4}, {time}.',
  features: () => ({}),
  decide(tx, _features, { setting, parameters, account }) {
    if (!debits.includes(tx) || tx.channel === undefined || !cardUse.includes(tx.channel)) return quiet;
    if (tx.merchant?.country === account.country) return quiet;
    const threshold = thresholdIn(tx.amount.currency, setting, parameters.amount);
    if (threshold === undefined) return otherCurrency;
    if (tx.amount.minor < threshold.minor) return quiet;
    return {
      kind: 'holds',
      evidence: { country: tx.merchant?.country, home: account.country, thresholdMinor: threshold.minor },
    };
  },
});
