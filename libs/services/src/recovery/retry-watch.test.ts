import { describe, expect, it } from '@jest/globals';
import type { ShortTermStore } from '@tocsin/core';
import { silentLogger } from '@tocsin/nest';
import { RetryWatch } from './retry-watch.ts';

/** A store that holds requests to try again, or refuses to say. */
class Requests implements Pick<ShortTermStore, 'take'> {
  readonly asked = new Set<string>();
  refusal: string | undefined;

  take(key: string): Promise<string | null> {
    if (this.refusal !== undefined) return Promise.reject(new Error(this.refusal));
    return Promise.resolve(this.asked.delete(key) ? 'retry' : null);
  }
}

const watched = () => {
  const requests = new Requests();
  const retried: number[] = [];
  const said: unknown[] = [];
  let at = 0;
  const watch = new RetryWatch({
    stage: 'detect',
    store: requests as unknown as ShortTermStore,
    runner: {
      status: () => [
        { partition: 0, state: 'running' },
        { partition: 1, state: 'stopped' },
      ],
      retry: (partition) => retried.push(partition),
    },
    logger: {
      ...silentLogger,
      warn: (_message, fields = {}) => void said.push((fields as { reason?: string }).reason),
    },
    now: () => at,
  });
  return { requests, retried, said, watch, pass: (ms: number) => void (at += ms) };
};

describe('the owner of a stopped partition', () => {
  it('tries again once for each request, and leaves a partition alone that runs', async () => {
    const { requests, retried, watch } = watched();
    requests.asked.add('retry:detect/0').add('retry:detect/1');
    await watch.look();
    await watch.look();
    expect(retried).toEqual([1]);
  });

  it('says so where it is refused, at once and then once a minute, and tries again when it is let', async () => {
    const { requests, retried, said, watch, pass } = watched();
    requests.asked.add('retry:detect/1');
    requests.refusal = 'NOPERM';
    for (let looks = 0; looks < 31; looks++) {
      await watch.look();
      pass(2_000);
    }
    expect(said).toEqual(['NOPERM', 'NOPERM']);
    requests.refusal = 'away';
    await watch.look();
    expect(said).toEqual(['NOPERM', 'NOPERM', 'away']);
    requests.refusal = undefined;
    await watch.look();
    expect(retried).toEqual([1]);
  });
});
