import { Controller, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { describe, expect, it } from '@jest/globals';
import type { Log, PartitionBatch, Subscriber, Subscription } from '@tocsin/core';
import { LogContext, LogTransport } from './log-transport.ts';
import type { Feed } from './log-transport.ts';

/** The smallest log that delivers: what a test pushes. */
class PushedLog {
  subscriber: Subscriber | undefined;
  failures = 0;
  closed = false;

  subscribe(_options: unknown, subscriber: Subscriber): Promise<Subscription> {
    if (this.failures > 0) {
      this.failures--;
      return Promise.reject(new Error('away'));
    }
    this.subscriber = subscriber;
    const close = () => {
      this.closed = true;
      return Promise.resolve();
    };
    return Promise.resolve({ seek() {}, pause() {}, commit: () => Promise.resolve(), assigns: () => true, close });
  }
}

class Seen {
  readonly batches: (readonly PartitionBatch[])[] = [];
  release: () => void = () => {};
  gate: Promise<void> = Promise.resolve();
}

@Controller()
class BatchController {
  constructor(@Inject(Seen) private readonly seen: Seen) {}

  @EventPattern<string>('detect')
  async detect(@Payload() batches: readonly PartitionBatch[], @Ctx() context: LogContext): Promise<void> {
    await this.seen.gate;
    await context.feed.subscriber.batch(batches);
    this.seen.batches.push(batches);
  }
}

async function opened(log: PushedLog) {
  const seen = new Seen();
  const told: string[] = [];
  const feed: Feed = {
    pattern: 'detect',
    options: { topic: 't', group: 'detect' },
    subscriber: {
      assigned: (partitions) => told.push(`assigned ${partitions.join()}`),
      revoked: (partitions) => told.push(`revoked ${partitions.join()}`),
      batch: (batches) => {
        told.push(`batch ${batches.map(({ partition }) => partition).join()}`);
        return Promise.resolve();
      },
      failed: (partition) => told.push(`failed ${partition}`),
    },
    prepare: () => Promise.resolve(),
    started: () => told.push('started'),
    stop: () => {
      told.push('stopped');
      return Promise.resolve();
    },
  };
  @Module({ controllers: [BatchController], providers: [{ provide: Seen, useValue: seen }] })
  class TestModule {}
  const failed: string[] = [];
  const strategy = new LogTransport({
    log: log as unknown as Log,
    feeds: [feed],
    retryMs: 5,
    failed: (_feed, error) => failed.push((error as Error).message),
  });
  const app = await NestFactory.createMicroservice(TestModule, { strategy, logger: false });
  await app.listen();
  return { app, seen, told, failed };
}

const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
};

describe('the log transport', () => {
  it('hands whole batches to the handler and waits for it', async () => {
    const log = new PushedLog();
    const { app, seen, told } = await opened(log);
    await until(() => told.includes('started'));
    seen.gate = new Promise((resolve) => (seen.release = resolve));
    let done = false;
    const running = log.subscriber!.batch([{ partition: 3, records: [] }]).then(() => (done = true));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(done).toBe(false);
    seen.release();
    await running;
    expect(seen.batches).toHaveLength(1);
    expect(told).toContain('batch 3');
    await app.close();
  });

  it('passes on what happens to partitions', async () => {
    const log = new PushedLog();
    const { app, told } = await opened(log);
    await until(() => log.subscriber !== undefined);
    log.subscriber!.assigned([0, 1]);
    log.subscriber!.revoked([1]);
    expect(told).toEqual(expect.arrayContaining(['assigned 0,1', 'revoked 1']));
    await app.close();
  });

  it('starts although the log is away, and subscribes when it is back', async () => {
    const log = new PushedLog();
    log.failures = 2;
    const { app, told, failed } = await opened(log);
    await until(() => told.includes('started'));
    expect(failed).toEqual(['away', 'away']);
    await app.close();
  });

  it('drains before it leaves the group', async () => {
    const log = new PushedLog();
    const { app, told } = await opened(log);
    await until(() => told.includes('started'));
    await app.close();
    expect(told.at(-1)).toBe('stopped');
    expect(log.closed).toBe(true);
  });
});
