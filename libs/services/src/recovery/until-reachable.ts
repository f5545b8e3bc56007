import { setTimeout as sleep } from 'node:timers/promises';
import type { ShortTermStore, Span, StateStore } from '@tocsin/core';

const againMs = 200;
/** Nothing is ever kept under it; it is asked for to hear whether anybody answers. */
export const reachableKey = 'reachable';

/**
 * Waits until the store answers on both of its connections, for a command that has only just begun to connect: on a busy
 * machine, or in the middle of a fail-over, that takes longer than a service would wait for an answer.
 * @throws the error of the last attempt, when it still does not answer after `withinMs`
 */
export async function untilReachable(
  { state, shortTerm }: { readonly state: StateStore; readonly shortTerm: ShortTermStore },
  withinMs: Span = 15_000,
): Promise<void> {
  const until = performance.now() + withinMs;
  for (;;) {
    try {
      await Promise.all([state.ping(), shortTerm.get(reachableKey)]);
      return;
    } catch (error) {
      if (performance.now() >= until) throw error;
      await sleep(againMs);
    }
  }
}
