import { newerBarrier } from '@tocsin/core';
import type { Barrier, BarrierAnswer, BarrierQuestion, Barriers, KillSwitch } from '@tocsin/core';
import type { Store } from '../store.ts';
import type { TextTable } from '../text-table.ts';
import { textKey } from './text-key.ts';

/** The barriers on the local file. What was raised is on the disk when that is acknowledged. */
export class EmbeddedBarriers implements Barriers {
  readonly #store: Store;
  readonly #raised: TextTable<Barrier>;
  readonly #kills: TextTable<Readonly<Record<string, KillSwitch>>>;

  constructor(store: Store) {
    this.#store = store;
    this.#raised = store.texts('barriers');
    this.#kills = store.texts('kill-switches');
  }

  async raise(tenantId: string, customerId: string, barrier: Barrier): Promise<void> {
    const key = textKey(tenantId, customerId, barrier.channel);
    await this.#store.change(() => {
      const stands = this.#raised.get(key);
      if (stands === undefined || stands.offset <= barrier.offset) this.#raised.put(key, barrier);
    });
    await this.#store.sync();
  }

  async switchKill(killSwitch: KillSwitch): Promise<void> {
    const key = textKey(killSwitch.tenantId);
    await this.#store.change(() => {
      this.#kills.put(key, { ...this.#kills.get(key), [killSwitch.scope]: killSwitch });
    });
    await this.#store.sync();
  }

  killSwitches(tenantId: string): Promise<readonly KillSwitch[]> {
    const switches = this.#kills.get(textKey(tenantId)) ?? {};
    return Promise.resolve(
      Object.keys(switches)
        .sort()
        .map((scope) => switches[scope]!),
    );
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- a file that cannot be read is a rejection, not a throw.
  async ask(questions: readonly BarrierQuestion[]): Promise<readonly BarrierAnswer[]> {
    return questions.map(({ tenantId, customerId, channel, provider }) => {
      const raised = (of: string): Barrier | null => this.#raised.get(textKey(tenantId, customerId, of)) ?? null;
      const switches = this.#kills.get(textKey(tenantId)) ?? {};
      const scopes = ['all', `channel:${channel}`, `provider:${provider}`];
      return {
        barrier: newerBarrier(raised(channel), raised('*')),
        killed: scopes.find((scope) => switches[scope]?.on === true) ?? null,
      };
    });
  }
}
