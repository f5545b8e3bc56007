import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { releaseMemory } from './release-memory.ts';

/** Not in the test itself, whose frame would keep it. */
const forgotten = (): WeakRef<object> => new WeakRef({ of: 'starting' });

it('collects once what starting has left', async () => {
  const left = forgotten();
  // What a weak reference was made for stays until the end of the turn.
  await sleep(1);
  releaseMemory(1);
  await sleep(100);
  expect(left.deref()).toBeUndefined();
});
