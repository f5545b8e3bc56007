/*
 * Which partition a key belongs to: Kafka's own default, murmur2 of the UTF-8 key (org.apache.kafka.common.utils.Utils),
 * so that a record written by any Kafka producer with its default partitioner lies where we would have put it.
 */

const encoder = new TextEncoder();

/** MurmurHash2, 32 bit, seed 0x9747b28c, as a signed integer. */
export function murmur2(data: Uint8Array): number {
  const m = 0x5bd1e995;
  const length = data.length;
  let h = 0x9747b28c ^ length;
  const whole = length - (length % 4);
  for (let i = 0; i < whole; i += 4) {
    let k = data[i]! | (data[i + 1]! << 8) | (data[i + 2]! << 16) | (data[i + 3]! << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    k = Math.imul(k, m);
    h = Math.imul(h, m) ^ k;
  }
  const rest = length % 4;
  if (rest === 3) h ^= data[whole + 2]! << 16;
  if (rest >= 2) h ^= data[whole + 1]! << 8;
  if (rest >= 1) h = Math.imul(h ^ data[whole]!, m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  return h ^ (h >>> 15);
}

export function partitionOf(key: string | Uint8Array, partitions: number): number {
  const bytes = typeof key === 'string' ? utf8(key) : key;
  return (murmur2(bytes) & 0x7fffffff) % partitions;
}

/** Keys are short and hashed at once: their bytes need no buffer of their own. */
const scratch = new Uint8Array(512);

function utf8(key: string): Uint8Array {
  // A UTF-16 unit takes at most three bytes.
  if (3 * key.length > scratch.length) return encoder.encode(key);
  return scratch.subarray(0, encoder.encodeInto(key, scratch).written);
}

/** `<tenant>:<id>`; a tenant has no colon, an id may. */
export const keyOf = (tenantId: string, id: string): string => `${tenantId}:${id}`;

export function splitKey(key: string): { readonly tenantId: string; readonly id: string } {
  const colon = key.indexOf(':');
  if (colon < 1) throw new Error('A key inside is <tenant>:<id>.');
  return { tenantId: key.slice(0, colon), id: key.slice(colon + 1) };
}
