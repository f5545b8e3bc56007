import { createRequire } from 'node:module';

/*
 * kafkajs 2.2.4 checks each connection's queue of requests by a timer that starts itself again for ever, and computes its
 * delay from a moment far in the past: a thousand idle wake-ups a second for each connection, and a warning of Node's
 * about the negative number. The check is only needed while a request waits; what makes one wait schedules it.
 */
export interface RequestQueue {
  pending: readonly unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

export const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as {
  new (options: object): RequestQueue;
  readonly prototype: RequestQueue;
};

/** How often a request that waits for others in flight is looked at; an answer that arrives looks at it too. */
const checkMs = 10;

RequestQueue.prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
  if (this.pending.length === 0 || this.throttleCheckTimeoutId !== null) return;
  this.throttleCheckTimeoutId = setTimeout(
    () => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    },
    Math.max(checkMs, this.throttledUntil - Date.now()),
  );
};
