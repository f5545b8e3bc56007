import { createHash } from 'node:crypto';

/** A key for texts of any length and content; LMDB takes 1,978 bytes. */
export function textKey(...parts: readonly string[]): string {
  const key = JSON.stringify(parts);
  return Buffer.byteLength(key) <= 1_500 ? key : `#${createHash('sha256').update(key).digest('hex')}`;
}
