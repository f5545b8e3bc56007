/** Small texts kept for a limited time, shared by all instances of the gateway: idempotency keys, single-use links and codes. */
export interface ShortTermStore {
  /** Stores unless the key is taken; returns what stands there already, or null when it was stored. One atomic step. */
  putNew(key: string, value: string, ttlMs: number): Promise<string | null>;
  put(key: string, value: string, ttlMs: number): Promise<void>;
  get(key: string): Promise<string | null>;
  /** Returns the value and removes it in one atomic step: of two callers, one gets it. */
  take(key: string): Promise<string | null>;
}
