import { deliveryTopic, keyOf, lanes, partitionOf, topicNames } from '@tocsin/core';
import type {
  Appended,
  Barrier,
  BarrierRecord,
  Barriers,
  ChannelId,
  ConsentRecord,
  CustomerRecord,
  Instant,
  Log,
} from '@tocsin/core';
import { Away } from '../http/error-answers.ts';
import type { SourcePlaces } from './source-places.ts';
import { TopicPartitions } from './topic-partitions.ts';

/** A revocation was recorded but could not yet be made known to every sender: the caller must try again. */
export class BarrierUnavailable extends Away {
  constructor(options: ErrorOptions) {
    super('It is recorded but not yet in force everywhere: repeat the request with the same Idempotency-Key.', options);
    this.name = 'BarrierUnavailable';
  }
}

/** One record for the log, where it belongs. */
export interface Placed {
  readonly topic: string;
  readonly tenantId: string;
  readonly id: string;
  readonly record: object;
}

/** A barrier to raise once its record stands; the offset is then the record's. */
export type Raise = Omit<Barrier, 'offset'>;

/**
 * How anything from outside enters the logs: appended with all acknowledgements before anybody is answered. A change of
 * consent is in force when this resolves: record first, then the barrier in the store that every
 * sender reads and in the senders' own logs, then the answer.
 */
export class Intake {
  readonly #log: Log;
  readonly #barriers: Barriers;
  readonly #sync: () => Promise<void>;
  readonly #partitions: TopicPartitions;
  readonly #channels: readonly ChannelId[];
  readonly #places: Pick<SourcePlaces, 'of'>;
  readonly now: () => Instant;

  constructor(options: {
    readonly log: Log;
    readonly barriers: Barriers;
    readonly now: () => Instant;
    /** Those that are configured: what is taken back on all of them is told to each. */
    readonly channels: readonly ChannelId[];
    readonly places: Pick<SourcePlaces, 'of'>;
    /** Awaits the flush to disk where an append alone does not (the embedded log). */
    readonly sync?: () => Promise<void>;
    readonly partitions?: TopicPartitions;
  }) {
    this.#log = options.log;
    this.#barriers = options.barriers;
    this.#sync = options.sync ?? (() => Promise.resolve());
    this.#partitions = options.partitions ?? new TopicPartitions(options.log);
    this.#channels = options.channels;
    this.#places = options.places;
    this.now = options.now;
  }

  /** All of it in one append, in this order. */
  async appendAll(placed: readonly Placed[]): Promise<readonly Appended[]> {
    const records = await Promise.all(
      placed.map(async ({ topic, tenantId, id, record }) => {
        const key = keyOf(tenantId, id);
        return {
          topic,
          partition: partitionOf(key, await this.#partitions.of(topic)),
          key,
          value: JSON.stringify(record),
        };
      }),
    );
    const appended = await this.#log.append(records);
    await this.#sync();
    return appended;
  }

  async append(topic: string, tenantId: string, id: string, record: object): Promise<Appended> {
    const [appended] = await this.appendAll([{ topic, tenantId, id, record }]);
    if (appended === undefined) throw new Error('The log acknowledged nothing.');
    return appended;
  }

  async customer(record: CustomerRecord): Promise<void> {
    if (record.type === 'tenant-policy') throw new Error('A policy is broadcast, it belongs to no customer.');
    await this.append(topicNames.customerEvents, record.tenantId, record.customerId, record);
  }

  /**
   * Records of customers, each with the barrier that it raises, if any. Everything is in force when this resolves.
   * @throws BarrierUnavailable when the records stand but a barrier does not
   */
  async customers(
    records: readonly {
      readonly record: CustomerRecord & { readonly customerId: string };
      readonly raises?: readonly Raise[];
    }[],
  ): Promise<void> {
    if (records.length === 0) return;
    const appended = await this.appendAll(
      records.map(({ record }) => {
        const { tenantId, customerId } = record;
        return { topic: topicNames.customerEvents, tenantId, id: customerId, record };
      }),
    );
    const raised = records.flatMap(({ record, raises = [] }, index) =>
      raises.map((raise) => ({ record, raise, appended: appended[index]! })),
    );
    if (raised.length === 0) return;
    try {
      const raises = await Promise.all(
        raised.map(async ({ record, raise, appended: place }) => ({
          record,
          barrier: { ...raise, offset: await this.#places.of(place) },
        })),
      );
      for (const { record, barrier } of raises) {
        await this.#barriers.raise(record.tenantId, record.customerId, barrier);
      }
      await this.appendAll(raises.flatMap(({ record, barrier }) => this.#noted(record, barrier)));
    } catch (error) {
      throw new BarrierUnavailable({ cause: error });
    }
  }

  /** A barrier in the logs of those who send: they know it still when the store of barriers has fallen back. */
  #noted({ id, tenantId, customerId }: CustomerRecord & { readonly customerId: string }, barrier: Barrier): Placed[] {
    const channels = barrier.channel === '*' ? this.#channels : [barrier.channel];
    const { offset, verdict } = barrier;
    return channels.flatMap((channel) => {
      const record: BarrierRecord = { type: 'barrier', version: 1, id, tenantId, customerId, channel, offset, verdict };
      return lanes.map((lane) => ({ topic: deliveryTopic(channel, lane), tenantId, id: customerId, record }));
    });
  }

  /** @throws BarrierUnavailable when the record stands but the barrier does not. */
  consent(record: ConsentRecord): Promise<void> {
    return this.customers([{ record, raises: raisedBy(record) }]);
  }
}

/** A narrower revocation holds the channel only until the sender's own copy has caught up with it. */
function raisedBy({ changes }: ConsentRecord): readonly Raise[] {
  const revoked = changes.filter(({ action }) => action === 'revoke');
  return [...new Set(revoked.map(({ channel }) => channel))].map((channel) => {
    const whole = revoked.some(
      (change) => change.channel === channel && change.purpose === '*' && change.dataClass === '*',
    );
    return { channel, verdict: whole ? 'deny' : 'wait' };
  });
}
