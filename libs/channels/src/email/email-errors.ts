import type { Outcome } from '@tocsin/core';
import { outcomeOfRow, rowOf } from '../error-table.ts';
import type { ErrorRow } from '../error-table.ts';

/** How a session failed: nodemailer's error, and whether the message's bytes may already have been given away. */
export interface SmtpFailure {
  /** `ECONNECTION`, `ETIMEDOUT`, `EAUTH` … */
  readonly code?: string | undefined;
  /** `CONN`, `AUTH PLAIN`, `MAIL FROM`, `RCPT TO`, `DATA`, or `API` for a check before anything was sent. */
  readonly command?: string | undefined;
  /** The server's reply, where there was one. */
  readonly responseCode?: number | undefined;
  readonly response?: string | undefined;
  readonly bodyLeft: boolean;
}

/** Failures without a reply of the server, before the message's bytes began to leave. */
const beforeBody: readonly ErrorRow[] = [
  {
    codes: ['EDNS', 'ECONNECTION', 'ETIMEDOUT', 'ESOCKET', 'EPROTOCOL', 'ESTREAM', 'ABORTED'],
    becomes: 'retry',
    about: 'The server was not reached, or went away.',
  },
  {
    codes: ['ETLS', 'EREQUIRETLS', 'EAUTH', 'ENOAUTH'],
    becomes: 'retry',
    scope: 'channel',
    about: 'No safe or no authenticated connection.',
  },
  { codes: ['EENVELOPE'], becomes: 'badAddress', about: 'Not an e-mail address.' },
  { codes: ['EMESSAGE'], becomes: 'permanent', about: 'Larger than the server takes.' },
];

/** Refusals by phase, `<command>:<status>`: first by enhanced status (RFC 3463), then by its class, then by the basic code. */
const refusals: readonly ErrorRow[] = [
  {
    codes: ['RCPT:5.1.7', 'RCPT:5.1.8', 'DATA:5.1.7', 'DATA:5.1.8'],
    becomes: 'retry',
    scope: 'channel',
    about: 'Our sender address is refused.',
  },
  { codes: ['RCPT:5.1', 'DATA:5.1'], becomes: 'badAddress', about: 'No such mailbox or domain.' },
  {
    codes: ['RCPT:5.7', 'DATA:5.7'],
    becomes: 'retry',
    scope: 'channel',
    about: 'Policy: authentication, reputation, block list.',
  },
  {
    codes: ['RCPT:5.2', 'RCPT:5.3', 'RCPT:5.4', 'RCPT:5.5', 'RCPT:5.6'],
    becomes: 'permanent',
    about: 'The mailbox or system takes no mail now, or not this one.',
  },
  { codes: ['RCPT:550', 'RCPT:551', 'RCPT:553'], becomes: 'badAddress', about: 'No such mailbox.' },
  // After the message's bytes a bare 550 speaks of the content, and says nothing against the address.
  { codes: ['RCPT', 'DATA'], becomes: 'permanent', about: 'This message is refused.' },
  {
    codes: ['AUTH', 'MAIL', 'CONN'],
    becomes: 'retry',
    scope: 'channel',
    about: 'Greeting, TLS, login or sender refused: the same for every message.',
  },
];

/** A policy refusal that speaks of this one recipient. */
const speaksOfRecipient = /recipient|mailbox|user\b|account/i;

/** What a failed SMTP session means. All that is told stands in the body, the subject too. */
export function outcomeOfFailure(failure: SmtpFailure): Outcome {
  const outcome = meaningOf(failure);
  return failure.bodyLeft || outcome.kind === 'unknown' ? outcome : { ...outcome, nothingLeft: true };
}

/** A 4xx is a definite no, after the final dot too; silence after it is not. */
function meaningOf(failure: SmtpFailure): Exclude<Outcome, { kind: 'accepted' }> {
  const { responseCode = 0, response = '', command = '', bodyLeft } = failure;
  const code = failure.code ?? 'ECONNECTION';
  const phase = phaseOf(command, bodyLeft);
  if (responseCode >= 400 && responseCode < 500) {
    if (phase === 'AUTH') return { kind: 'retry', code: `smtp-${responseCode}`, scope: 'channel' };
    return { kind: 'retry', code: `smtp-${responseCode}`, scope: phase === 'RCPT' ? 'address' : 'message' };
  }
  if (responseCode >= 500 && responseCode < 600) {
    const enhanced = /^\d{3}[ -](5\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1];
    const status = enhanced ?? String(responseCode);
    if (phase === 'RCPT' && enhanced?.startsWith('5.7.') === true && speaksOfRecipient.test(response)) {
      return { kind: 'permanent', code: `smtp-${status}` };
    }
    const known =
      enhanced === undefined
        ? [`${phase}:${responseCode}`]
        : [`${phase}:${enhanced}`, `${phase}:${enhanced.slice(0, 3)}`];
    const row = rowOf(refusals, [...known, phase]);
    return row === undefined ? { kind: 'permanent', code: `smtp-${status}` } : outcomeOfRow(row, `smtp-${status}`);
  }
  const name = `smtp-${code.toLowerCase()}`;
  if (bodyLeft) return { kind: 'unknown', code: name };
  const row = rowOf(beforeBody, [code]);
  return row === undefined ? { kind: 'retry', code: name, scope: 'message' } : outcomeOfRow(row, name);
}

function phaseOf(command: string, bodyLeft: boolean): 'CONN' | 'AUTH' | 'MAIL' | 'RCPT' | 'DATA' {
  if (bodyLeft || command === 'DATA') return 'DATA';
  if (command.startsWith('AUTH')) return 'AUTH';
  if (command.startsWith('MAIL')) return 'MAIL';
  return command.startsWith('RCPT') ? 'RCPT' : 'CONN';
}
