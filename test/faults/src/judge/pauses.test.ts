import { expect, it } from '@jest/globals';
import { longestPause } from './pauses.ts';

const rest = (span: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, span));

it('is the longest time in which one partition stood still, whatever the others did', async () => {
  const begun = performance.now();
  let busy = 0;
  const log = {
    committed: () => {
      const still = performance.now() - begun < 1_500 ? 5 : 9;
      return Promise.resolve(
        new Map([
          [0, (busy += 1)],
          [1, still],
        ]),
      );
    },
  };
  const longest = longestPause(log, 'group', 'topic');
  await rest(2_600);
  const { partition, longestMs, samples } = await longest();
  expect(partition).toBe(1);
  // Partition 1 stood still for one and a half seconds before it moved, and for less after it.
  expect(longestMs).toBeGreaterThanOrEqual(1_300);
  expect(samples).toBeGreaterThan(3);
});

it('goes on over looks that fail', async () => {
  let looks = 0;
  const log = {
    committed: () => {
      looks += 1;
      return looks % 2 === 0 ? Promise.reject(new Error('away')) : Promise.resolve(new Map([[0, 1]]));
    },
  };
  const longest = longestPause(log, 'group', 'topic');
  await rest(1_000);
  expect((await longest()).longestMs).toBeGreaterThan(300);
});
