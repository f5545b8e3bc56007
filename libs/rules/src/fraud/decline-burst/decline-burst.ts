import { count, days, declinesBut, defineRule, fired, hours, minutes, quiet, spanText } from '@tocsin/core';
import type { Decision } from '@tocsin/core';

const rows = [
  { parameter: 'inTenMinutes', within: minutes(10), reason: '10M', score: 'score' },
  { parameter: 'inADay', within: hours(24), reason: '24H', score: 'slowScore' },
  { parameter: 'inAMonth', within: days(30), reason: '30D', score: 'slowScore' },
] as const;

/** Several refusals in a row: somebody who does not know the card's limits, or its number, is trying. */
export const declineBurst = defineRule({
  id: 'decline-burst',
  title: 'Several declined payments',
  version: '1.0.0',
  severity: 'medium',
  family: 'declines',
  audience: 'customer',
  needs: ['occurredAt.time', 'card'],
  defaults: { inTenMinutes: 3, inADay: 10, inAMonth: 15, score: 0.55, slowScore: 0.3, technical: ['91', '96'] },
  sentence: 'Several payments with your card ending {last4} were declined. Were you trying to pay?',
  features: ({ inTenMinutes, inADay, inAMonth, technical }) => {
    const declines = declinesBut(technical);
    return {
      inTenMinutes: count(declines, { by: 'card', within: minutes(10), upTo: inTenMinutes }),
      inADay: count(declines, { by: 'card', within: hours(24), upTo: inADay }),
      inAMonth: count(declines, { by: 'card', within: days(30), upTo: inAMonth }),
    };
  },
  decide(tx, counts, parameters) {
    const technical = tx.declineReason !== undefined && parameters.technical.includes(tx.declineReason);
    if (tx.status !== 'declined' || tx.direction !== 'debit' || technical) return quiet;
    let strongest: Decision = quiet;
    for (const { parameter, within, reason, score: scoreName } of rows) {
      const { n, saturated } = counts[parameter];
      const score = parameters[scoreName];
      if (n < parameters[parameter] || (strongest.kind === 'fired' && strongest.score >= score)) continue;
      const evidence = { observed: n, threshold: parameters[parameter], windowMs: within, key: 'card', saturated };
      strongest = fired(score, `${n} payments declined within ${spanText(within)}`, evidence, reason);
    }
    return strongest;
  },
});
