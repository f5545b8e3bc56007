import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startGuarded, waitUntil } from '@tocsin/testing';
import type { GuardedProcess } from '@tocsin/testing';
import { say } from './say.ts';

export const serviceNames = ['ingest', 'detect', 'alert', 'deliver', 'gateway'] as const;
export type ServiceName = (typeof serviceNames)[number];

const main = (name: ServiceName): string =>
  fileURLToPath(new URL(`../../../../apps/${name}/dist/main.js`, import.meta.url));

/** The five services, each as a process of its own. None outlives this one; each is ended by its own id. */
export class Services {
  readonly #folder: string;
  readonly #ports: Readonly<Record<ServiceName, number>>;
  readonly #running = new Map<ServiceName, GuardedProcess>();

  constructor(folder: string, ports: Readonly<Record<ServiceName, number>>) {
    this.#folder = folder;
    this.#ports = ports;
  }

  url(name: ServiceName): string {
    return `http://127.0.0.1:${this.#ports[name]}`;
  }

  logFile(name: ServiceName): string {
    return join(this.#folder, `${name}.log`);
  }

  /** JSON is YAML. */
  configure(name: ServiceName, settings: object): void {
    const own = { ...settings, http: { host: '127.0.0.1', port: this.#ports[name] } };
    writeFileSync(this.#configuration(name), JSON.stringify(own, null, 2), { mode: 0o600 });
  }

  async start(name: ServiceName): Promise<void> {
    const service = startGuarded(process.execPath, [main(name), '--config', this.#configuration(name)], {
      outputFile: this.logFile(name),
    });
    this.#running.set(name, service);
    await waitUntil(
      () => `${name} to be ready; it said:\n${service.lastWords()}`,
      () => {
        if (!service.running()) throw new Error(`${name} ended at its start; it said:\n${service.lastWords()}`);
        return this.#isReady(name);
      },
      { withinMs: 60_000, everyMs: 200 },
    );
  }

  /** kill -9, and up again after a while. */
  async crash(name: ServiceName, awayMs: number): Promise<void> {
    await this.#end(name, 'SIGKILL');
    say(`${name} was killed (-9)`);
    await new Promise((resolve) => setTimeout(resolve, awayMs));
    await this.start(name);
    say(`${name} is back`);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.#end(name, 'SIGTERM')));
  }

  /** What the service says of itself; never fails, because it is asked when something else has. */
  async health(name: ServiceName): Promise<string> {
    const answer = await fetch(`${this.url(name)}/health/ready`, { signal: AbortSignal.timeout(5_000) }).catch(String);
    return typeof answer === 'string' ? answer : `${answer.status} ${await answer.text()}`;
  }

  async metrics(name: ServiceName): Promise<string> {
    const answer = await fetch(`${this.url(name)}/metrics`, { signal: AbortSignal.timeout(5_000) }).catch(String);
    return typeof answer === 'string' ? answer : answer.text();
  }

  /** One counter of a service, summed over its labels that match. */
  async metric(name: ServiceName, metric: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const text = await this.metrics(name);
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return text
      .split('\n')
      .filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `))
      .filter((line) => wanted.every((pair) => line.includes(pair)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  #configuration(name: ServiceName): string {
    return join(this.#folder, `${name}.yaml`);
  }

  async #isReady(name: ServiceName): Promise<boolean> {
    try {
      return (await fetch(`${this.url(name)}/health/ready`, { signal: AbortSignal.timeout(3_000) })).ok;
    } catch {
      return false;
    }
  }

  /** SIGTERM is given 20 seconds to drain. */
  async #end(name: ServiceName, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const service = this.#running.get(name);
    this.#running.delete(name);
    if (service === undefined) return;
    const late = setTimeout(() => void service.end('SIGKILL'), 20_000);
    await service.end(signal);
    clearTimeout(late);
  }
}
