/** What the bank calls: the gateway's HTTP API, with its API key. */
export class BankApi {
  readonly #url: string;
  readonly #key: string;

  constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  put(path: string, body: object): Promise<unknown> {
    return this.#call('PUT', path, body);
  }

  post(path: string, body: object): Promise<unknown> {
    return this.#call('POST', path, body);
  }

  get<T>(path: string): Promise<T> {
    return this.#call('GET', path) as Promise<T>;
  }

  async #call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.#url}/v1/${path}`, {
      method,
      headers: { 'x-api-key': this.#key, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} /v1/${path} was answered ${response.status}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}

/** Runs tasks, so many at a time. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await task(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
