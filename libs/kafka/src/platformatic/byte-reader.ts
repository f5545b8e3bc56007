/*
 * The hot path reads and writes Kafka's protocol by hand: the client's own decoder makes a big integer of every offset, a
 * map of all headers and several objects around each record, and that is most of what a record costs.
 * Protocol: https://kafka.apache.org/protocol, record batches: https://kafka.apache.org/documentation/#recordbatch
 */

const high = 0x1_0000_0000;

export const readInt64 = (bytes: Buffer, at: number): number =>
  bytes.readInt32BE(at) * high + bytes.readUInt32BE(at + 4);

export function writeInt64(bytes: Buffer, value: number, at: number): void {
  bytes.writeInt32BE(Math.floor(value / high), at);
  bytes.writeUInt32BE(value % high < 0 ? (value % high) + high : value % high, at + 4);
}

/** Reads on through bytes. 64-bit numbers are offsets, times and lengths: all exact as JavaScript numbers. */
export class ByteReader {
  readonly bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  int16(): number {
    this.at += 2;
    return this.bytes.readInt16BE(this.at - 2);
  }

  int32(): number {
    this.at += 4;
    return this.bytes.readInt32BE(this.at - 4);
  }

  int64(): number {
    this.at += 8;
    return readInt64(this.bytes, this.at - 8);
  }

  /** An unsigned variable-length integer of at most 32 bits. */
  unsigned(): number {
    const { bytes } = this;
    let byte = bytes[this.at++]!;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let shift = 7; ; shift += 7) {
      byte = bytes[this.at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
      if (shift > 28) throw new Error('A variable-length integer is too long.');
    }
  }

  /** A signed (zigzag) variable-length integer of at most 32 bits. */
  varint(): number {
    const value = this.unsigned();
    return (value >>> 1) ^ -(value & 1);
  }

  /** The same of at most 64 bits, as times are. */
  varlong(): number {
    const { bytes } = this;
    let value = 0;
    let scale = 1;
    for (let byte = 0x80; byte >= 0x80; scale *= 128) {
      byte = bytes[this.at++]!;
      value += (byte & 0x7f) * scale;
      if (scale > 2 ** 63) throw new Error('A variable-length integer is too long.');
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** The length of a compact array or string: written plus one, and 0 for null (-1 here). */
  compactLength(): number {
    return this.unsigned() - 1;
  }

  skipTags(): void {
    for (let count = this.unsigned(); count > 0; count--) {
      this.unsigned();
      const size = this.unsigned();
      this.at += size;
    }
  }
}

export const sizeOfUnsigned = (value: number): number =>
  value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;

/** Of a length or a delta, which are never negative here. */
export const sizeOfVarint = (value: number): number => sizeOfUnsigned(value * 2);

/** Returns the place after it. */
export function writeUnsigned(bytes: Buffer, value: number, at: number): number {
  let left = value;
  while (left > 0x7f) {
    bytes[at++] = (left & 0x7f) | 0x80;
    left >>>= 7;
  }
  bytes[at++] = left;
  return at;
}

/** Minus one, as a null is written, is 1 in zigzag. */
export const writeVarint = (bytes: Buffer, value: number, at: number): number =>
  writeUnsigned(bytes, value < 0 ? 1 : value * 2, at);
