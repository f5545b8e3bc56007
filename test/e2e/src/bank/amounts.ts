import type { Random } from './random.ts';

/** Cents (or the minor unit of the currency) as the decimal text of the bank's record. */
export const decimal = (minor: number, decimals = 2): string => {
  if (decimals === 0) return String(minor);
  const digits = String(minor).padStart(decimals + 1, '0');
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
};

/**
 * Hands out amounts. One that alerts occurs on no other transaction of the file, whatever its currency, so that a message
 * can be joined to its transaction by the amount in its text.
 */
export class Amounts {
  readonly #random: Random;
  readonly #unique = new Set<string>();
  readonly #common = new Set<string>();

  constructor(random: Random) {
    this.#random = random;
  }

  unique(low: number, high: number, decimals = 2): number {
    for (let tries = 0; tries < 10_000; tries++) {
      const minor = this.#random.between(low, high);
      const text = decimal(minor, decimals);
      if (this.#unique.has(text) || this.#common.has(text)) continue;
      this.#unique.add(text);
      return minor;
    }
    throw new Error(`No amount between ${low} and ${high} is free any more.`);
  }

  common(low: number, high: number, decimals = 2): number {
    for (;;) {
      const minor = this.#random.between(low, high);
      const text = decimal(minor, decimals);
      if (this.#unique.has(text)) continue;
      this.#common.add(text);
      return minor;
    }
  }

  /** The largest amount up to this one that belongs to no alert: for payments right below a threshold. */
  atMost(minor: number, decimals = 2): number {
    for (let free = minor; free > 0; free--) {
      const text = decimal(free, decimals);
      if (this.#unique.has(text)) continue;
      this.#common.add(text);
      return free;
    }
    throw new Error(`No amount up to ${minor} is free any more.`);
  }
}
