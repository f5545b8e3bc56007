import { hours } from '@tocsin/core';
import type { Instant, Rejection } from '@tocsin/core';

/** How far ahead of its arrival something may have happened: clocks of terminals, and days of zones east of us. */
const tolerance = hours(24);

export const futureRejection = (occurredAt: Instant, receivedAt: Instant): Rejection | undefined =>
  occurredAt > receivedAt + tolerance
    ? {
        code: 'TIME_FUTURE',
        path: 'occurredAt',
        reason: 'occurredAt lies more than 24 hours after the record was received.',
      }
    : undefined;
