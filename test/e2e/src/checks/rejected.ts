import { createHash } from 'node:crypto';
import type { LogRecord } from '@tocsin/core';
import type { Line } from '../bank-records.ts';
import { header } from '../harness/topics.ts';
import type { Verdict } from '../verdict.ts';

const sha256 = (value: Uint8Array | null): string =>
  value === null ? 'null' : createHash('sha256').update(value).digest('hex');
const place = (partition: number | string | undefined, offset: number | string | undefined): string =>
  `${partition}/${offset}`;

/** Where each line of the file came to stand: by key and content, in the order of publication. */
export function placesOf(
  lines: readonly Line[],
  bank: readonly LogRecord[],
): { readonly places: ReadonlyMap<number, string>; readonly problems: readonly string[] } {
  const nameOf = (key: string, value: Uint8Array | null): string => `${key} ${sha256(value)}`;
  const records = Map.groupBy(bank, (record) => nameOf(Buffer.from(record.key!).toString('utf8'), record.value));
  const places = new Map<number, string>();
  const problems: string[] = [];
  for (const [name, same] of Map.groupBy(lines, ({ key, value }) => nameOf(key, value))) {
    const standing = [...(records.get(name) ?? [])].sort((a, b) => a.timestamp - b.timestamp || a.offset - b.offset);
    if (standing.length !== same.length)
      problems.push(
        `line ${same[0]!.number} was published ${same.length} times and stands ${standing.length} times on the topic`,
      );
    same.forEach(({ number }, i) => {
      const record = standing[i];
      if (record !== undefined) places.set(number, place(record.partition, record.offset));
    });
  }
  return { places, problems };
}

/** A card number in rejected bytes is starred in place; nothing else may differ. */
function sameBytes(original: Uint8Array, kept: Uint8Array, masked: number): boolean {
  if (original.length !== kept.length) return false;
  let stars = 0;
  for (const [i, byte] of original.entries()) {
    if (kept[i] === byte) continue;
    if (kept[i] !== 0x2a || byte < 0x30 || byte > 0x39) return false;
    stars += 1;
  }
  return masked === 0 ? stars === 0 : stars >= 9 * masked && stars <= 15 * masked;
}

/** Every broken record is on `rejected`, by distinct origin, with the right code and its bytes; nothing else is. */
export function rejectedProblems(
  lines: readonly Line[],
  bank: readonly LogRecord[],
  rejected: readonly LogRecord[],
  verdict: Verdict,
  topic: string,
): readonly string[] {
  const { places, problems: unplaced } = placesOf(lines, bank);
  const problems = [...unplaced];
  const byOrigin = new Map<string, LogRecord>();
  for (const record of rejected) {
    if (header(record, 'tocsin-origin-topic') !== topic) problems.push('a rejected record names another topic');
    byOrigin.set(place(header(record, 'tocsin-origin-partition'), header(record, 'tocsin-origin-offset')), record);
  }
  for (const { line, code } of verdict.rejected) {
    const where = places.get(line) ?? 'nowhere';
    const record = byOrigin.get(where);
    byOrigin.delete(where);
    const original = lines[line - 1]!.value;
    if (record === undefined) {
      problems.push(`line ${line} (${where}), ${code}, is not on rejected`);
      continue;
    }
    const told = header(record, 'tocsin-code');
    if (told !== code) problems.push(`line ${line} (${where}) is rejected as ${told}, not as ${code}`);
    problems.push(...bytesProblems(line, original, record));
  }
  for (const [where, record] of byOrigin)
    problems.push(`${where} is on rejected as ${header(record, 'tocsin-code')}, and must not be`);
  return problems;
}

const keptWhole = 512 * 1024;

function bytesProblems(line: number, original: Buffer | null, record: LogRecord): readonly string[] {
  const masked = Number(header(record, 'tocsin-masked'));
  if (original === null) return record.value === null ? [] : [`line ${line} was null and is not on rejected`];
  const kept = record.value ?? new Uint8Array();
  if (original.length > keptWhole) {
    const whole =
      header(record, 'tocsin-size') === String(original.length) && header(record, 'tocsin-sha256') === sha256(original);
    return whole && original.subarray(0, kept.length).equals(kept) && kept.length === 4_096
      ? []
      : [`line ${line} is too large to be kept, and its beginning, size and hash do not stand for it`];
  }
  const cards = cardsIn(original.toString('latin1'));
  if (masked !== cards) return [`line ${line} holds ${cards} card numbers, and ${masked} were counted`];
  if (sameBytes(original, kept, masked)) return [];
  const from = original.findIndex((byte, i) => kept[i] !== byte);
  return [
    `line ${line} is on rejected with other bytes: ${kept.length} instead of ${original.length}, other from ${from} on: ${Buffer.from(
      kept,
    )
      .toString('utf8')
      .slice(Math.max(0, from - 20), from + 60)}`,
  ];
}

const cardsIn = (text: string): number =>
  /paid with [345]/.test(text) || /paid with 6/.test(text) || /Shop [3456]/.test(text) ? 1 : 0;
