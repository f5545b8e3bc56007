import type { Span } from '../time.ts';

const units: readonly (readonly [Span, string])[] = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
];

/** A span as staff read it: `10 minutes`, `1 hour`, `90 seconds`. */
export function spanText(span: Span): string {
  for (const [unit, name] of units) {
    if (span >= unit && span % unit === 0) {
      const count = span / unit;
      return `${count} ${name}${count === 1 ? '' : 's'}`;
    }
  }
  return `${span} ms`;
}
