import { addressDigest, directoryKey, maskPan, readReply, topicNames } from '@tocsin/core';
import type { ChannelEvent, ChannelId, Digest, DirectoryEntry, ReplyRecord } from '@tocsin/core';
import type { Metrics } from '@tocsin/nest';
import type { CommittedState } from './committed-state.ts';
import type { CustomerLinks } from './customer-links.ts';
import type { Intake } from './intake.ts';

/** Turns what a provider reported into records of the customer it concerns. */
export class InboundEvents {
  readonly #intake: Intake;
  readonly #state: CommittedState;
  readonly #links: CustomerLinks;
  readonly #digest: Digest;
  readonly #metrics: Metrics;

  constructor(options: {
    readonly intake: Intake;
    readonly state: CommittedState;
    readonly links: CustomerLinks;
    readonly digest: Digest;
    readonly metrics: Metrics;
  }) {
    this.#intake = options.intake;
    this.#state = options.state;
    this.#links = options.links;
    this.#digest = options.digest;
    this.#metrics = options.metrics;
  }

  /** Resolves when all of it is durable, and every stop in force. One after the other: their order is the customer's. */
  async take(tenantId: string, channel: ChannelId, events: readonly ChannelEvent[]): Promise<void> {
    for (const event of events) await this.#takeOne(tenantId, channel, event);
  }

  async #takeOne(tenantId: string, channel: ChannelId, event: ChannelEvent): Promise<void> {
    const acceptedAt = this.#intake.now();
    const base = { version: 1, id: `${channel}:${event.id}`, tenantId } as const;
    if (event.kind === 'linked') {
      const bound = await this.#links.use(event.code, 'messenger-code');
      if (bound === null || bound.tenantId !== tenantId) return this.#count(channel, 'link-code-unknown');
      await this.#intake.customer({
        ...base,
        type: 'link',
        customerId: bound.customerId,
        acceptedAt,
        channel,
        address: event.address,
        linked: true,
      });
      return this.#count(channel, 'linked');
    }
    const customerId = await this.#customerOf(tenantId, channel, event.address);
    if (customerId === undefined) return this.#count(channel, 'unknown-address');
    if (event.kind === 'unlinked') {
      await this.#intake.customer({ ...base, type: 'link', customerId, acceptedAt, channel, address: event.address, linked: false });
    } else if (event.kind === 'receipt') {
      const { state, at, ref, watermarkAt, code } = event;
      await this.#intake.customer({
        ...base,
        type: 'receipt',
        customerId,
        channel,
        state,
        at,
        ...(ref === undefined ? {} : { ref }),
        ...(watermarkAt === undefined ? {} : { watermarkAt }),
        ...(code === undefined ? {} : { code }),
      });
    } else {
      const { text, payload, at, providerHandled, opensWindow, address } = event;
      const record: ReplyRecord = {
        ...base,
        type: 'reply',
        customerId,
        channel,
        address,
        at,
        acceptedAt,
        opensWindow,
        // A card number that somebody sends us is masked before it is stored anywhere.
        ...(text === undefined ? {} : { text: maskPan(text).text }),
        ...(payload === undefined ? {} : { payload }),
        ...(providerHandled === undefined ? {} : { providerHandled }),
      };
      await this.#intake.reply(record, meaningForBarrier(record));
    }
    this.#count(channel, event.kind);
  }

  async #customerOf(tenantId: string, channel: ChannelId, address: string): Promise<string | undefined> {
    const digest = addressDigest(this.#digest, tenantId, channel, address);
    const [entry] = await this.#state.read<DirectoryEntry>('directory', topicNames.addresses, tenantId, `${channel}:${digest}`, [
      directoryKey(tenantId, channel, digest),
    ]);
    return entry?.customerId;
  }

  #count(channel: ChannelId, result: string): void {
    this.#metrics.count('inbound', { channel, result });
  }
}

/** What a reply means for sending, read by the same function as in `alert`, which also knows the open questions. */
function meaningForBarrier(record: ReplyRecord): 'stop' | 'start' | 'other' {
  const { kind } = readReply(record, [], false);
  return kind === 'stop' || kind === 'start' ? kind : 'other';
}
