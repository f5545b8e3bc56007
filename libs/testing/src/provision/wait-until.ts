import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks again and again until the answer is neither false nor undefined, and returns it.
 * @param what completes the sentence "Timed out waiting for ..."; a function is asked only on failure.
 * @throws Error after `withinMs` (default 20 s).
 */
export async function waitUntil<T>(
  what: string | (() => string),
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  { withinMs = 20_000, everyMs = 20 }: { readonly withinMs?: number; readonly everyMs?: number } = {},
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) {
      throw new Error(`Timed out waiting for ${typeof what === 'string' ? what : what()}`);
    }
    await sleep(everyMs);
  }
}
