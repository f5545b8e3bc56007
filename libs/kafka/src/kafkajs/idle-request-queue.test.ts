import { describe, expect, it } from '@jest/globals';
import { waitUntil } from '@tocsin/testing';
import { RequestQueue } from './idle-request-queue.ts';

const log = { debug: () => undefined, warn: () => undefined };

const queue = (sent: number[], maxInFlightRequests = 1) => {
  const made = new RequestQueue({
    maxInFlightRequests,
    requestTimeout: 1_000,
    enforceRequestTimeout: false,
    clientId: 'test',
    broker: 'test',
    logger: log,
  }) as RequestQueue & {
    push(request: object): void;
    fulfillRequest(answer: object): void;
    destroy(): void;
  };
  const push = (correlationId: number): void =>
    made.push({
      entry: {
        apiKey: 0,
        apiName: 'Test',
        apiVersion: 0,
        correlationId,
        resolve: () => undefined,
        reject: () => undefined,
      },
      expectResponse: true,
      requestTimeout: 1_000,
      sendRequest: () => sent.push(correlationId),
    });
  return { made, push };
};

describe('the queue of requests of one connection', () => {
  it('sets no timer while nothing waits', () => {
    const sent: number[] = [];
    const { made, push } = queue(sent);
    push(1);
    made.fulfillRequest({ correlationId: 1, payload: null, size: 0 });
    made.checkPendingRequests();
    expect(made.throttleCheckTimeoutId).toBeNull();
    expect(sent).toEqual([1]);
  });

  it('sends what waited as soon as there is room', () => {
    const sent: number[] = [];
    const { made, push } = queue(sent);
    push(1);
    push(2);
    expect(sent).toEqual([1]);
    made.fulfillRequest({ correlationId: 1, payload: null, size: 0 });
    expect(sent).toEqual([1, 2]);
    made.destroy();
  });

  it('sends what a quota held back once the quota allows it', async () => {
    const sent: number[] = [];
    const { made, push } = queue(sent);
    made.throttledUntil = Date.now() + 50;
    push(1);
    expect(sent).toEqual([]);
    await waitUntil('the request to be sent', () => sent.length === 1);
    expect(Date.now()).toBeGreaterThanOrEqual(made.throttledUntil);
    made.destroy();
  });
});
