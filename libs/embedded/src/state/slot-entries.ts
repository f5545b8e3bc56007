import { createHash } from 'node:crypto';
import type { BytesTable } from '../store.ts';

/*
 * Where an entry lies: number of the slot (uint32), 0, key in UTF-8. A key that LMDB could not take (over 1,978 bytes) is
 * replaced: number of the slot, 1, first byte of the key, its SHA-256; its value then begins with the key itself.
 */

const plain = 0;
const hashed = 1;
const longestPlain = 1_900;
/** `!`, with which the keys of resident entries begin. */
const residentMark = 0x21;

function prefix(slotNo: number, kind: number, ...rest: readonly number[]): Buffer {
  const bytes = Buffer.alloc(5 + rest.length);
  bytes.writeUInt32BE(slotNo, 0);
  bytes[4] = kind;
  bytes.set(rest, 5);
  return bytes;
}

interface Place {
  readonly at: Buffer;
  /** Stands before the value, where the place does not tell the key. */
  readonly lead: Buffer | null;
}

function placeOf(slotNo: number, key: string): Place {
  const bytes = Buffer.from(key);
  if (bytes.length <= longestPlain) return { at: Buffer.concat([prefix(slotNo, plain), bytes]), lead: null };
  const digest = createHash('sha256').update(bytes).digest();
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return { at: Buffer.concat([prefix(slotNo, hashed, bytes[0]!), digest]), lead: Buffer.concat([length, bytes]) };
}

/** Key and value as they were put. */
function unpack(at: Buffer, stored: Buffer): { readonly key: string; readonly value: Buffer } {
  if (at[4] === plain) return { key: at.subarray(5).toString(), value: stored };
  const end = 4 + stored.readUInt32BE(0);
  return { key: stored.subarray(4, end).toString(), value: stored.subarray(end) };
}

/** The entries of one slot, inside or outside a transaction. */
export class SlotEntries {
  readonly #table: BytesTable;
  readonly #no: number;

  constructor(table: BytesTable, slotNo: number) {
    this.#table = table;
    this.#no = slotNo;
  }

  get(key: string): Uint8Array | null {
    const { at } = placeOf(this.#no, key);
    const stored = this.#table.get(at);
    return stored === undefined ? null : unpack(at, stored).value;
  }

  set(key: string, value: Uint8Array | null): void {
    const { at, lead } = placeOf(this.#no, key);
    if (value === null) void this.#table.remove(at);
    else void this.#table.put(at, lead === null ? asBuffer(value) : Buffer.concat([lead, value]));
  }

  resident(): ReadonlyMap<string, Uint8Array> {
    const found = new Map<string, Uint8Array>();
    for (const kind of [plain, hashed]) {
      const range = {
        start: prefix(this.#no, kind, residentMark),
        end: prefix(this.#no, kind, residentMark + 1),
      };
      for (const { key: at, value: stored } of this.#table.getRange(range)) {
        const { key, value } = unpack(at, stored);
        found.set(key, value);
      }
    }
    return found;
  }

  /**
   * Inside a transaction: looks at so many entries from a place on and removes those whose expiry (bytes 1 to 8 of the
   * value, 0 = never) is at or before the clock. Returns how many went and where to go on; null at the end.
   */
  sweep(from: Buffer | null, clockAt: number, count: number): { readonly gone: number; readonly next: Buffer | null } {
    const expired: Buffer[] = [];
    let next: Buffer | null = null;
    let seen = 0;
    const range = { start: from ?? prefix(this.#no, plain), end: prefix(this.#no + 1, plain) };
    for (const { key: at, value: stored } of this.#table.getRange(range)) {
      if (seen++ === count) {
        next = at;
        break;
      }
      const { value } = unpack(at, stored);
      const expiresAt = value.length < 9 ? 0 : value.readDoubleBE(1);
      if (expiresAt !== 0 && expiresAt <= clockAt) expired.push(at);
    }
    for (const at of expired) void this.#table.remove(at);
    return { gone: expired.length, next };
  }
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
