import type { HttpAnswer, Outcome } from '@tocsin/core';
import { outcomeOfRow, rowOf } from '../error-table.ts';
import type { ErrorRow } from '../error-table.ts';
import { outcomeOfStatus, retryAfterMs } from '../http.ts';
import { numberOf, objectOf, parseJson, textOf } from '../json.ts';

/** Errors of the Messages API by their code (Twilio error dictionary, 2025 to 2026). */
export const twilioErrors: readonly ErrorRow[] = [
  { codes: ['20429', '30001'], becomes: 'retry', about: 'Too many calls, or a full queue: never processed.' },
  {
    codes: ['20003', '30002', '21606', '21608', '21408', '30034'],
    becomes: 'retry',
    scope: 'channel',
    about: 'Credentials, account, sender or region refused.',
  },
  { codes: ['21211', '21614', '21635', '30006'], becomes: 'badAddress', about: 'Not a number that can receive texts.' },
  {
    codes: ['21610'],
    becomes: 'ineligible',
    reason: 'opted-out',
    about: 'The person sent STOP to this sender; until START.',
  },
  { codes: ['21612', '30004', '30007', '63014'], becomes: 'ineligible', about: 'Blocked, filtered or no route.' },
];

/** Reads one answer of the Messages API. `accepted` carries the message SID. */
export function outcomeOfAnswer(
  answer: { readonly status: number; readonly headers: HttpAnswer['headers']; readonly text: string },
  now: number,
): Outcome {
  const { status, headers, text } = answer;
  const body = objectOf(parseJson(text));
  if (status >= 200 && status < 300) {
    const sid = textOf(body['sid']);
    return sid === undefined ? { kind: 'unknown', code: 'answer-unreadable' } : { kind: 'accepted', ref: sid };
  }
  const afterMs = retryAfterMs(headers, now);
  const code = numberOf(body['code']);
  const row = code === undefined ? undefined : rowOf(twilioErrors, [`${code}`]);
  if (row !== undefined) return outcomeOfRow(row, `twilio-${code}`, afterMs);
  const outcome = outcomeOfStatus('twilio', status, afterMs);
  // The code says more than the status; what an unlisted one means follows the status.
  return code === undefined || outcome.kind === 'accepted' ? outcome : { ...outcome, code: `twilio-${code}` };
}
