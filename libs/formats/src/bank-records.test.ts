import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { eventTypes } from '@tocsin/core';
import type { Decoded } from '@tocsin/core';
import { formatOf, formats } from './index.ts';

/* docs/bank-records.md is what a bank's engineer writes by: each of its examples is read here by the format that it shows. */

const text = readFileSync(new URL('../../../docs/bank-records.md', import.meta.url), 'utf8');

interface Example {
  readonly format: string;
  readonly rejected: string | undefined;
  readonly headers: Readonly<Record<string, Uint8Array>>;
  readonly json: string;
}

const examples: readonly Example[] = [...text.matchAll(/^```json (format=.*)\n([^]*?)^```$/gm)].map(
  ([, words = '', json = '']) => {
    const named = Object.fromEntries(words.split(' ').map((word) => word.split('=', 2))) as Record<string, string>;
    const { format = '', rejected, ...headers } = named;
    const encoder = new TextEncoder();
    const bytes = Object.entries(headers).map(([name, value]) => [name, encoder.encode(value)] as const);
    return { format, rejected, headers: Object.fromEntries(bytes), json };
  },
);

const receivedAt = Date.parse('2026-01-03T12:00:00Z');

function decoded({ format, headers, json }: Example): Decoded {
  const known = formatOf(format);
  if (known === undefined) throw new Error(`There is no format ${format}.`);
  return known.decode(new TextEncoder().encode(json), headers, new known.options(), receivedAt);
}

describe('what a bank is told to publish', () => {
  it.each(examples.map((example) => [example.json, example] as const))('is read as it is shown: %s', (_, example) => {
    const { transactions, events = [], warnings, rejections } = decoded(example);
    expect(rejections.slice(0, 1).map(({ code }) => code)).toEqual(
      example.rejected === undefined ? [] : [example.rejected],
    );
    // A warning is a field that nobody knows.
    expect(warnings).toEqual([]);
    expect(transactions.length + events.length).toBe(example.rejected === undefined ? 1 : 0);
  });

  it('shows every format, and every type of event that has fields of its own', () => {
    expect(new Set(examples.map(({ format }) => format))).toEqual(new Set(Object.keys(formats)));
    const shown = examples.flatMap((example) => decoded(example).events ?? []).map(({ type }) => type);
    expect(new Set(shown)).toEqual(
      new Set(['account-holders', 'account-settings', 'label', 'account-event', 'bank-answer']),
    );
    for (const type of eventTypes) expect(text).toContain(`\`${type}\``);
  });

  it('shows no JSON that is none', () => {
    const blocks = [...text.matchAll(/^```json.*\n([^]*?)^```$/gm)];
    expect(blocks.length).toBeGreaterThan(examples.length);
    for (const [, json = ''] of blocks) expect(() => JSON.parse(json) as unknown).not.toThrow();
  });
});
