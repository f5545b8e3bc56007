import type { Instant } from '../../time.ts';

/* Whom and when the tests of alert speak of. */

export const tenantId = 'bank';
export const customerId = 'cus-1';
export const accountId = 'acc-1';
export const start = Date.UTC(2026, 2, 3, 8, 0, 0);

/** 10:00:05 in Sofia on the day of the test, as an instant. */
export const clock = (time: string): Instant => {
  const [h = 0, m = 0, s = 0] = time.split(':').map(Number);
  return start + ((h - 10) * 3600 + m * 60 + s) * 1000;
};
