import type { Weather } from '../bed/tcp-proxy.ts';
import { rest } from './kind.ts';
import type { Kind } from './kind.ts';
import type { Random } from '@tocsin/test-e2e';

/* What the network does between one instance and Kafka, or between one instance and Redis. */

const spoiled = (
  name: string,
  weatherOf: (random: Random) => Weather,
  [least, most]: readonly [number, number],
): Kind => ({
  name,
  draw: ({ instances }, random) => {
    const instance = random.pick(instances);
    const to = random.pick(['kafka', 'redis'] as const);
    const [weather, forMs] = [weatherOf(random), random.between(least, most)];
    return {
      target: `${instance.label} to ${to}`,
      needs: [`network ${instance.label} ${to}`],
      run: async () => {
        const proxies = to === 'kafka' ? instance.kafka : [instance.redis];
        for (const proxy of proxies) proxy.weather = weather;
        await rest(forMs);
        for (const proxy of proxies) proxy.weather = { kind: 'fair' };
      },
    };
  },
});

export const slow = spoiled(
  'network-slow',
  (random) => ({ kind: 'slow', delayMs: random.between(80, 400) }),
  [4_000, 9_000],
);
export const silent = spoiled('network-silent', () => ({ kind: 'silent' }), [3_000, 9_500]);
export const cut = spoiled('network-cut', () => ({ kind: 'cut' }), [300, 6_000]);
