import type { Instant } from '@tocsin/core';

/** The day on which tests take place unless they name another one. */
export const testDay = '2026-03-03';

const clock = /^(?:(\d{4}-\d{2}-\d{2})[T ])?(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{3}))?)?$/;

/** `10:59`, `10:59:30.250` or `2026-03-04T10:59` as an instant, in UTC. */
export function at(text: string): Instant {
  const match = clock.exec(text);
  if (match === null) throw new Error(`"${text}" is no time of day such as 10:59 or 2026-03-04T10:59:30.`);
  const [, day = testDay, hour, minute, second = '00', ms = '000'] = match;
  return Date.parse(`${day}T${hour}:${minute}:${second}.${ms}Z`);
}
