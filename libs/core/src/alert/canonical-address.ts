import type { ChannelId } from '../consent.ts';

/** Channels whose addresses are telephone numbers. */
const byNumber: ReadonlySet<ChannelId> = new Set(['sms']);
const written = /^(?:\+|00)?([1-9]\d{6,14})$/;

/** What people write between digits, and what copying from a telephone's contacts brings along unseen. */
const marks = /[\s./()\p{Pd}\p{Cf}]/gu;

/** A telephone number without anything between its digits, and without the zero that is dialled within the country only. */
export const plainNumber = (number: string): string => number.replace(/(?<=\d\s*)\(0\)/, '').replaceAll(marks, '');

/**
 * The form in which two addresses are compared. Banks write telephone numbers with blanks, dashes and parentheses, and
 * gateways report who answered with or without the plus: each is one number in E.164. A number without its country is only
 * written without marks; what is none and addresses of other channels stay as they are.
 */
export function canonicalAddress(channel: ChannelId, address: string): string {
  if (!byNumber.has(channel)) return address;
  const plain = plainNumber(address);
  const digits = written.exec(plain)?.[1];
  if (digits !== undefined) return `+${digits}`;
  return /^\d+$/.test(plain) ? plain : address;
}

export const sameAddress = (channel: ChannelId, a: string | null, b: string): boolean =>
  a !== null && canonicalAddress(channel, a) === canonicalAddress(channel, b);
