/*
 * The header that says where a record comes from: `<stage>/<input topic>/<input partition>/<generation>@<input offset>.<index>`.
 * The index counts all outputs of one input record, over all topics, in order. Offset and index are compared as two integers.
 */

export const provenanceHeader = 'src';

export interface Provenance {
  /** Everything before the `@`: who appended it. */
  readonly source: string;
  readonly offset: number;
  readonly index: number;
}

export const sourceOf = (stage: string, topic: string, partition: number, generation: number): string =>
  `${stage}/${topic}/${partition}/${generation}`;

export const formatProvenance = (source: string, offset: number, index: number): string =>
  `${source}@${offset}.${index}`;

const at = 0x40;
const dot = 0x2e;

function integer(bytes: Uint8Array, from: number, to: number): number {
  if (to <= from) return -1;
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = bytes[i]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return Number.isSafeInteger(value) ? value : -1;
}

/** Undefined where the bytes are not in the form above. */
export function parseProvenance(bytes: Uint8Array): Provenance | undefined {
  const atSign = bytes.lastIndexOf(at);
  const point = bytes.lastIndexOf(dot);
  if (atSign < 1 || point < atSign) return undefined;
  const offset = integer(bytes, atSign + 1, point);
  const index = integer(bytes, point + 1, bytes.length);
  if (offset < 0 || index < 0) return undefined;
  return { source: Buffer.from(bytes.buffer, bytes.byteOffset, atSign).toString('latin1'), offset, index };
}
