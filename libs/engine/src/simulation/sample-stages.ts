import type { LogRecord, Stage } from '@tocsin/core';

/* Two stages in a row, small but with everything a stage can have: several outputs, cold and resident entries, entries named
 * by others, expiry, timers, and records that cannot be read or processed. */

export const topics = { payments: 2, findings: 2, messages: 2, 'dead-letters': 1 } as const;

export interface Payment {
  readonly account: string;
  readonly amount: number;
  /** The step throws, after it has already changed entries and written. */
  readonly poison?: boolean;
  /** The timer that it sets will throw. */
  readonly poisonTimer?: boolean;
}

interface Account {
  count: number;
  sum: number;
  group?: string;
  poisonTimer?: boolean;
}

const decoder = new TextDecoder();
export const json = <T>(record: LogRecord): T => JSON.parse(decoder.decode(record.value ?? new Uint8Array())) as T;

/** Every third payment of an account is a finding for two customers; an account that falls silent is one too. */
export const tally: Stage<Payment> = {
  name: 'tally',
  input: 'payments',
  decode: (record) => json<Payment>(record),
  keys: ({ account }) => [`account:${account}`],
  moreKeys: ({ account }, entries) => {
    const group = entries.get<Account>(`account:${account}`)?.group;
    return group === undefined ? [] : [`group:${group}`];
  },
  step({ at, entries, timers, emit, count, offset }, { account, amount, poison, poisonTimer }) {
    const key = `account:${account}`;
    const state = entries.get<Account>(key) ?? { count: 0, sum: 0 };
    state.count++;
    state.sum += amount;
    if (poisonTimer === true) state.poisonTimer = true;
    if (state.group !== undefined) {
      const members = entries.get<number>(`group:${state.group}`) ?? 0;
      entries.put(`group:${state.group}`, members + 1, at + 4_000);
      emit({ topic: 'findings', key: `t:g-${state.group}`, value: { type: 'group', members: members + 1 } });
    }
    if (state.count === 2) state.group = `${account.length % 3}`;
    entries.put(key, state, at + 20_000);
    const seen = entries.get<{ records: number }>('!seen') ?? { records: 0 };
    entries.put('!seen', { records: seen.records + 1 });
    if (state.count % 3 === 0) {
      for (const holder of ['owner', 'joint']) {
        const value = { type: 'finding', id: `${account}/${offset}/${holder}`, sum: state.sum, records: seen.records };
        emit({ topic: 'findings', key: `t:${account}-${holder}`, value });
      }
    }
    timers.set({ key: `quiet/${account}`, due: at + 1_500, keys: [key], data: { account } });
    count('findings', { rule: 'payment', mode: state.count % 3 === 0 ? 'live' : 'shadow' });
    if (poison === true) throw new TypeError('A payment that nothing can be made of.');
  },
  onTimer({ entries, emit }, { data }) {
    const { account } = data as { account: string };
    const state = entries.get<Account>(`account:${account}`);
    if (state?.poisonTimer === true) throw new RangeError('A timer that nothing can be made of.');
    emit({ topic: 'findings', key: `t:${account}-owner`, value: { type: 'quiet', account, sum: state?.sum ?? null } });
  },
};

interface Finding {
  readonly type: string;
  readonly id?: string;
  readonly sum?: number;
  readonly customer: string;
}

/** Gathers the findings of a customer for a second, then writes one message. */
export const digest: Stage<Finding> = {
  name: 'digest',
  input: 'findings',
  decode: (record) => ({ ...json<Finding>(record), customer: decoder.decode(record.key ?? new Uint8Array()) }),
  keys: ({ customer }) => [`customer:${customer}`],
  step({ at, entries, timers, emit }, { customer, type, sum }) {
    const key = `customer:${customer}`;
    const waiting = entries.get<string[]>(key) ?? [];
    if (waiting.length === 0) timers.set({ key: customer, due: at + 1_000, keys: [key] });
    entries.put(key, [...waiting, `${type}:${sum ?? '-'}`]);
    if (type === 'group') emit({ topic: 'messages', key: customer, value: { type: 'at-once', customer } });
  },
  onTimer({ entries, emit }, { key: customer }) {
    const key = `customer:${customer}`;
    emit({
      topic: 'messages',
      key: customer,
      value: { type: 'digest', customer, findings: entries.get<string[]>(key) },
    });
    entries.delete(key);
  },
};
