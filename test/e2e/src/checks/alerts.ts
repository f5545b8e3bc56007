import type { Customer, Channel, Reach } from '../bank/people.ts';
import { reaches } from '../bank/people.ts';
import type { BankFile } from '../bank-records.ts';
import { amountsIn, kindOf, saysMayRepeat } from '../harness/words.ts';
import type { Sent } from '../harness/sent.ts';
import type { ExpectedAlert, Verdict } from '../verdict.ts';
import { permitted } from './permitted.ts';

/** What is wrong with one alert; `missing` may still come. */
export interface Problem {
  readonly alert?: ExpectedAlert;
  readonly missing: boolean;
  readonly what: string;
}

export interface AlertsInput {
  readonly file: BankFile;
  readonly verdict: Verdict;
  readonly sent: readonly Sent[];
  /** Provider keys of deliveries of which the ledger says: nobody knows whether it arrived. */
  readonly unknownKeys: ReadonlySet<string>;
  /** Alerts (customer and transaction) with an attempt of unknown outcome that may never have reached the provider. */
  readonly unknownAlerts: ReadonlySet<string>;
}

export const alertName = ({
  customerId,
  transactionId,
}: {
  readonly customerId: string;
  readonly transactionId: string;
}): string => `${customerId} ${transactionId}`;

/** In which file a transaction was first published. */
const filesOf = (file: BankFile): ReadonlyMap<string, 1 | 2> => {
  const files = new Map<string, 1 | 2>();
  for (const line of file.lines) {
    const id = /"id":"([^"]+)"/.exec(line.value?.toString('utf8') ?? '')?.[1];
    if (id !== undefined && !files.has(id)) files.set(id, line.file);
  }
  return files;
};

/** Every expected alert arrived exactly once, on the channel that the customer's choices allow; nothing else arrived. */
export function alertProblems(input: AlertsInput): readonly Problem[] {
  const { file, verdict, sent, unknownKeys } = input;
  const problems: Problem[] = [];
  const files = filesOf(file);
  const customers = new Map(file.setUp.customers.map((one) => [one.id, one]));
  const byCustomer = Map.groupBy(sent, ({ customer }) => customer?.id ?? '');
  for (const stray of byCustomer.get('') ?? [])
    problems.push({ missing: false, what: `${stray.channel} received a message for nobody we know: ${stray.to}` });

  for (const alert of verdict.alerts) {
    const customer = customers.get(alert.customerId)!;
    const own = byCustomer.get(customer.id) ?? [];
    if (alert.joins) {
      const told = own.filter(({ text }) => amountsIn(text).includes(alert.amount));
      if (told.length > 0)
        problems.push({ alert, missing: false, what: 'joins an open question, and was told all the same' });
      continue;
    }
    problems.push(...ofAlert(alert, customer, own, files.get(alert.transactionId) ?? 1, input));
  }

  // The other way round: every message that told of a payment told only of what was expected, once per payment.
  for (const [id, own] of byCustomer) {
    if (id === '') continue;
    const expected = new Set(
      verdict.alerts.filter(({ customerId, joins }) => customerId === id && !joins).map(({ amount }) => amount),
    );
    for (const { text, channel, seen } of own) {
      if (!seen || !['fraud', 'routine'].includes(kindOf(text))) continue;
      for (const amount of amountsIn(text)) {
        if (!expected.has(amount))
          problems.push({
            missing: false,
            what: `${id} was told on ${channel} of ${amount}, which must not alert: ${text}`,
          });
      }
    }
    const repeated = own.filter(
      ({ text, seen, key }) =>
        seen && !saysMayRepeat(text) && ['fraud', 'routine', 'balance'].includes(kindOf(text)) && !unknownKeys.has(key),
    );
    for (const [key, same] of Map.groupBy(repeated, ({ key }) => key)) {
      if (same.length > 1)
        problems.push({
          missing: false,
          what: `${id} saw ${same.length} times one delivery (${key}): ${same[0]!.text}`,
        });
    }
  }
  return problems;
}

