import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Module } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Metrics } from './metrics.ts';
import { Dependencies, OperationsModule } from './operations.ts';

@Module({})
class TestModule {}

describe('health and metrics', () => {
  const metrics = new Metrics({ processMetrics: false });
  const dependencies = new Dependencies();
  let away = false;
  dependencies.add({
    name: 'log',
    check: () => (away ? Promise.reject(new Error('the broker does not answer')) : Promise.resolve()),
  });
  let url = '';
  let close: () => Promise<void> = () => Promise.resolve();

  beforeAll(async () => {
    const app = await NestFactory.create(
      { module: TestModule, imports: [OperationsModule.forRoot({ metrics, dependencies })] },
      new FastifyAdapter(),
      { logger: false },
    );
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    close = () => app.close();
  });
  afterAll(() => close());

  const get = async (path: string) => {
    const answer = await fetch(url + path);
    return { status: answer.status, type: answer.headers.get('content-type'), body: await answer.text() };
  };

  it('is live whatever is away', async () => {
    away = true;
    expect((await get('/health/live')).status).toBe(200);
  });

  it('is ready only while everything it needs answers, and says what is away', async () => {
    away = true;
    const unready = await get('/health/ready');
    expect(unready.status).toBe(503);
    expect(unready.body).toContain('the broker does not answer');
    expect((await get('/metrics')).body).toContain('tocsin_dependency_up{dependency="log"} 0');
    away = false;
    expect((await get('/health/ready')).status).toBe(200);
    expect((await get('/metrics')).body).toContain('tocsin_dependency_up{dependency="log"} 1');
  });

  it('prints metrics in Prometheus’s text form', async () => {
    metrics.count('records', { stage: 'detect', outcome: 'processed' });
    const { status, type, body } = await get('/metrics');
    expect({ status, type }).toEqual({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' });
    expect(body).toContain('tocsin_records_total{stage="detect",outcome="processed"} 1');
  });
});
