import type { Instant } from '../time.ts';

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Making one is a hundred times slower than using it. */
function formatter(locale: string, timeZone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = `${locale}|${timeZone}|${Object.keys(options).join()}`;
  let known = formatters.get(name);
  if (known === undefined) {
    known = new Intl.DateTimeFormat(locale, { ...options, timeZone });
    formatters.set(name, known);
  }
  return known;
}

const clock: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
const isoDay: Intl.DateTimeFormatOptions = { year: 'numeric', month: '2-digit', day: '2-digit' };
const dayMonth: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short' };
const fullDay: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short', year: 'numeric' };

const zones = new Map<string, boolean>();

function isTimeZone(timeZone: string): boolean {
  let known = zones.get(timeZone);
  if (known === undefined) {
    try {
      known = new Intl.DateTimeFormat('en', { timeZone }) !== undefined;
    } catch {
      known = false;
    }
    zones.set(timeZone, known);
  }
  return known;
}

export interface EventTimeOptions {
  readonly locale: string;
  /** IANA zone of the customer. */
  readonly timeZone: string;
  readonly now: Instant;
  /** `heute`, `днес`. */
  readonly today: string;
}

/**
 * When it happened, by the customer's own clock: `today 14:05`, `23 Nov 00:10`, `23 Nov 2025 00:10`. Where the bank gave a
 * day only, just that day: it has no zone, so it is not shifted into one. A zone that the platform does not know is UTC, and
 * the text says so.
 */
export function eventTime(
  time: { readonly at: Instant; readonly precision: 'instant' | 'date' },
  { locale, timeZone, now, today }: EventTimeOptions,
): string {
  const zone = isTimeZone(timeZone) ? timeZone : 'UTC';
  const eventZone = time.precision === 'date' ? 'UTC' : zone;
  const dayOfEvent = formatter('en-CA', eventZone, isoDay).format(time.at);
  const dayOfNow = formatter('en-CA', zone, isoDay).format(now);
  const sameYear = dayOfEvent.slice(0, 4) === dayOfNow.slice(0, 4);
  const day =
    dayOfEvent === dayOfNow ? today : formatter(locale, eventZone, sameYear ? dayMonth : fullDay).format(time.at);
  if (time.precision === 'date') return day;
  const at = formatter(locale, zone, clock).format(time.at);
  return zone === timeZone ? `${day} ${at}` : `${day} ${at} UTC`;
}
