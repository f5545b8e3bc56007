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

/** A span that was measured, to the largest unit of which it has two: 87,426 ms are `87 seconds`. */
export function aboutText(span: Span): string {
  const [unit] = units.find(([one]) => span >= 2 * one) ?? units.at(-1)!;
  return spanText(Math.max(1, Math.round(span / unit)) * unit);
}
