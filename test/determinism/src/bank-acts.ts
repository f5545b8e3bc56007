import type { Act } from './act.ts';
import type { Life } from './life.ts';
import { textOf } from './pipeline.ts';
import { bankTopic } from './stages.ts';

/* What the bank sends to its own topic. */

const shops = [
  { id: 'm-0', name: 'Corner Coffee', mcc: '5814', country: 'BG', city: 'Sofia', latitude: 42.7, longitude: 23.32 },
  { id: 'm-1', name: 'Green Grocer', mcc: '5411', country: 'BG', city: 'Sofia', latitude: 42.69, longitude: 23.33 },
  { id: 'm-2', name: 'Boutique Lumière', mcc: '5621', country: 'FR', city: 'Paris', latitude: 48.86, longitude: 2.35 },
  { id: 'm-3', name: 'Paid with 4242424242424242', mcc: '7995', country: 'US' },
  { id: 'm-4', name: 'Filling Station', mcc: '5542', country: 'BG', city: 'Varna', latitude: 43.2, longitude: 27.9 },
] as const;

export const accountOf = (account: number): string => `acc-${account}`;

interface BankRecord {
  readonly id: string;
  readonly accountId: string;
  readonly [field: string]: unknown;
}

const decimal = (minor: number): string => `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`;

type Paying = Omit<Extract<Act, { do: 'pay' }>, 'do'>;

function payment(life: Life, { account, minor, shop, status, kind, lateMs }: Paying): BankRecord {
  const id = life.name('t');
  const at = new Date(life.now - lateMs).toISOString();
  const byCard = kind.startsWith('card') || kind === 'atm';
  return {
    id,
    accountId: accountOf(account),
    // The account of whom no holders are known names its customer, now and then.
    ...(account === 2 && minor > 999 ? { customerId: 'cus-2' } : {}),
    ...(minor === 999 ? { lifecycleId: `l-${id}` } : {}),
    occurredAt: kind === 'dated' ? at.slice(0, 10) : at,
    amount: { value: decimal(minor), currency: 'EUR' },
    direction: kind === 'credit' ? 'credit' : 'debit',
    status,
    ...(kind === 'credit' || kind === 'dated' ? {} : { channel: kind }),
    ...(byCard
      ? { merchant: shops[shop], card: { token: `card-${account}`, last4: `${4240 + account}`, entryMode: 'chip' } }
      : { counterparty: { name: 'A. Payee', country: 'DE' } }),
    balanceAfter: { value: decimal(minor > 9_900 ? 1_000 : 90_000), currency: 'EUR' },
  };
}

/** What a transaction was in the topic, whichever of all that ever stood there. */
function earlier(life: Life, pick: number): BankRecord | undefined {
  const all = life.pipeline.log.records(bankTopic).flatMap((record): BankRecord[] => {
    try {
      const value = JSON.parse(textOf(record.value)) as Partial<BankRecord> | null;
      return typeof value?.id === 'string' && typeof value.accountId === 'string' ? [value as BankRecord] : [];
    } catch {
      return [];
    }
  });
  return all[pick % Math.max(1, all.length)];
}

const garbage = (life: Life): readonly string[] => [
  '',
  'not json',
  '{}',
  '[1,2,3]',
  JSON.stringify({
    ...payment(life, { account: 0, minor: 1, shop: 0, status: 'booked', kind: 'atm', lateMs: 0 }),
    amount: 5,
  }),
  '{"id":"x","accountId":"acc-0","reference":"4242 4242 4242 4242"}',
  `${'['.repeat(40)}${']'.repeat(40)}`,
  '\u0000',
];

/** Undefined where the act is not the bank's. */
export function bankAct(life: Life, act: Act): Promise<void> | undefined {
  const send = (record: BankRecord): Promise<void> => life.toBank(record.accountId, record);
  switch (act.do) {
    case 'pay':
      return send(payment(life, act));
    case 'burst':
      return burst(life, act);
    case 'many':
      return many(life, act);
    case 'again': {
      const record = earlier(life, act.pick);
      return record === undefined ? Promise.resolve() : send(record);
    }
    case 'update': {
      const record = earlier(life, act.pick);
      return record === undefined ? Promise.resolve() : send({ ...record, status: act.status });
    }
    case 'contradict': {
      const record = earlier(life, act.pick);
      return record === undefined
        ? Promise.resolve()
        : send({ ...record, amount: { value: decimal(act.minor), currency: 'EUR' } });
    }
    case 'reverse': {
      const record = earlier(life, act.pick);
      return record === undefined
        ? Promise.resolve()
        : send({
            ...record,
            id: life.name('r'),
            lifecycleId: life.name('l'),
            status: 'reversed',
            reversalOf: record.id,
          });
    }
    case 'garbage':
      return act.topic === 0 ? life.toBank('acc-0', garbage(life)[act.what]!) : undefined;
    default:
      return undefined;
  }
}

async function burst(life: Life, { account, minor, count, declined }: Extract<Act, { do: 'burst' }>): Promise<void> {
  const status = declined ? 'declined' : 'authorised';
  for (let i = 0; i < count; i++) {
    const record = payment(life, { account, minor, shop: i % 3, status, kind: 'card-not-present', lateMs: 0 });
    await life.toBank(record.accountId, declined ? { ...record, declineReason: '51' } : record);
    await life.pipeline.clock.advance(700);
  }
}

/** Small incomings, one like the other, as a shop has them: what an account remembers grows. */
async function many(life: Life, { account, count }: Extract<Act, { do: 'many' }>): Promise<void> {
  for (let i = 0; i < count; i++) {
    const record = payment(life, { account, minor: 50, shop: 0, status: 'booked', kind: 'credit', lateMs: 0 });
    await life.toBank(record.accountId, record);
  }
}
