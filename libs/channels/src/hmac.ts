import { createHmac, timingSafeEqual } from 'node:crypto';

/** HMAC with the secret as UTF-8 text. */
export const hmac = (algorithm: 'sha1' | 'sha256', secret: string, data: Uint8Array | string): Buffer =>
  createHmac(algorithm, secret).update(data).digest();

/** Compares without telling by its duration how much was right. */
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.byteLength === b.byteLength && timingSafeEqual(a, b);

/** Compares two texts through a keyed hash of each, so that not even the length shows. */
export const sameText = (a: string, b: string): boolean =>
  sameBytes(hmac('sha256', 'compare', a), hmac('sha256', 'compare', b));

/** Is the signature that of one of the secrets? Two are valid while one replaces the other. Looks at all of them, always. */
export function signedByOneOf(
  algorithm: 'sha1' | 'sha256',
  secrets: readonly string[],
  data: Uint8Array | string,
  signature: Uint8Array,
): boolean {
  return secrets.map((secret) => sameBytes(hmac(algorithm, secret, data), signature)).includes(true);
}
