import { setTimeout as sleep } from 'node:timers/promises';
import { entryHeaderBytes } from '@tocsin/core';
import type { Slot } from '@tocsin/core';

const keys = Array.from({ length: 100 }, (_, i) => `entry/${i}`);

function stamped(offset: number): Uint8Array {
  const entry = new Uint8Array(entryHeaderBytes + 8);
  new DataView(entry.buffer).setFloat64(entryHeaderBytes, offset);
  return entry;
}

const stampOf = (entry: Uint8Array | null): number =>
  entry === null ? Number.NaN : new DataView(entry.buffer, entry.byteOffset).getFloat64(entryHeaderBytes);

/** The offset that position and all entries agree on. @throws Error where they are of different moments */
export async function standing(slot: Slot): Promise<number> {
  const [position, entries] = [await slot.position(), await slot.peek(keys)];
  const offsets = new Set([position?.offset ?? Number.NaN, ...entries.map(stampOf)]);
  if (offsets.size !== 1) throw new Error(`Position and entries are of different moments: ${[...offsets].join(', ')}`);
  return position!.offset;
}

/** What a writer does at the first error, and what it finds then. */
export interface Comeback {
  readonly code: unknown;
  /** The last offset whose checkpoint was acknowledged, and the one that stands. */
  readonly acknowledged: number;
  readonly found: number;
}

/**
 * Checkpoints on and on; every entry says at which offset it was written. At an error it does what the engine does: it
 * forgets, acquires, and goes on from what stands.
 */
export class SteadyWriter {
  readonly comebacks: Comeback[] = [];
  acknowledged = 0;
  #stopped = false;
  readonly #slot: Slot;
  #writing: Promise<void> | undefined;

  constructor(slot: Slot) {
    this.#slot = slot;
  }

  start(): void {
    this.#writing = this.#write();
  }

  /** @throws what went wrong for good */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#writing;
  }

  async #write(): Promise<void> {
    let code: unknown;
    while (!this.#stopped) {
      try {
        const acquired = await this.#slot.acquire({ leaseMs: 10_000, takeOver: true });
        if ('busyMs' in acquired) throw new Error('A take-over is never refused.');
        const found = acquired.position?.offset ?? 0;
        if (code !== undefined) this.comebacks.push({ code, acknowledged: this.acknowledged, found });
        code = undefined;
        let { version } = acquired;
        for (let offset = found + 1; !this.#stopped; offset++) {
          const written = await this.#slot.checkpoint({
            token: acquired.token,
            version,
            position: { offset, fingerprint: null, generation: 1, clockAt: offset },
            entries: new Map(keys.map((key) => [key, stamped(offset)])),
            leaseMs: 10_000,
          });
          if (written === 'fenced') throw Object.assign(new Error('Nobody else writes here.'), { code: 'FENCED' });
          version = written;
          this.acknowledged = offset;
        }
      } catch (error) {
        code ??= (error as { code?: unknown }).code;
        await sleep(20);
      }
    }
  }
}
