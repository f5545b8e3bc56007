interface Connectable {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

/** A client that is connected when first used, once for all who ask, and again after a failure. */
export class Connected<T extends Connectable> {
  readonly #make: () => T;
  #client: Promise<T> | undefined;

  constructor(make: () => T) {
    this.#make = make;
  }

  get(): Promise<T> {
    this.#client ??= this.#connect();
    return this.#client;
  }

  /** The next one who asks gets a new client. */
  async reset(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.then((connected) => connected.disconnect()).catch(() => undefined);
  }

  close(): Promise<void> {
    return this.reset();
  }

  async #connect(): Promise<T> {
    const client = this.#make();
    try {
      await client.connect();
      return client;
    } catch (error) {
      this.#client = undefined;
      await client.disconnect().catch(() => undefined);
      throw error;
    }
  }
}
