/** The simulated bank's calls to the gateway's API, over HTTP like any bank's. */
export class BankClient {
  readonly #url: string;
  readonly #apiKey: string;

  constructor(url: string, apiKey: string) {
    this.#url = url;
    this.#apiKey = apiKey;
  }

  put = (path: string, body: object): Promise<unknown> => this.#call('PUT', path, body);
  post = (path: string, body: object): Promise<unknown> => this.#call('POST', path, body);

  /** Undefined where the gateway knows nothing of it. */
  async get<T>(path: string): Promise<T | undefined> {
    const answer = await fetch(`${this.#url}${path}`, { headers: { 'x-api-key': this.#apiKey } });
    if (answer.status === 404) return undefined;
    if (!answer.ok) throw new Error(`GET ${path} answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  async #call(method: string, path: string, body: object): Promise<unknown> {
    const answer = await fetch(`${this.#url}${path}`, {
      method,
      headers: { 'x-api-key': this.#apiKey, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  }
}
