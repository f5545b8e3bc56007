import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { greeting, kindOf, seeded, tellTheGateway, writeToThePage } from '@tocsin/test-e2e';
import type { Random } from '@tocsin/test-e2e';
import { waitUntil } from '@tocsin/testing';
import { Bed } from './bed/bed.ts';
import { EmbeddedBed } from './bed/embedded-bed.ts';
import type { Ground } from './bed/ground.ts';
import { Workload } from './bank/workload.ts';
import { Canaries } from './canaries.ts';
import { evidenceOf, ofNewerBuild, reproductions } from './judge/evidence.ts';
import { hollowness } from './judge/hollow.ts';
import type { Ran } from './judge/results.ts';
import type { Verdict } from './judge/verdict.ts';
import { embeddedKinds, kinds as distributedKinds } from './kinds/index.ts';
import { rest } from './kinds/kind.ts';
import type { Drawn, Kind } from './kinds/kind.ts';
import { shuffles } from './kinds/shuffles.ts';
import { Memory } from './memory.ts';
import type { Happened } from './memory.ts';
import type { CampaignOptions } from './options.ts';
import { say } from './say.ts';

export type CampaignResult = Ran;

/** A kind of fault, on the bed of this campaign. */
type Possible = Omit<Kind, 'draw'> & {
  draw(random: Random, memory: Memory): Drawn;
};

const on = <B extends Ground>(bed: B, kinds: readonly Kind<B>[]): readonly Possible[] =>
  kinds.map((kind) => ({ ...kind, draw: (random, memory) => kind.draw(bed, random, memory) }));

/** So long after the last alert that arrived, nothing more is waited for. */
const patienceMs = 120_000;
/** Looking ahead so far for a fault whose things are free. */
const ahead = 12;
const oracle = fileURLToPath(new URL('../oracle.mjs', import.meta.url));

/** One campaign from its set-up to the oracle's verdict. */
export class Campaign {
  readonly #options: CampaignOptions;
  readonly #bed: Ground;
  readonly #kinds: readonly Possible[];
  readonly #canaries: Canaries;
  readonly #memory = new Memory();
  readonly #busy = new Set<string>();
  readonly #running = new Set<Promise<void>>();

