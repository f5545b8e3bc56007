import { rest } from './kind.ts';
import type { Kind } from './kind.ts';

/* What happens to Kafka and Redis. One broker and one Redis fault at a time: more than that is no longer what they promise to survive. */

export const brokerKilled: Kind = {
  name: 'broker-kill',
  draw: ({ cluster }, random) => {
    const broker = random.between(0, cluster.brokers.length - 1);
    const awayMs = random.between(200, 2_000);
    return {
      target: `broker ${broker + 1}`,
      needs: ['brokers'],
      run: async () => {
        await cluster.brokers[broker]!.kill();
        await rest(awayMs);
        await cluster.brokers[broker]!.restart();
      },
    };
  },
};

export const controllerKilled: Kind = {
  name: 'controller-change',
  brokers: 3,
  draw: ({ cluster }, random) => {
    const awayMs = random.between(1_000, 4_000);
    return {
      target: 'the active controller',
      needs: ['brokers'],
      run: async () => {
        const broker = cluster.brokers[cluster.controller() ?? 0]!;
        await broker.kill();
        await rest(awayMs);
        await broker.restart();
      },
    };
  },
};

export const redisKilled: Kind = {
  name: 'redis-kill',
  draw: ({ redis }, random) => {
    const awayMs = random.between(0, 2_000);
    return { target: 'redis', needs: ['redis'], run: () => redis.crash(awayMs).then(() => redis.whole()) };
  },
};

export const redisOlder: Kind = {
  name: 'redis-older-file',
  share: 2,
  draw: ({ redis }, random) => {
    const [ageMs, awayMs] = [random.between(1_200, 3_600), random.between(0, 800)];
    return {
      target: `redis, ${ageMs} ms back`,
      needs: ['redis'],
      run: () => redis.restoreOlder(ageMs, awayMs).then(() => redis.whole()),
    };
  },
};

export const redisFailsOver: Kind = {
  name: 'redis-fail-over',
  share: 2,
  draw: ({ redis }, random) => {
    const [lagMs, awayMs] = [random.between(500, 4_000), random.between(100, 1_000)];
    return {
      target: `redis, ${lagMs} ms behind`,
      needs: ['redis'],
      run: () => redis.failOverToLagging(lagMs, awayMs).then(() => redis.whole()),
    };
  },
};
