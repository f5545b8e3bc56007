import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { smallDisk } from '@tocsin/testing';
import type { SmallDisk } from '@tocsin/testing';
import { embedded } from './embedded.ts';

/* On a real file system that is really full. */

const size = 12 * 1024 * 1024;

describe('a disk that is full', () => {
  let disk: SmallDisk;

  beforeEach(() => {
    disk = smallDisk(size);
  });
  afterEach(() => disk.remove());

  it('takes nothing that does not stand, says so, and goes on when there is space, without a restart', async () => {
    const folder = join(disk.folder, 'store');
    const told: boolean[] = [];
    const store = await embedded({ folder, onFull: (full) => told.push(full) });
    await store.log.createTopics([{ name: 'a', partitions: 1, cleanup: 'delete' }]);
    const slot = store.state.slot('s', 0);
    const acquired = await slot.acquire({ leaseMs: 60_000, takeOver: true });
    if ('busyMs' in acquired) throw new Error('busy');
    const { token } = acquired;
    let { version } = acquired;
    let kept = 0;
    const append = (padding: number) =>
      store.log.append([{ topic: 'a', partition: 0, key: 'k', value: `${kept}:${'x'.repeat(padding)}` }]);
    const position = { offset: 0, fingerprint: null, generation: 1, clockAt: 0 };
    const save = (bytes: number) =>
      slot.checkpoint({
        token,
        version,
        position: { ...position, offset: kept },
        entries: new Map([['e', Buffer.alloc(bytes)]]),
        leaseMs: 60_000,
      });

    disk.fill((size * 2) / 3);
    for (let refused = 0; refused < 3;) {
      try {
        await append(20_000);
        kept += 1;
      } catch (error) {
        refused += 1;
        expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('DISK_FULL') });
      }
    }
    expect(kept).toBeGreaterThan(50);
    await expect(save(2 * 1024 * 1024)).rejects.toMatchObject({ message: expect.stringContaining('DISK_FULL') });
    expect(await slot.position()).toBeNull();
    await expect(store.state.ping()).rejects.toMatchObject({ message: expect.stringContaining('DISK_FULL') });
    expect(told).toEqual([true]);
    expect(await store.log.bounds('a', 0)).toEqual({ start: 0, end: kept });

    // A little room is room for a little: that something small is taken does not mean that all is well.
    disk.fill((size * 2) / 3 - 300_000);
    await append(20_000);
    kept += 1;
    await expect(store.state.ping()).rejects.toMatchObject({ message: expect.stringContaining('DISK_FULL') });
    expect(told).toEqual([true]);

    disk.free();
    await store.state.ping();
    expect(told).toEqual([true, false]);
    await append(20_000);
    kept += 1;
    const saved = await save(50_000);
    expect(saved).toBe(version + 1);
    version += 1;

    // All that was acknowledged, in its order, and nothing else; here and in a process that starts anew.
    const look = async (log: typeof store.log): Promise<readonly string[]> => {
      const found: string[] = [];
      for (let from = 0; from < kept;) {
        const records = await log.read('a', 0, from, 100);
        for (const { value } of records) found.push(Buffer.from(value!).toString().split(':')[0]!);
        from = records.at(-1)!.offset + 1;
      }
      return found;
    };
    const expected = Array.from({ length: kept }, (_, n) => String(n));
    expect(await look(store.log)).toEqual(expected);
    await store.close();
    const again = await embedded({ folder });
    expect(await look(again.log)).toEqual(expected);
    expect(await again.state.slot('s', 0).position()).toMatchObject({ offset: kept });
    await again.close();
  });
});
