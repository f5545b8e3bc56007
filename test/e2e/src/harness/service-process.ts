import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startGuarded, waitUntil } from '@tocsin/testing';
import type { GuardedProcess } from '@tocsin/testing';

export const serviceNames = ['ingest', 'detect', 'alert', 'deliver', 'gateway'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** A program of ours: one service, or the command, which runs all five in one process. */
export type ProgramName = ServiceName | 'tocsin';

const main = (name: ProgramName): string =>
  fileURLToPath(new URL(`../../../../apps/${name}/dist/main.js`, import.meta.url));

/** One instance of one program, a process of its own that is ended by its own id and never outlives this one. */
export class ServiceProcess {
  readonly name: ProgramName;
  /** Tells instances of one service apart. */
  readonly label: string;
  readonly url: string;
  readonly logFile: string;
  /** The file that it reads. */
  readonly configuration: string;
  readonly #port: number;
  #process: GuardedProcess | undefined;
  #frozen = false;

  constructor(name: ProgramName, folder: string, port: number, label: string = name) {
    this.name = name;
    this.label = label;
    this.url = `http://127.0.0.1:${port}`;
    this.logFile = join(folder, `${label}.log`);
    this.configuration = join(folder, `${label}.yaml`);
    this.#port = port;
  }

  get running(): boolean {
    return this.#process?.running() ?? false;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  get pid(): number | undefined {
    return this.running ? this.#process?.pid : undefined;
  }

  lastWords(): string {
    return this.#process?.lastWords() ?? '';
  }

  /** JSON is YAML. */
  configure(settings: object): void {
    const own = { ...settings, http: { host: '127.0.0.1', port: this.#port } };
    writeFileSync(this.configuration, JSON.stringify(own, null, 2), { mode: 0o600 });
  }

  /** @param preloads modules that Node loads before the service */
  launch(preloads: readonly string[] = []): void {
    const flags = preloads.flatMap((url) => ['--import', url]);
    this.#frozen = false;
    const verb = this.name === 'tocsin' ? ['run'] : [];
    const words = [...flags, main(this.name), '--config', this.configuration, ...verb];
    this.#process = startGuarded(process.execPath, words, { outputFile: this.logFile });
  }

  async start(preloads: readonly string[] = []): Promise<void> {
    this.launch(preloads);
    await this.ready();
  }

  async ready(withinMs = 60_000): Promise<void> {
    await waitUntil(
      () => `${this.label} to be ready; it said:\n${this.lastWords()}`,
      () => {
        if (!this.running) throw new Error(`${this.label} ended at its start; it said:\n${this.lastWords()}`);
        return this.isReady();
      },
      { withinMs, everyMs: 200 },
    );
  }

  async isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(3_000) })).ok;
    } catch {
      return false;
    }
  }

  freeze(): void {
    const { pid } = this;
    if (pid === undefined) return;
    process.kill(pid, 'SIGSTOP');
    this.#frozen = true;
  }

  thaw(): void {
    const { pid } = this;
    this.#frozen = false;
    if (pid !== undefined) process.kill(pid, 'SIGCONT');
  }

  /** SIGTERM is given 20 seconds to drain. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const service = this.#process;
    this.#process = undefined;
    if (service === undefined) return;
    const late = setTimeout(() => void service.end('SIGKILL'), 20_000);
    await service.end(signal);
    clearTimeout(late);
  }

  /** What the service says of itself; never fails, because it is asked when something else has. */
  async health(): Promise<string> {
    const answer = await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(5_000) }).catch(String);
    return typeof answer === 'string' ? answer : `${answer.status} ${await answer.text()}`;
  }

  async metrics(): Promise<string> {
    const answer = await fetch(`${this.url}/metrics`, { signal: AbortSignal.timeout(5_000) }).catch(String);
    return typeof answer === 'string' ? answer : answer.text();
  }

  /** One counter or gauge, summed over its labels that match. */
  async metric(metric: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const text = await this.metrics();
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return text
      .split('\n')
      .filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `))
      .filter((line) => wanted.every((pair) => line.includes(pair)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }
}
