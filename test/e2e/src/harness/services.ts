import { say } from './say.ts';
import { ServiceProcess, serviceNames } from './service-process.ts';
import type { ServiceName } from './service-process.ts';

export { serviceNames } from './service-process.ts';
export type { ServiceName } from './service-process.ts';

/** The five services, one instance of each. */
export class Services {
  readonly #all: Readonly<Record<ServiceName, ServiceProcess>>;

  constructor(folder: string, ports: Readonly<Record<ServiceName, number>>) {
    this.#all = Object.fromEntries(
      serviceNames.map((name) => [name, new ServiceProcess(name, folder, ports[name])]),
    ) as Record<ServiceName, ServiceProcess>;
  }

  url(name: ServiceName): string {
    return this.#all[name].url;
  }

  logFile(name: ServiceName): string {
    return this.#all[name].logFile;
  }

  configure(name: ServiceName, settings: object): void {
    this.#all[name].configure(settings);
  }

  start(name: ServiceName): Promise<void> {
    return this.#all[name].start();
  }

  /** kill -9, and up again after a while. */
  async crash(name: ServiceName, awayMs: number): Promise<void> {
    await this.#all[name].end('SIGKILL');
    say(`${name} was killed (-9)`);
    await new Promise((resolve) => setTimeout(resolve, awayMs));
    await this.start(name);
    say(`${name} is back`);
  }

  async stop(): Promise<void> {
    await Promise.all(serviceNames.map((name) => this.#all[name].end('SIGTERM')));
  }

  health(name: ServiceName): Promise<string> {
    return this.#all[name].health();
  }

  metrics(name: ServiceName): Promise<string> {
    return this.#all[name].metrics();
  }

  metric(name: ServiceName, metric: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    return this.#all[name].metric(metric, labels);
  }
}
