import { minutes } from '@tocsin/core';
import type { HttpAnswer, Outcome } from '@tocsin/core';
import { outcomeOfRow, rowOf } from '../error-table.ts';
import type { ErrorRow } from '../error-table.ts';
import { outcomeOfStatus, retryAfterMs } from '../http.ts';
import { listOf, numberOf, objectOf, parseJson } from '../json.ts';

/** The reason that stands for "Meta lets us send only approved templates to this person now". */
export const windowClosed = 'window-closed';

/**
 * Errors of the Send API by `code/error_subcode`, `code`, or a subcode under any code. The code decides, not the HTTP
 * status (Messenger Platform, error reference, 2025 to 2026).
 */
export const messengerErrors: readonly ErrorRow[] = [
  { codes: ['1/1357046'], becomes: 'unknown', about: 'Meta does not know whether it was sent.' },
  { codes: ['1', '1/99', '2', '1200'], becomes: 'retry', about: 'A passing failure at Meta.' },
  {
    codes: ['4', '17', '341', '613', '613/2534040', '4/2018022'],
    becomes: 'retry',
    about: 'Too many calls; Meta may say how long to wait.',
  },
  { codes: ['613/2018338'], becomes: 'ineligible', about: 'Meta finds this conversation bothersome: stop it.' },
  {
    codes: ['10/2018278', '10/2018065', '10/2534022'],
    becomes: 'ineligible',
    reason: windowClosed,
    about: 'Outside the 24-hour window: a utility template at once, else another channel.',
  },
  {
    codes: ['551', '551/1545041', '200/1545041', '10/2018108'],
    becomes: 'ineligible',
    about: 'The person blocked the Page or cannot be reached.',
  },
  {
    codes: ['10/1893063', '368', '2022'],
    becomes: 'retry',
    scope: 'channel',
    afterMs: minutes(30),
    about: 'The Page is blocked for a time.',
  },
  {
    codes: ['10', '102', '190', ...Array.from({ length: 100 }, (_, i) => String(200 + i))],
    becomes: 'retry',
    scope: 'channel',
    about: 'Token or permission refused: rotate the token.',
  },
  { codes: ['100/2018001', '100/33', '100/2018164'], becomes: 'badAddress', about: 'No such person for this Page.' },
  {
    codes: ['*/2018008', '*/2018047', '*/2018074', '*/2018109', '*/2018294', '*/2534015', '*/2018014'],
    becomes: 'permanent',
    about: 'The content is refused.',
  },
  {
    codes: ['*/2018300', '2018300', '100/2534037', '*/2018321', '2018321'],
    becomes: 'ineligible',
    about: 'Another application owns the conversation now.',
  },
  { codes: ['10303', '9000001', '*/9000001'], becomes: 'permanent', about: 'The call itself is wrong.' },
];

/** Reads one answer of the Send API. `accepted` carries Meta's message id. */
export function outcomeOfAnswer(
  answer: { readonly status: number; readonly headers: HttpAnswer['headers']; readonly text: string },
  now: number,
): Outcome {
  const { status, headers, text } = answer;
  const body = objectOf(parseJson(text));
  const error = objectOf(body['error']);
  const code = numberOf(error['code']);
  if (code !== undefined) return outcomeOfError(code, numberOf(error['error_subcode']), status, waitOf(headers, now));
  if (status >= 200 && status < 300) {
    const ref = body['message_id'];
    // Taken, but under which id? A receipt may still tell; sending again could be seen twice.
    return typeof ref === 'string' && ref !== ''
      ? { kind: 'accepted', ref }
      : { kind: 'unknown', code: 'answer-unreadable' };
  }
  return outcomeOfStatus('graph', status, waitOf(headers, now));
}

function outcomeOfError(
  code: number,
  subcode: number | undefined,
  status: number,
  afterMs: number | undefined,
): Outcome {
  const name = subcode === undefined ? `${code}` : `${code}/${subcode}`;
  const row = rowOf(messengerErrors, subcode === undefined ? [name] : [name, `*/${subcode}`, `${code}`]);
  if (row !== undefined) return outcomeOfRow(row, `graph-${name}`, afterMs);
  if (status >= 500) return { kind: 'unknown', code: `graph-${name}` };
  if (status === 429)
    return { kind: 'retry', code: `graph-${name}`, scope: 'message', ...(afterMs === undefined ? {} : { afterMs }) };
  return { kind: 'permanent', code: `graph-${name}` };
}

/** `Retry-After`, or the longest `estimated_time_to_regain_access` (minutes) of the usage header. */
function waitOf(headers: HttpAnswer['headers'], now: number): number | undefined {
  const usage = objectOf(parseJson(headers.get('x-business-use-case-usage') ?? ''));
  const regain = Object.values(usage)
    .flatMap(listOf)
    .map((entry) => numberOf(objectOf(entry)['estimated_time_to_regain_access']) ?? 0);
  const longest = minutes(Math.max(0, ...regain));
  return longest > 0 ? longest : retryAfterMs(headers, now);
}
