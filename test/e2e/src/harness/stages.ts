import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { channels } from '@tocsin/channels';
import { deliveryTopic, lanes, topicNames } from '@tocsin/core';
import type { Log } from '@tocsin/core';
import { waitUntil } from '@tocsin/testing';
import { say } from './say.ts';
import { serviceNames } from './services.ts';
import type { Services } from './services.ts';
import { lag } from './topics.ts';

/** How far each stage of the installation has read. */
export class Stages {
  readonly #log: Log;
  readonly #installation: string;
  readonly #topics: Readonly<Record<string, string>>;

  constructor(log: Log, installation: string, bankTopic: string) {
    this.#log = log;
    this.#installation = installation;
    this.#topics = {
      'ingest.payments': bankTopic,
      detect: topicNames.accountEvents,
      alert: topicNames.customerEvents,
      directory: topicNames.addresses,
      ...Object.fromEntries(
        channels.flatMap(({ id }) => lanes.map((lane) => [`deliver.${id}.${lane}`, deliveryTopic(id, lane)])),
      ),
    };
  }

  async caughtUp(stage: string): Promise<void> {
    let behind = 0;
    await waitUntil(
      () => `${stage} to catch up; it is ${behind} records behind`,
      async () => (behind = (await this.#behind(stage)).reduce((sum, one) => sum + one)) === 0,
      { withinMs: 120_000, everyMs: 250 },
    );
  }

  /** For whoever has to find out why the run stopped: which stage is behind, and what each service says of itself. */
  async tell(services: Services, folder: string): Promise<void> {
    for (const stage of Object.keys(this.#topics)) {
      const behind = await this.#behind(stage).catch((error: unknown) => String(error));
      say(`${stage} is ${typeof behind === 'string' ? behind : behind.join(' ')} behind`);
    }
    for (const name of serviceNames) {
      writeFileSync(join(folder, `${name}.metrics`), await services.metrics(name));
      say(`${name} says: ${await services.health(name)}`);
    }
  }

  #behind(stage: string): Promise<readonly number[]> {
    return lag(this.#log, `${this.#installation}.${stage}`, this.#topics[stage]!);
  }
}
