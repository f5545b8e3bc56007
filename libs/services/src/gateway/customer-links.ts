import { randomBytes } from 'node:crypto';
import { minutes } from '@tocsin/core';
import type { Instant, ShortTermStore } from '@tocsin/core';
import type { LinkPurpose } from './bodies.ts';

const lifeMs = minutes(10);

/** Whom a secret stands for, and for what alone it can be used. */
export interface Bound {
  readonly tenantId: string;
  readonly customerId: string;
  readonly purpose: LinkPurpose | 'messenger-code';
  readonly expiresAt: Instant;
}

const secretShape = /^[A-Za-z0-9_-]{22}$/;

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

  async make(
    bound: Omit<Bound, 'expiresAt'>,
  ): Promise<{ readonly url: string; readonly token: string; readonly expiresAt: Instant }> {
    const token = randomBytes(16).toString('base64url');
    const expiresAt = this.#now() + lifeMs;
    await this.#store.put(`link:${token}`, JSON.stringify({ ...bound, expiresAt } satisfies Bound), lifeMs);
    return { url: `${this.#publicUrl}/c/${token}`, token, expiresAt };
  }

  /** Looks without using it up. Null when it was used, has expired, or is for something else. */
  async look(token: string, purpose: Bound['purpose']): Promise<Bound | null> {
    return secretShape.test(token) ? this.#valid(await this.#store.get(`link:${token}`), purpose) : null;
  }

  /** Uses the secret up. Null when it was used, has expired, or is for something else (then it is used up all the same). */
  async use(token: string, purpose: Bound['purpose']): Promise<Bound | null> {
    return secretShape.test(token) ? this.#valid(await this.#store.take(`link:${token}`), purpose) : null;
  }

  /** What it was used for failed on our side: it may be used again, for what is left of its time. */
  async giveBack(token: string, bound: Bound): Promise<void> {
    const left = bound.expiresAt - this.#now();
    if (left > 0) await this.#store.put(`link:${token}`, JSON.stringify(bound), left);
  }

  #valid(text: string | null, purpose: Bound['purpose']): Bound | null {
    if (text === null) return null;
    const bound = JSON.parse(text) as Bound;
    return bound.purpose === purpose && bound.expiresAt > this.#now() ? bound : null;
  }
}
