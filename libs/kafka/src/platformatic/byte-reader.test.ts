import { Writer } from '@platformatic/kafka';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  ByteReader,
  readInt64,
  sizeOfUnsigned,
  sizeOfVarint,
  writeInt64,
  writeUnsigned,
  writeVarint,
} from './byte-reader.ts';

/** Zigzag, seven bits a byte; the client's own is wrong below -2^31. */
function varlong(value: bigint): Buffer {
  const bytes: number[] = [];
  let left = value < 0n ? -2n * value - 1n : 2n * value;
  for (; left > 0x7fn; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(left)]);
}

describe('numbers of the protocol', () => {
  it('of 64 bits are read and written as any exact JavaScript number', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const bytes = Buffer.alloc(8);
        writeInt64(bytes, value, 0);
        expect(bytes.readBigInt64BE()).toBe(BigInt(value));
        expect(readInt64(bytes, 0)).toBe(value);
      }),
    );
  });

  it('of variable length are written and measured as the client writes them', () => {
    fc.assert(
      fc.property(fc.nat(0x3fff_ffff), (value) => {
        const unsigned = Writer.create().appendUnsignedVarInt(value).buffer;
        const signed = Writer.create().appendVarInt(value).buffer;
        const bytes = Buffer.alloc(10);
        expect(bytes.subarray(0, writeUnsigned(bytes, value, 0))).toEqual(unsigned);
        expect(sizeOfUnsigned(value)).toBe(unsigned.length);
        expect(bytes.subarray(0, writeVarint(bytes, value, 0))).toEqual(signed);
        expect(sizeOfVarint(value)).toBe(signed.length);
      }),
    );
    const bytes = Buffer.alloc(1);
    writeVarint(bytes, -1, 0);
    expect(bytes).toEqual(Writer.create().appendVarInt(-1).buffer);
  });

  it('of variable length are read as the client writes them', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffff_ffff),
        fc.integer(),
        fc.bigInt({ min: -(2n ** 50n), max: 2n ** 50n }),
        (unsigned, signed, long) => {
          const bytes = Writer.create()
            .appendUnsignedVarInt(unsigned)
            .appendVarInt(signed)
            .append(varlong(long))
            .appendTaggedFields([])
            .appendInt16(7).buffer;
          const reader = new ByteReader(bytes);
          expect(reader.unsigned()).toBe(unsigned);
          expect(reader.varint()).toBe(signed);
          expect(reader.varlong()).toBe(Number(long));
          reader.skipTags();
          expect(reader.int16()).toBe(7);
        },
      ),
    );
  });

  it('are refused where they do not end', () => {
    const endless = Buffer.alloc(20, 0xff);
    expect(() => new ByteReader(endless).unsigned()).toThrow('too long');
    expect(() => new ByteReader(endless).varlong()).toThrow('too long');
  });
});
