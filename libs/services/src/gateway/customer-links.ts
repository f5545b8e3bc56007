import { randomBytes } from 'node:crypto';
import type { Instant, ShortTermStore } from '@tocsin/core';
import type { LinkPurpose } from './bodies.ts';

const lifeMs = 10 * 60_000;

interface Bound {
  readonly tenantId: string;
  readonly customerId: string;
  readonly purpose: LinkPurpose | 'session' | 'messenger-code';
}

/** Single-use secrets for customers: 128 random bits, ten minutes, bound to one customer and one purpose. */
export class CustomerLinks {
  readonly #store: ShortTermStore;
  readonly #publicUrl: string;
  readonly #now: () => Instant;

  constructor(options: { readonly store: ShortTermStore; readonly publicUrl: string; readonly now: () => Instant }) {
    this.#store = options.store;
    this.#publicUrl = options.publicUrl;
    this.#now = options.now;
  }

  async make(bound: Bound): Promise<{ readonly url: string; readonly token: string; readonly expiresAt: Instant }> {
    const token = randomBytes(16).toString('base64url');
    await this.#store.put(`link:${token}`, JSON.stringify(bound), lifeMs);
    return { url: `${this.#publicUrl}/c/${token}`, token, expiresAt: this.#now() + lifeMs };
  }

  /** Uses the secret up. Null when it was used, has expired, or is for something else (then it is used up all the same). */
  async use(token: string, purpose: Bound['purpose']): Promise<Bound | null> {
    if (!/^[A-Za-z0-9_-]{22}$/.test(token)) return null;
    const text = await this.#store.take(`link:${token}`);
    if (text === null) return null;
    const bound = JSON.parse(text) as Bound;
    return bound.purpose === purpose ? bound : null;
  }
}
