import type { Parameter, Parameters } from '@tocsin/core';

/** `10 min`, `50`, `off`, `0.6`, `91, 96` as the code has it. */
function parseValue(text: string): Parameter {
  if (text === 'off') return null;
  if (text === 'yes' || text === 'no') return text === 'yes';
  const match = /^(-?\d+(?:\.\d+)?)(?: (ms|s|min|h|d))?$/.exec(text);
  if (match === null) return text.split(/, */);
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 };
  return Number(match[1]) * (match[2] === undefined ? 1 : units[match[2]]!);
}

/** What the table of parameters in a rule's document says: rows of | `name` | value | meaning |. */
export function parametersInDocument(markdown: string): Parameters {
  const rows = markdown.matchAll(/^\| `([A-Za-z]+)` +\| ([^|]*?) +\|/gm);
  return Object.fromEntries([...rows].map(([, name, value]) => [name!, parseValue(value!.trim())]));
}
