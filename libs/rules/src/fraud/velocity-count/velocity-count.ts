import {
  count,
  days,
  debits,
  defineRule,
  dimensions,
  fired,
  hours,
  minutes,
  notApplicable,
  off,
  quiet,
  spanText,
} from '@tocsin/core';
import type { Decision, Dimension } from '@tocsin/core';

/** One row: so many payments by the same key within a span. The rule fires for the strongest row that holds. */
const rows = [
  { parameter: 'cardPerMinute', by: 'card', within: minutes(1), reason: '1M', score: 'minuteScore' },
  { parameter: 'cardPerHour', by: 'card', within: hours(1), reason: '1H', score: 'score' },
  { parameter: 'cardPerDay', by: 'card', within: hours(24), reason: '24H', score: 'score' },
  { parameter: 'cardPerWeek', by: 'card', within: days(7), reason: '7D', score: 'score' },
  { parameter: 'ipPerHour', by: 'ip', within: hours(1), reason: 'IP', score: 'score' },
  { parameter: 'devicePerDay', by: 'device', within: hours(24), reason: 'DEVICE', score: 'score' },
  { parameter: 'accountPerDay', by: 'account', within: hours(24), reason: 'ACCOUNT', score: 'score' },
  { parameter: 'payeePerDay', by: 'payee', within: hours(24), reason: 'PAYEE', score: 'score' },
] as const satisfies readonly { readonly by: Dimension; readonly [name: string]: unknown }[];

const names: Readonly<Record<(typeof rows)[number]['by'], string>> = {
  card: 'with one card',
  ip: 'from one network address',
  device: 'from one device',
  account: 'from one account',
  payee: 'to one payee',
};

/** Many payments in a short time: a stolen card being emptied, or a bot draining a wallet. */
export const velocityCount = defineRule({
  id: 'velocity-count',
  title: 'Many payments in a short time',
  version: '1.0.0',
  severity: 'medium',
  family: 'velocity',
  audience: 'customer',
  needs: ['occurredAt.time'],
  defaults: {
    cardPerMinute: 3,
    cardPerHour: 3,
    cardPerDay: 10,
    cardPerWeek: 60,
    ipPerHour: 5,
    devicePerDay: 15,
    accountPerDay: off,
    payeePerDay: off,
    score: 0.4,
    minuteScore: 0.6,
  },
  sentence: 'Several payments were made with your card ending {last4} within a short time. Were they yours?',
  features: (parameters) =>
    Object.fromEntries(
      rows.flatMap(({ parameter, by, within }) => {
        const limit = parameters[parameter];
        return limit === null ? [] : [[parameter, count(debits, { by, within, upTo: limit })]];
      }),
    ),
  decide(tx, counts, parameters) {
    if (!debits.includes(tx)) return quiet;
    let strongest: Decision = quiet;
    let applies = false;
    for (const { parameter, by, within, reason, score: scoreName } of rows) {
      const limit = parameters[parameter];
      if (limit === null || dimensions[by](tx) === undefined) continue;
      applies = true;
      const { n, saturated } = counts[parameter]!;
      const score = parameters[scoreName];
      if (n < limit || (strongest.kind === 'fired' && strongest.score >= score)) continue;
      const summary = `${n} payments ${names[by]} within ${spanText(within)}`;
      strongest = fired(
        score,
        summary,
        { observed: n, threshold: limit, windowMs: within, key: by, saturated },
        reason,
      );
    }
    return applies ? strongest : notApplicable('card', 'device.ip', 'device.id');
  },
});
