/*
 * The id of a request to the bank carries the account, so that the bank's answer, which repeats nothing but the id, can be
 * routed to the account's partition without a table: `freeze/<account, percent-encoded>/<digest>`.
 */

/** What a request asks for, as its id begins. */
export type RequestPrefix = 'freeze' | 'dispute' | 'agent';

/**
 * `digest` is short and hexadecimal, over what makes the request one (account, card, transaction): two holders who both
 * say NO ask for one freeze.
 */
export const requestIdOf = (accountId: string, digest: string, prefix: RequestPrefix = 'freeze'): string =>
  // An unpaired surrogate cannot be encoded; it becomes U+FFFD, as it would in UTF-8.
  `${prefix}/${encodeURIComponent(accountId.toWellFormed())}/${digest}`;

/** The account inside a request id; undefined where the text is no id of ours. */
export function accountOfRequest(requestId: string): string | undefined {
  const parts = requestId.split('/');
  if (parts.length !== 3 || parts.some((part) => part === '')) return undefined;
  try {
    return decodeURIComponent(parts[1]!);
  } catch {
    return undefined;
  }
}
