/** What a campaign is told. */
export interface CampaignOptions {
  /** So many faults. */
  readonly faults: number;
  /** Draws everything: the same seed gives the same faults on the same instances, in the same order. */
  readonly seed: number;
  /** All services on Kafka and Redis, or the product in one process on its embedded storage. */
  readonly bed: 'distributed' | 'embedded';
  readonly brokers: 1 | 3;
  /** Only these kinds, as often in a shuffle as they stand here; all that fit the number of brokers when undefined. */
  readonly kinds: readonly string[] | undefined;
  /** Which Kafka client the services use. */
  readonly client: string | undefined;
  /** Records of the bank in a second. */
  readonly rate: number;
  /** One fault every so many milliseconds, on average. */
  readonly everyMs: number;
  readonly customers: number;
  /** How long `alert` is stopped by the fault of that name. */
  readonly alertAwayMs: number;
  /** How old the snapshot is that `redis-snapshot` restores. */
  readonly snapshotAgeMs: number;
  /** An engine that is broken on purpose, to see that it is caught. */
  readonly broken: string | undefined;
  /** Keep logs and files also when all went well. */
  readonly keep: boolean;
}

export const defaults: CampaignOptions = {
  faults: 20,
  seed: 1,
  bed: 'distributed',
  brokers: 1,
  kinds: undefined,
  client: undefined,
  rate: 120,
  everyMs: 3_000,
  customers: 240,
  alertAwayMs: 45_000,
  snapshotAgeMs: 60_000,
  broken: undefined,
  keep: false,
};
