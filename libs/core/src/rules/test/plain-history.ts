import type { Instant } from '../../time.ts';
import type { RingLimits } from '../ring.ts';

interface PlainRow {
  readonly at: Instant;
  readonly column: number;
}

interface PlainRing {
  readonly store: number;
  readonly key: number;
  rows: PlainRow[];
  lostAt: Instant;
}

/** What a history with rows of one column has to remember, said with lists: to be compared with it. */
export class PlainHistory {
  #rings: PlainRing[] = [];

  /** The rings of a store in the order of use. */
  ringsOf(store: number): readonly PlainRing[] {
    return this.#rings.filter((ring) => ring.store === store);
  }

  #use(store: number, key: number, limit: number): PlainRing {
    const ofStore = this.ringsOf(store);
    if (ofStore.at(-1)?.key === key) return ofStore.at(-1)!;
    const ring = ofStore.find((one) => one.key === key) ?? { store, key, rows: [], lostAt: 0 };
    const others = ofStore.filter((one) => one !== ring);
    const gone = new Set([ring, ...others.slice(0, Math.max(0, others.length - limit + 1))]);
    this.#rings = [...this.#rings.filter((one) => !gone.has(one)), ring];
    return ring;
  }

  insert(store: number, key: number, row: PlainRow, keys: number, limits: RingLimits): boolean {
    const ring = this.#use(store, key, keys);
    const newest = Math.max(row.at, ...ring.rows.map(({ at }) => at));
    const isTooOld = (at: Instant) => at <= newest - limits.span;
    if (ring.rows.length > 0 && ring.rows.every(({ at }) => row.at < at)) {
      if (ring.rows.length >= limits.rows || isTooOld(row.at)) {
        ring.lostAt = Math.max(ring.lostAt, row.at);
        return false;
      }
    }
    // Sorting keeps the order of those that agree in time.
    ring.rows = [...ring.rows, row].sort((a, b) => a.at - b.at);
    while (ring.rows.length > 1 && (ring.rows.length > limits.rows || isTooOld(ring.rows[0]!.at))) {
      ring.lostAt = Math.max(ring.lostAt, ring.rows.shift()!.at);
    }
    return true;
  }

  remove(store: number, key: number, { at, column }: PlainRow): boolean {
    const rows = this.ringsOf(store).find((ring) => ring.key === key)?.rows ?? [];
    const index = rows.findLastIndex((row) => row.at === at && row.column === column);
    if (index >= 0) rows.splice(index, 1);
    return index >= 0;
  }

  /** How it is stored. */
  get numbers(): readonly number[] {
    return this.#rings.flatMap(({ store, key, rows, lostAt }) => [
      store,
      key,
      2 + 2 * rows.length,
      rows.at(-1)?.at ?? 0,
      lostAt,
      ...rows.flatMap(({ at, column }, i) => [at - (rows[i - 1]?.at ?? at), column]),
    ]);
  }
}