  constructor(options: CampaignOptions) {
    this.#options = options;
    const workload = new Workload({
      seed: options.seed,
      customers: options.customers,
      stopping: 40,
      alerting: 0.03,
      copies: 0.03,
    });
    if (options.bed === 'embedded') {
      const bed = new EmbeddedBed(options, workload);
      [this.#bed, this.#kinds] = [bed, on(bed, embeddedKinds)];
    } else {
      const bed = new Bed(options, workload);
      [this.#bed, this.#kinds] = [bed, on(bed, distributedKinds)];
    }
    this.#canaries = new Canaries(this.#bed);
  }

  async run(): Promise<CampaignResult> {
    await this.#begin();
    await this.#spoil();
    await this.#settle();
    return this.#judge();
  }

  async close(keep: boolean): Promise<void> {
    if (keep) say(`logs and evidence of this run are kept in ${this.#bed.folder}`);
    await this.#bed.close(keep);
  }

  async #begin(): Promise<void> {
    const bed = this.#bed;
    const { options, workload } = bed;
    say(`campaign of ${options.faults} faults, seed ${options.seed}, ${options.brokers} broker(s)`);
    await bed.open();
    say('brokers, stores and providers are up');
    say(await bed.startServices());
    await tellTheGateway(bed.api, workload.setUp);
    const greeters = greeting(workload.setUp.customers);
    await this.#settled('the customers to be known', async () => {
      const help = bed.outbox.all().filter(({ text, seen }) => seen && kindOf(text) === 'help');
      const greeted = new Set(help.map(({ to }) => to));
      const waiting = greeters.filter(
        ({ reach, addresses }) => reach !== 'unconsented' && !greeted.has(addresses.messenger!),
      );
      // Whose address the directory did not know yet writes again.
      if (waiting.length > 0) await writeToThePage(bed.graph, waiting);
      return waiting.length === 0;
    });
    say(`${workload.setUp.customers.length} customers are set up, ${greeters.length} of them wrote to the Page`);
    bed.feeder.publish(workload.begin(Date.now()));
    const first = await this.#canaries.recovery();
    if (first === undefined) throw new Error('Nothing was delivered before the first fault.');
    await bed.breakEngines();
    bed.feeder.start();
    say(`the bank writes ${options.rate} records in a second`);
    await rest(2_000);
  }

  async #settled(what: string, ask: () => Promise<boolean>): Promise<void> {
    await waitUntil(what, ask, { withinMs: 120_000, everyMs: 3_000 });
  }

  /** The faults, from the seed, shuffle by shuffle; what a shuffle needs from before is fetched when it begins. */
  *#drawn(): Generator<readonly { readonly kind: Possible; readonly drawn: Drawn }[], void, void> {
    const { faults, seed, brokers, kinds } = this.#options;
    const random = seeded(seed * 104_729 + 1);
    const possible = this.#kinds.filter((kind) => kind.brokers === undefined || kind.brokers === brokers);
    for (const shuffle of shuffles(possible, kinds, faults, random)) {
      yield shuffle.map((kind) => ({ kind, drawn: kind.draw(random, this.#memory) }));
    }
  }

  /** One shuffle after the other; between two of them everything recovers. */
  async #spoil(): Promise<void> {
    const pace = seeded(this.#options.seed * 31 + 7);
    for (const shuffle of this.#drawn()) {
      const waiting = [...shuffle];
      while (waiting.length > 0) {
        const at = waiting
          .slice(0, ahead)
          .findIndex(({ kind, drawn }, i) => (i === 0 || kind.exclusive !== true) && this.#free(drawn));
        if (at < 0) {
          await rest(100);
          continue;
        }
        const [next] = waiting.splice(at, 1);
        if (next!.kind.exclusive === true) await this.#alone();
        this.#launch(next!.kind, next!.drawn);
        if (next!.kind.exclusive === true) await this.#alone();
        const { everyMs } = this.#options;
        await rest(pace.between(everyMs / 2, everyMs * 1.5));
      }
      await this.#alone();
    }
  }

  #free({ needs }: Drawn): boolean {
    return needs.every((need) => !this.#busy.has(need));
  }

  /** Nothing is under way any more. */
  async #alone(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #launch(kind: Possible, drawn: Drawn): void {
    const happened: Happened = {
      number: this.#memory.faults.length + 1,
      kind: kind.name,
      target: drawn.target,
      beganAt: Date.now(),
    };
    this.#memory.faults.push(happened);
    for (const need of drawn.needs) this.#busy.add(need);
    const running = this.#carryOut(happened, drawn).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #carryOut(happened: Happened, drawn: Drawn): Promise<void> {
    const { number, kind, target } = happened;
    await drawn.ready?.();
    happened.beganAt = Date.now();
    say(`fault ${number} begins: ${kind} of ${target}`);
    try {
      await drawn.run();
    } catch (error) {
      happened.failed = error instanceof Error ? error.message : String(error);
      say(`fault ${number} could not be carried through: ${happened.failed}`);
    } finally {
      happened.endedAt = Date.now();
      for (const need of drawn.needs) this.#busy.delete(need);
    }
    const span = await this.#canaries.recovery();
    if (span !== undefined) happened.recoveryMs = Math.max(0, span - this.#blockedSince(happened.endedAt, span));
    say(
      `fault ${number} ended: ${kind} of ${target}; ${span === undefined ? 'NOT recovered' : `all partitions deliver after ${happened.recoveryMs} ms`}`,
    );
  }

  /** How much of the span after a fault a whole stage was kept away on purpose: nothing can recover meanwhile. */
  #blockedSince(endedAt: number, span: number): number {
    const until = endedAt + span;
    const away = this.#memory.faults.filter(({ kind }) => kind === 'alert-away');
    const blocked = away.map((one) => Math.min(one.endedAt ?? until, until) - Math.max(one.beganAt, endedAt));
    return blocked.reduce((sum, part) => sum + Math.max(0, part), 0);
  }

  /** Everything is mended, the bank stops, and what must arrive is waited for; and a little for what must not. */
  async #settle(): Promise<void> {
    await this.#bed.mend();
    await rest(2_000);
    this.#bed.feeder.pause();
    await this.#canaries.recovery();
    await this.#bed.feeder.finish();
    say(`the bank has stopped after ${this.#bed.feeder.published} records`);
    // What still comes is not lost, however busy the machine is.
    let [fewest, since] = [Infinity, performance.now()];
    while (performance.now() - since < patienceMs) {
      const missing = (await this.#ask()).found.lost.length;
      if (missing < fewest) {
        [fewest, since] = [missing, performance.now()];
        say(`${missing} alerts have not arrived yet`);
      }
      if (missing === 0) break;
      await rest(4_000);
    }
    await rest(8_000);
  }

  async #ask(): Promise<Verdict> {
    const file = join(this.#bed.folder, 'evidence.json');
    writeFileSync(file, JSON.stringify(await evidenceOf(this.#bed, this.#memory)));
    const run = spawnSync(process.execPath, [oracle, file], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
    if (run.status !== 0) throw new Error(`The oracle failed: ${run.stderr}`);
    return JSON.parse(run.stdout) as Verdict;
  }

  async #judge(): Promise<CampaignResult> {
    const { feeder } = this.#bed;
    const { faults } = this.#memory;
    const [twice, extra] = await this.#bed.withLog(
      async (log) => [await reproductions(log), await ofNewerBuild(log)] as const,
    );
    const verdict = await this.#ask();
    return {
      options: this.#options,
      verdict,
      faults,
      pauses: this.#memory.pauses,
      records: feeder.published,
      reproductions: twice,
      hollow: hollowness(this.#options, faults, {
        records: feeder.published,
        missing: await feeder.missing(),
        reproductions: twice,
        compared: verdict.compared,
        ofNewerBuild: extra,
      }),
    };
  }
}
