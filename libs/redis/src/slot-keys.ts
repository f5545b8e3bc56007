import { createHash } from 'node:crypto';
import { RedisError } from './redis-error.ts';

/** Into how many hashes the cold entries of a slot are split, so that none grows huge. Fixed: it decides where they lie. */
export const coldHashes = 16;

/** The keys of one slot. The braces make a Cluster keep them together, so that one script can change them all. */
export interface SlotKeys {
  readonly position: string;
  /** Resident entries first, then the cold hashes. */
  readonly hashes: readonly string[];
  /** All of them: the position, then the hashes. */
  readonly all: readonly string[];
}

export function slotKeys(installation: string, stage: string, partition: number): SlotKeys {
  if (!/^[A-Za-z0-9._@-]+$/.test(stage) || !Number.isInteger(partition) || partition < 0) {
    throw new RedisError(
      'MISCONFIGURED',
      'A stage has letters, digits, ".", "_", "@" and "-" only; a partition is a number.',
    );
  }
  const slot = `{${installation}:${stage}:${partition}}`;
  const position = `${slot}:position`;
  const hashes = [`${slot}:resident`, ...Array.from({ length: coldHashes }, (_, i) => `${slot}:cold:${i}`)];
  return { position, hashes, all: [position, ...hashes] };
}

/** Which of the hashes an entry lies in. */
export const hashOf = (key: string): number => (key.startsWith('!') ? 0 : 1 + (fnv1a(key) % coldHashes));

/** FNV-1a over UTF-16 code units, 32 bit: quick, and the same for ever. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** Customer ids and the like inside braces: hashed where they contain a brace, which would move the key to another slot. */
export const tagged = (text: string): string =>
  /[{}]/.test(text) ? `#${createHash('sha256').update(text).digest('hex')}` : text;
