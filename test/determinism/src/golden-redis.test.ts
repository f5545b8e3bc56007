import { describe, expect, it } from '@jest/globals';
import { goldenUrl, keptVersions, linesOf, presentVersion, textOfLines } from './golden/golden-file.ts';
import { entries, position, redisLines, restore, withSlot } from './golden/golden-redis.ts';
import type { RedisLine } from './golden/golden-redis.ts';

const linesBy = (version: string): readonly RedisLine[] => linesOf<RedisLine>(goldenUrl('redis', version));
const plain = (value: Uint8Array | null): string | null => value && Buffer.from(value).toString('latin1');

describe('a slot in Redis', () => {
  it.each(keptVersions('redis'))(
    'as %s left it is taken over whole: position, resident entries and the others',
    async (of) => {
      await withSlot(async (slot, client) => {
        await restore(linesBy(of), client);
        const taken = await slot.acquire({ leaseMs: 10_000, takeOver: false });
        if ('busyMs' in taken) throw new Error('Whoever saved it had let it go.');
        expect([taken.version, taken.position]).toEqual([1, position]);
        const resident = [...entries.keys()].filter((name) => name.startsWith('!'));
        expect([...taken.resident.keys()].sort()).toEqual(resident.toSorted());
        const read = await slot.read(taken.token, taken.version, [...entries.keys()]);
        if (read === 'fenced') throw new Error('Nobody else was there.');
        expect(read.map(plain)).toEqual([...entries.values()].map(plain));
        expect(plain(taken.resident.get('!rules')!)).toBe(plain(entries.get('!rules')!));
      });
    },
  );

  it('lies there as the golden file of this version has it', async () => {
    expect(keptVersions('redis')).toContain(presentVersion());
    const lines = await redisLines();
    // Were one of the hashes empty, its place would be nowhere in the file.
    expect(new Set(lines.map(({ key }) => key)).size).toBe(18);
    const same = textOfLines(lines) === textOfLines(linesBy(presentVersion()));
    expect(same ? '' : 'If that was meant: npm run golden, and look at the difference.').toBe('');
  });
});
