import { LogError } from '@tocsin/core';
import type { Log, Slot, StateStore, SubscribeOptions, Subscriber, Subscription } from '@tocsin/core';
import type { EngineClock } from '../engine-clock.ts';
import type { SimulatedClock } from './simulated-clock.ts';
import type { SimulatedLog } from './simulated-log.ts';
import type { SimulatedMember } from './simulated-member.ts';
import type { SimulatedStateStore } from './simulated-state-store.ts';

/** The steps of an engine at which something can go wrong. */
export type Step = 'append' | 'checkpoint' | 'acquire' | 'read' | 'sweep' | 'fetch' | 'bounds' | 'commit' | 'committed';

/** What goes wrong at a step. */
export type Fate =
  /** It fails, and nothing was done. For a fetch: the records come later. */
  | 'refused'
  /** It was done, and yet it fails. For a fetch: it begins with records that came before. */
  | 'unacknowledged'
  /** The host stands still before its request leaves, until it is thawed. */
  | 'freeze-before'
  /** The host stands still before it sees the answer. */
  | 'freeze-after';

/** Asked at every step, with how many steps the host has made before. */
export type FaultPlan = (number: number, step: Step) => Fate | undefined;

/**
 * A machine of the simulation: its own way to the common log and store, on which each single step can fail, and a state of
 * being frozen, in which nothing of it moves while the world goes on.
 */
export class SimulatedHost {
  readonly clock: EngineClock;
  readonly log: Log;
  readonly state: StateStore;
  readonly #world: SimulatedLog;
  readonly #plan: FaultPlan;
  readonly #members: SimulatedMember[] = [];
  #thawed: Promise<void> | undefined;
  #thaw: () => void = () => {};
  #dead = false;
  /** How many steps were made, by kind too: a test that counts must not pass with nothing having happened. */
  steps = 0;
  readonly stepsOf = new Map<Step, number>();

  constructor(clock: SimulatedClock, log: SimulatedLog, store: SimulatedStateStore, plan: FaultPlan = () => undefined) {
    this.#world = log;
    this.#plan = plan;
    this.clock = {
      now: () => clock.now(),
      after: (span, call) => {
        let cancelled = false;
        const cancel = clock.after(span, () => {
          void this.#unfrozen().then(() => {
            if (!cancelled) call();
          });
        });
        return () => {
          cancelled = true;
          cancel();
        };
      },
    };
    this.log = this.#wrapLog(log);
    this.state = {
      slot: (stage, partition) => this.#wrapSlot(store.slot(stage, partition)),
      check: () => store.check(),
      ping: () => store.ping(),
      close: () => store.close(),
    };
  }

  get frozen(): boolean {
    return this.#thawed !== undefined;
  }

  freeze(): void {
    this.#thawed ??= new Promise((resolve) => (this.#thaw = resolve));
  }

  thaw(): void {
    this.#thawed = undefined;
    this.#thaw();
  }

  /** The group believes the host dead and gives its partitions to others; the host does not know. */
  evict(): void {
    for (const member of this.#members) this.#world.evict(member);
  }

  /** The host takes part in the group again. */
  rejoin(): void {
    for (const member of this.#members) this.#world.rejoin(member);
  }

  /** Its power is cut: what is under way stays so for ever. */
  kill(): void {
    this.#dead = true;
    this.freeze();
    for (const member of this.#members) this.#world.leave(member);
  }

  async #unfrozen(): Promise<void> {
    while (this.#thawed !== undefined) await this.#thawed;
  }

  async #begin(step: Step): Promise<Fate | undefined> {
    await this.#unfrozen();
    const fate = this.#plan(this.steps++, step);
    this.stepsOf.set(step, (this.stepsOf.get(step) ?? 0) + 1);
    if (fate === 'freeze-before') this.freeze();
    await this.#unfrozen();
    return fate;
  }

  async #perform<T>(step: Step, act: () => Promise<T>): Promise<T> {
    const fate = await this.#begin(step);
    if (fate === 'refused') throw new LogError('UNAVAILABLE', `The ${step} failed.`);
    const result = await act();
    if (fate === 'freeze-after') this.freeze();
    await this.#unfrozen();
    if (fate === 'unacknowledged') throw new LogError('UNAVAILABLE', `The answer to the ${step} was lost.`);
    return result;
  }

  #wrapLog(log: SimulatedLog): Log {
    return {
      append: (records) => this.#perform('append', () => log.append(records)),
      bounds: (topic, partition) => this.#perform('bounds', () => log.bounds(topic, partition)),
      committed: (group, topic) => this.#perform('committed', () => log.committed(group, topic)),
      read: (topic, partition, from, maxRecords) => log.read(topic, partition, from, maxRecords),
      offsetAt: (topic, partition, at) => log.offsetAt(topic, partition, at),
      facts: (topic) => log.facts(topic),
      createTopics: (specs) => log.createTopics(specs),
      subscribe: (options, subscriber) => this.#subscribe(options, subscriber),
      ping: () => log.ping(),
      close: () => log.close(),
    };
  }

  #subscribe(options: SubscribeOptions, subscriber: Subscriber): Promise<Subscription> {
    // Killed before it had joined: the group must not wait for it.
    if (this.#dead) return new Promise(() => {});
    // In the order in which the group said it, as on one connection, however often the host froze in between.
    let told = Promise.resolve();
    const later = (tell: () => void): void => {
      told = told.then(() => this.#unfrozen()).then(tell);
    };
    const member = this.#world.join(
      options,
      {
        assigned: (partitions) => later(() => subscriber.assigned(partitions)),
        revoked: (partitions) => later(() => subscriber.revoked(partitions)),
        failed: (partition, error) => later(() => subscriber.failed(partition, error)),
        batch: (batches) => subscriber.batch(batches),
      },
      async () => {
        const fate = await this.#begin('fetch');
        if (fate === 'refused') await new Promise<void>((resolve) => this.clock.after(100, resolve));
        if (fate === 'freeze-after') this.freeze();
        await this.#unfrozen();
        return fate === 'unacknowledged' ? 'again' : undefined;
      },
    );
    this.#members.push(member);
    return Promise.resolve({
      seek: (partition, offset) => member.seek(partition, offset),
      pause: (partition) => member.pause(partition),
      commit: (partition, offset) => this.#perform('commit', () => member.commit(partition, offset)),
      assigns: (partition) => member.assigns(partition),
      close: () => member.close(),
    });
  }

  #wrapSlot(slot: Slot): Slot {
    return {
      acquire: (options) => this.#perform('acquire', () => slot.acquire(options)),
      checkpoint: (request) => this.#perform('checkpoint', () => slot.checkpoint(request)),
      read: (token, version, keys) => this.#perform('read', () => slot.read(token, version, keys)),
      sweep: (token, version, clockAt) => this.#perform('sweep', () => slot.sweep(token, version, clockAt)),
      peek: (keys) => slot.peek(keys),
      position: () => slot.position(),
    };
  }
}
