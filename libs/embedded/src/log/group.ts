import { setTimeout as sleep } from 'node:timers/promises';
import type { Member } from './member.ts';

/** The members that share the partitions of one topic. What a member keeps it goes on reading while the others change hands. */
export class Group {
  readonly #partitions: number;
  readonly #members: { readonly member: Member; readonly patienceMs: number }[] = [];
  readonly #free = new Set<number>();

  constructor(partitions: number) {
    this.#partitions = partitions;
    for (let partition = 0; partition < partitions; partition++) this.#free.add(partition);
  }

  get empty(): boolean {
    return this.#members.length === 0;
  }

  /** `patienceMs`: how long the others wait for a delivery of this member that is running when it loses partitions. */
  join(member: Member, patienceMs: number): void {
    this.#members.push({ member, patienceMs });
    this.#balance();
  }

  leave(member: Member): void {
    const i = this.#members.findIndex((one) => one.member === member);
    const left = this.#members[i];
    if (left === undefined) return;
    this.#members.splice(i, 1);
    this.#take(left, member.owned, false);
    this.#balance();
  }

  wake(): void {
    for (const { member } of this.#members) member.wake();
  }

  #share(i: number): number {
    const count = this.#members.length;
    return Math.floor(this.#partitions / count) + (i < this.#partitions % count ? 1 : 0);
  }

  #balance(): void {
    this.#members.forEach((one, i) => {
      const surplus = one.member.owned.slice(this.#share(i));
      if (surplus.length > 0) this.#take(one, surplus, true);
    });
    this.#giveSoon();
  }

  /** Partitions become free when the delivery that is running is over, or after a time: fencing is the store's work. */
  #take(
    { member, patienceMs }: { readonly member: Member; readonly patienceMs: number },
    partitions: readonly number[],
    tell: boolean,
  ): void {
    const given = new AbortController();
    const late = sleep(patienceMs, undefined, { signal: given.signal, ref: false }).catch(() => undefined);
    void Promise.race([member.take(partitions, tell), late]).then(() => {
      given.abort();
      for (const partition of partitions) this.#free.add(partition);
      this.#giveSoon();
    });
  }

  #giveSoon(): void {
    setImmediate(() => {
      this.#members.forEach(({ member }, i) => {
        const more = [...this.#free].slice(0, Math.max(0, this.#share(i) - member.owned.length));
        if (more.length === 0) return;
        for (const partition of more) this.#free.delete(partition);
        member.give(more);
      });
    });
  }
}
