import type { SimulatedHost } from './simulated-host.ts';

/**
 * What may befall two machines: 0 kills the first and starts another one, 1 freezes it past its session, 2 thaws it; anything
 * else leaves them alone. Returns those that there are then.
 */
export function befalls(
  what: number,
  [first, second]: readonly [SimulatedHost, SimulatedHost],
  start: () => SimulatedHost,
): readonly [SimulatedHost, SimulatedHost] {
  if (what === 0) {
    first.kill();
    return [second, start()];
  }
  if (what === 1) {
    first.freeze();
    first.evict();
  } else if (what === 2 && first.frozen) {
    first.thaw();
    first.rejoin();
  }
  return [first, second];
}
