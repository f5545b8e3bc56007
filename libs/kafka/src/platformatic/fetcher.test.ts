import { describe, expect, it } from '@jest/globals';
import type { LogError } from '@tocsin/core';
import { Reader } from '@platformatic/kafka';
import { ByteReader, writeInt64, writeUnsigned } from './byte-reader.ts';
import type { Cluster } from './cluster.ts';
import type { Connections } from './connections.ts';
import { Fetcher } from './fetcher.ts';
import type { Part } from './fetcher.ts';
import { held } from './held-partition.ts';
import type { HeldPartition } from './held-partition.ts';
import { Outage } from './outage.ts';
import { produceRequest } from './produce-exchange.ts';

/** One batch with one record, as a broker stores it. */
function batchOf(partition: number, offset: number, value: string): Buffer {
  const request = produceRequest(
    [{ topic: 't', partition, records: [{ topic: 't', partition, key: null, value }] }],
    1,
    1,
  );
  const reader = new ByteReader(request, 7);
  reader.compactLength();
  const name = reader.compactLength();
  reader.at += name;
  reader.compactLength();
  reader.int32();
  const size = reader.compactLength();
  const batch = Buffer.from(request.subarray(reader.at, reader.at + size));
  writeInt64(batch, offset, 0);
  return batch;
}

/** A fetch response of version 13 (behind its header): one topic, these batches. */
function response(batches: ReadonlyMap<number, Buffer>): Buffer {
  const parts: Buffer[] = [Buffer.alloc(10), Buffer.from([2]), Buffer.alloc(16), Buffer.from([batches.size + 1])];
  for (const [partition, bytes] of batches) {
    const head = Buffer.alloc(4 + 2 + 24);
    head.writeInt32BE(partition, 0);
    const length = Buffer.alloc(8);
    const at = writeUnsigned(length, bytes.length + 1, 0);
    // Nothing aborted, no preferred replica.
    parts.push(
      head,
      Buffer.from([1]),
      Buffer.from([255, 255, 255, 255]),
      length.subarray(0, at),
      bytes,
      Buffer.from([0]),
    );
  }
  return Buffer.concat([...parts, Buffer.from([0, 0])]);
}

describe('a partition whose records cannot be read', () => {
  it('costs the others nothing', async () => {
    const logs: Buffer[][] = [[], [], []];
    for (let offset = 0; offset < 3; offset++) {
      for (const partition of [0, 1, 2]) logs[partition]!.push(batchOf(partition, offset, `${partition}/${offset}`));
    }
    // Of partition 1 one batch is damaged: compressed in a way that nobody knows (a corrupt attribute, a new codec).
    const damaged = logs[1]![1]!;
    damaged.writeInt16BE(7, 21);
    let mended = false;

    const connection = {
      send(
        _key: number,
        _version: number,
        payload: () => { readonly buffer: Buffer },
        parse: (id: number, key: number, version: number, reader: Reader) => unknown,
        _a: boolean,
        _b: boolean,
        done: (error: Error | null, answer: unknown) => void,
      ): void {
        const request = new ByteReader(payload().buffer, 4 + 4 + 4 + 4 + 1 + 4 + 4 + 1 + 16);
        const found = new Map<number, Buffer>();
        for (let left = request.compactLength(); left > 0; left--) {
          const partition = request.int32();
          request.int32();
          const from = request.int64();
          request.at += 4 + 8 + 4 + 1;
          found.set(partition, Buffer.concat(logs[partition]!.slice(from)));
        }
        if (mended) logs[1]![1]!.writeInt16BE(0, 21);
        setTimeout(() => {
          try {
            done(null, parse(0, 1, 13, Reader.from(response(found))));
          } catch (error) {
            done(error as Error, undefined);
          }
        }, 5);
      },
    };
    const all: HeldPartition[] = [0, 1, 2].map((partition) => ({ ...held(partition), from: 0 }));
    const read: string[] = [];
    const failures: string[] = [];
    const warnings: unknown[] = [];
    const cluster = {
      topic: () => Promise.resolve({ id: '00'.repeat(16), leaders: [1, 1, 1] }),
      look: () => Promise.resolve({ id: '00'.repeat(16), leaders: [1, 1, 1] }),
      broker: () => ({ host: 'x', port: 1 }),
      forget: () => undefined,
    } as unknown as Cluster;
    const fetcher = new Fetcher({
      cluster,
      connections: { to: () => Promise.resolve(connection) } as unknown as Connections,
      topic: 't',
      topicId: '00'.repeat(16),
      maxBytesPerPartition: 1 << 20,
      held: () => all,
      current: () => true,
      take: (parts: readonly Part[]) => {
        for (const { records } of parts) for (const { value } of records) read.push(Buffer.from(value!).toString());
        return { begun: Promise.resolve(), done: Promise.resolve() };
      },
      failed: (one, error: LogError) => failures.push(`${one.partition} ${error.code}`),
      outage: new Outage({ warn: (_message, fields) => warnings.push(fields) }, 'lost', {}),
    });
    fetcher.wake();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const whileDamaged = [...read].sort();
    mended = true;
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await fetcher.close();
    // Whatever becomes of the damaged partition, and even after it is mended: nothing of the others may be missing.
    expect({ whileDamaged, afterwards: [...read].sort().filter((one) => !one.startsWith('1/')) }).toEqual({
      whileDamaged: expect.arrayContaining(['0/0', '0/1', '0/2', '2/0', '2/1', '2/2']),
      afterwards: ['0/0', '0/1', '0/2', '2/0', '2/1', '2/2'],
    });
  }, 20_000);
});