function ofAlert(
  alert: ExpectedAlert,
  customer: Customer,
  own: readonly Sent[],
  file: 1 | 2,
  input: AlertsInput,
): readonly Problem[] {
  const reach: Reach = reaches[customer.reach];
  const fraud = alert.type === 'fraud-check';
  const home = fraud
    ? reach.fraud
    : file === 2 && reach.routineLater !== undefined
      ? reach.routineLater
      : reach.routine;
  const tells = (message: Sent): boolean => {
    const kind = kindOf(message.text);
    if (alert.type === 'balance-below') return kind === 'balance';
    if (fraud && amountsIn(message.text).length === 0) return kind === 'fraud';
    return (kind === 'fraud' || kind === 'routine') && amountsIn(message.text).includes(alert.amount);
  };
  const told = own.filter(tells);
  const problem = (what: string, missing = false): Problem => ({ alert, missing, what });
  if (home === null)
    return told.length === 0 ? [] : [problem(`left on ${told[0]!.channel}, although no channel was allowed`)];

  const on = (channel: Channel) => told.filter((message) => message.channel === channel && message.seen);
  const requests = told.filter(({ channel }) => channel === home);
  const next = reach.order.find(
    (channel) =>
      channel !== home &&
      (reach.addresses as readonly string[]).includes(channel) &&
      permitted(customer, channel, 'fraud-protection').includes('existence'),
  );
  const elsewhere = told.filter(({ channel, seen }) => channel !== home && seen);
  // The crash of deliver in the middle of a send leaves the same doubt as a lost answer.
  const doubtful = input.unknownAlerts.has(alertName(alert)) || told.some(({ key }) => input.unknownKeys.has(key));
  const problems: Problem[] = [];
  for (const channel of reach.order) {
    // What is urgent and has no other channel is told once more, saying so.
    const repeats = fraud && doubtful && next === undefined && channel === home;
    const plain = on(channel).filter(({ text }) => !repeats || !saysMayRepeat(text));
    if (plain.length > 1 || on(channel).length > (repeats ? 2 : 1))
      problems.push(problem(`arrived ${on(channel).length} times on ${channel}`));
  }

  /**
   * Nobody knows whether the first channel took it. Never again there. What is urgent goes on to the next channel and says there that it may repeat, unless it
   * did arrive (a late report of the provider, or the customer's answer, may have told).
   */
  const unknown = (arrived: 0 | 1 | undefined, mustGoOn: boolean): void => {
    if (arrived !== undefined && on(home).length !== arrived)
      problems.push(problem(`arrived ${on(home).length} times on ${home} instead of ${arrived}`));
    if (arrived !== undefined && requests.length > 1)
      problems.push(problem(`was sent ${requests.length} times on ${home}, although the first outcome was unknown`));
    if (!fraud || next === undefined) {
      if (elsewhere.length > 0) problems.push(problem(`went on to ${elsewhere[0]!.channel} after an unknown outcome`));
      return;
    }
    if (on(next).length === 0 && (mustGoOn || on(home).length === 0))
      problems.push(problem(`did not go on to ${next} after an unknown outcome`, true));
    if (on(next).some(({ text }) => !saysMayRepeat(text)))
      problems.push(problem(`does not say on ${next} that it may repeat`));
  };
  const exactly = (channel: Channel): void => {
    const seen = on(channel);
    if (seen.length === 0) problems.push(problem(`did not arrive on ${channel}`, true));
    const others = told.filter((message) => message.channel !== channel && message.seen);
    if (others.length > 0) problems.push(problem(`arrived on ${others[0]!.channel}, besides ${channel}`));
    if (seen.some(({ text }) => saysMayRepeat(text)))
      problems.push(problem('says that it may repeat, although nothing was unknown'));
  };

  // Where the misfortune itself met with the crash, only what always holds is asked.
  const { misfortune } = customer;
  if (doubtful && (misfortune === undefined || requests.length === 0)) {
    unknown(undefined, false);
    return problems;
  }
  if (misfortune === undefined) {
    exactly(home);
    return problems;
  }
  switch (misfortune) {
    case 'messenger-500':
    case 'sms-500':
      if (requests.length === 0) return [problem(`was not sent on ${home}`, true)];
      unknown(0, true);
      return problems;
    case 'messenger-dropped':
    case 'sms-dropped':
      if (requests.length === 0) return [problem(`was not sent on ${home}`, true)];
      // Twilio's reports come back to an address of the message's own: they settle what the lost answer left open.
      unknown(1, customer.misfortune === 'messenger-dropped');
      return problems;
    case 'messenger-window-no-template':
      if (!doubtful) exactly('sms');
      return problems;
    case 'sms-opted-out':
      if (!doubtful) exactly('email');
      return problems;
    case 'messenger-429':
    case 'sms-429':
    case 'messenger-window':
      if (doubtful) return problems;
      exactly(home);
      if (problems.length === 0 && requests.length < 2) problems.push(problem('the provider was not asked again'));
      return problems;
  }
}
