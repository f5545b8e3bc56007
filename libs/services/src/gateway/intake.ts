import { keyOf, partitionOf, topicNames } from '@tocsin/core';
import type { Appended, Barriers, ConsentRecord, CustomerRecord, Instant, Log, ReplyRecord } from '@tocsin/core';

/** A revocation was recorded but could not yet be made known to every sender: the caller must try again. */
export class BarrierUnavailable extends Error {
  constructor(options: ErrorOptions) {
    super('The revocation is recorded but not yet in force everywhere: repeat the request with the same Idempotency-Key.', options);
    this.name = 'BarrierUnavailable';
  }
}

/**
 * How anything from outside enters the logs: appended with all acknowledgements before anybody is answered. A change of
 * consent is in force when this resolves: record first, then the barrier that every sender reads, then the answer.
 */
export class Intake {
  readonly #log: Log;
  readonly #barriers: Barriers;
  readonly #sync: () => Promise<void>;
  readonly #partitions = new Map<string, number>();
  readonly now: () => Instant;

  constructor(options: {
    readonly log: Log;
    readonly barriers: Barriers;
    readonly now: () => Instant;
    /** Awaits the flush to disk where an append alone does not (the embedded log). */
    readonly sync?: () => Promise<void>;
  }) {
    this.#log = options.log;
    this.#barriers = options.barriers;
    this.#sync = options.sync ?? (() => Promise.resolve());
    this.now = options.now;
  }

  async append(topic: string, tenantId: string, id: string, record: object): Promise<Appended> {
    const key = keyOf(tenantId, id);
    const partition = partitionOf(key, await this.#partitionsOf(topic));
    const [appended] = await this.#log.append([{ topic, partition, key, value: JSON.stringify(record) }]);
    if (appended === undefined) throw new Error('The log acknowledged nothing.');
    await this.#sync();
    return appended;
  }

  customer(record: CustomerRecord & { readonly customerId: string }): Promise<Appended> {
    return this.append(topicNames.customerEvents, record.tenantId, record.customerId, record);
  }

  /** @throws BarrierUnavailable when the record stands but the barrier does not. */
  async consent(record: ConsentRecord): Promise<void> {
    const { offset } = await this.customer(record);
    const channels = [...new Set(record.changes.map(({ channel }) => channel))];
    for (const channel of channels) {
      const changes = record.changes.filter((change) => change.channel === channel);
      const revokes = changes.filter(({ action }) => action === 'revoke');
      if (revokes.length === 0) continue;
      // A narrower revocation holds the channel only until the sender's own copy has caught up with it.
      const whole = revokes.some(({ purpose, dataClass }) => purpose === '*' && dataClass === '*');
      await this.#raise(record.tenantId, record.customerId, offset, channel, whole ? 'deny' : 'wait');
    }
  }

  /** A reply that says stop (or start again) is in force when this resolves. */
  async reply(record: ReplyRecord, meaning: 'stop' | 'start' | 'other'): Promise<void> {
    const { offset } = await this.customer(record);
    if (meaning === 'other') return;
    await this.#raise(record.tenantId, record.customerId, offset, record.channel, meaning === 'stop' ? 'deny' : 'allow');
  }

  async #raise(tenantId: string, customerId: string, offset: number, channel: string, verdict: 'allow' | 'deny' | 'wait'): Promise<void> {
    try {
      await this.#barriers.raise(tenantId, customerId, { offset, channel, verdict });
    } catch (error) {
      throw new BarrierUnavailable({ cause: error });
    }
  }

  async #partitionsOf(topic: string): Promise<number> {
    const known = this.#partitions.get(topic);
    if (known !== undefined) return known;
    const facts = await this.#log.facts(topic);
    if (facts === undefined) throw new Error(`The topic ${topic} does not exist: run "tocsin topics create".`);
    this.#partitions.set(topic, facts.partitions);
    return facts.partitions;
  }
}
