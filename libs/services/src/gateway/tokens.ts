/* Injection tokens for ports, which have no class of their own. */

export const tokenBuckets = Symbol('token buckets');
export const shortTermStore = Symbol('short-term store');
export const barriers = Symbol('barriers');
