import type { CustomerCondition, FraudRule } from '@tocsin/core';
import { balanceBelow } from './customer/balance-below/balance-below.ts';
import { deposit } from './customer/deposit/deposit.ts';
import { internationalUse } from './customer/international-use/international-use.ts';
import { purchaseOver } from './customer/purchase-over/purchase-over.ts';
import { amountVsMedian } from './fraud/amount-vs-median/amount-vs-median.ts';
import { cardTesting } from './fraud/card-testing/card-testing.ts';
import { declineBurst } from './fraud/decline-burst/decline-burst.ts';
import { firstSeen } from './fraud/first-seen/first-seen.ts';
import { impossibleTravel } from './fraud/impossible-travel/impossible-travel.ts';
import { velocityCount } from './fraud/velocity-count/velocity-count.ts';

/** Every fraud rule there is. A rule runs because it stands here. */
export const fraudRules: readonly FraudRule[] = [
  velocityCount,
  amountVsMedian,
  impossibleTravel,
  firstSeen,
  declineBurst,
  cardTesting,
];

/** Every condition that a customer can choose. */
export const customerConditions: readonly CustomerCondition[] = [purchaseOver, balanceBelow, deposit, internationalUse];
