import { Redis } from 'ioredis';
import type { BankTransaction } from '@tocsin/simulator';
import { answerProgress, jobOf } from './progress.ts';
import { openRawClient } from './raw-client.ts';
import type { RawMessage } from './raw-client.ts';
import { judge, newAccount } from './rules-by-hand.ts';
import type { AccountByHand } from './rules-by-hand.ts';

/*
 * Baseline (b): one script without a framework and without any guarantee. A batch claims its ids in Redis with one call,
 * state lives in memory and dies with the process, findings of a batch leave in one produce, positions are committed by a
 * timer.
 */

const { client: name, broker, group, redis: place, topic, partitions, output } = jobOf();
const client = await openRawClient(name, broker, group);
const redis = new Redis(place);
const chosen = { purchaseOver: 5_500, balanceBelow: 1_000 };
const accounts = new Map<string, AccountByHand>();
let taken = 0;

/** Which of the ids were not claimed before: one character each. */
const claim = `
local answers = {}
for i, id in ipairs(ARGV) do
  answers[i] = redis.call('SET', KEYS[1] .. id, '1', 'NX', 'EX', 604800) and '1' or '0'
end
return table.concat(answers)`;
const claimed = (ids: readonly string[]): Promise<string> =>
  redis.eval(claim, 1, `${group}/`, ...ids) as Promise<string>;

answerProgress(() => taken);
await client.consume(topic, partitions, async (batches) => {
  const all: { readonly partition: number; readonly tx: BankTransaction }[] = [];
  for (const { partition, records } of batches)
    for (const { value } of records) all.push({ partition, tx: JSON.parse(value!.toString()) as BankTransaction });
  const fresh = await claimed(all.map(({ tx }) => `${tx.accountId}/${tx.id}`));
  const findings: RawMessage[] = [];
  all.forEach(({ partition, tx }, index) => {
    if (fresh[index] !== '1') return;
    let account = accounts.get(tx.accountId);
    if (account === undefined) {
      account = newAccount(Date.parse(tx.occurredAt));
      accounts.set(tx.accountId, account);
    }
    const fired = judge(account, tx, chosen);
    if (fired.length > 0)
      findings.push({ partition, key: tx.accountId, value: JSON.stringify({ id: tx.id, fired, transaction: tx }) });
  });
  if (findings.length > 0) await client.send(output, findings);
  taken += all.length;
});
