import {
  customerEntries,
  deliverStageName,
  deliveryTopic,
  disclosuresKey,
  keyOf,
  lanes,
  topicNames,
} from '@tocsin/core';
import type { AlertHistory, ChannelId, ConsentState, LedgerRow, ProfileState } from '@tocsin/core';
import type { CommittedState } from './committed-state.ts';

/** What the gateway shows of a customer, from the state of `alert` and `deliver`. */
export class CustomerReads {
  readonly #state: CommittedState;
  readonly #channels: readonly ChannelId[];

  constructor(state: CommittedState, channels: readonly ChannelId[]) {
    this.#state = state;
    this.#channels = channels;
  }

  async profile(tenantId: string, customerId: string): Promise<object | undefined> {
    const [profile] = await this.#alert<ProfileState>(tenantId, customerId, [
      customerEntries(tenantId, customerId).profile,
    ]);
    if (profile === undefined) return undefined;
    const { language, timeZone, contactPoints, channelOrder, links, preferences, stops } = profile;
    return { customerId, language, timeZone, contactPoints, channelOrder, links, preferences, stops };
  }

  /** What stands, cell by cell, and the newest lines of the ledger behind it. */
  async consents(
    tenantId: string,
    customerId: string,
  ): Promise<{ standing: object[]; ledger: readonly object[] } | undefined> {
    const [consents] = await this.#alert<ConsentState>(tenantId, customerId, [
      customerEntries(tenantId, customerId).consents,
    ]);
    if (consents === undefined) return undefined;
    const standing = Object.entries(consents.cells).map(([cell, value]) => {
      const [channel, purpose, dataClass] = cell.split('|');
      return { channel, purpose, dataClass, ...value };
    });
    return { standing, ledger: consents.ledger };
  }

  async alerts(tenantId: string, customerId: string): Promise<readonly object[]> {
    const [history] = await this.#alert<AlertHistory>(tenantId, customerId, [
      customerEntries(tenantId, customerId).history,
    ]);
    return history?.alerts ?? [];
  }

  async disclosures(tenantId: string, customerId: string): Promise<readonly LedgerRow[]> {
    const entry = disclosuresKey(keyOf(tenantId, customerId));
    const perStage = await Promise.all(
      this.#channels.flatMap((channel) =>
        lanes.map(async (lane) => {
          const topic = deliveryTopic(channel, lane);
          const [rows] = await this.#state.read<readonly LedgerRow[]>(
            deliverStageName(channel, lane),
            topic,
            tenantId,
            customerId,
            [entry],
          );
          return rows ?? [];
        }),
      ),
    );
    return perStage.flat().sort((a, b) => b.at - a.at);
  }

  #alert<T>(tenantId: string, customerId: string, keys: readonly string[]): Promise<readonly (T | undefined)[]> {
    return this.#state.read<T>('alert', topicNames.customerEvents, tenantId, customerId, keys);
  }
}
