import { packedNumbers, unpackedNumbers } from '../rules/packed-numbers.ts';
import type { Entries } from '../stage.ts';
import { days } from '../time.ts';
import type { Instant } from '../time.ts';
import { seenEntry, statusOrder } from './account-state.ts';
import type { AccountState, SeenTransaction } from './account-state.ts';

/*
 * The ids that an account's transactions had, so that what the bank sends twice counts once. They lie by id and not by time:
 * so a record that repeats an id with another time is found too, and is the conflict that it is.
 *
 * The first ones lie in the account's own entry, which a transaction reads and writes in any case; so an ordinary account
 * costs no entry more for them. What does not fit lies apart, each id in an entry of its own: a busy account pays one small
 * entry per transaction, however many it has.
 *
 * In the account's entry they are one text, because a text is stored and read at the cost of a copy: for each id a line
 * `id, numbers, and what only some have as JSON`, separated by tabs; the numbers are packed (packed-numbers): status, time,
 * minor units, until when, and the content where it is known. Each line begins with a line feed, so that an id is found by
 * searching. Ids have no control characters, nor have packed numbers.
 */

/** How long an id is remembered after it was last seen; and one whose payment may still change its status. */
export const seenFor = days(7);
export const openFor = days(30);

/** So long may the text become: some 30 ids, which is two weeks of an account with two payments a day. */
export const mostSeenText = 1_500;

const isFull = (text: string): boolean => text.length >= mostSeenText;

const startOf = (text: string, id: string): number => text.indexOf(`\n${id}\t`);

function endOf(text: string, start: number): number {
  const next = text.indexOf('\n', start + 1);
  return next < 0 ? text.length : next;
}

const fitsLine = (id: string): boolean => !id.includes('\n') && !id.includes('\t');

/**
 * May this id lie apart? Then its own entry has to be read. An account that build 0.1.0 left has no text: all its ids lie
 * apart.
 */
export function mayLieApart(account: Pick<AccountState, 'seen' | 'apartUntil'> | undefined, id: string): boolean {
  if (!fitsLine(id)) return true;
  if (account === undefined) return false;
  const { seen, apartUntil } = account;
  if (seen === undefined) return true;
  return (apartUntil !== undefined || isFull(seen)) && startOf(seen, id) < 0;
}

/** The ids of one account during one step. Where `apart` is said, the id's own entry is among the keys of the step. */
export class SeenIds {
  readonly #entries: Entries;
  readonly #account: AccountState;
  readonly #at: Instant;
  readonly #tenantId: string;
  readonly #accountId: string;

  constructor(entries: Entries, account: AccountState, tenantId: string, accountId: string, at: Instant) {
    this.#entries = entries;
    this.#account = account;
    this.#at = at;
    this.#tenantId = tenantId;
    this.#accountId = accountId;
  }

  #entryOf(id: string): string {
    return seenEntry(this.#tenantId, this.#accountId, id);
  }

  get(id: string, apart: boolean): SeenTransaction | undefined {
    const { seen = '' } = this.#account;
    const start = startOf(seen, id);
    if (start < 0) return apart ? this.#entries.get<SeenTransaction>(this.#entryOf(id)) : undefined;
    const { seen: found, until } = parse(seen.slice(start + 1, endOf(seen, start)));
    return until <= this.#at ? undefined : found;
  }

  /** Remembers it until then. The account's entry has to be written afterwards. */
  put(id: string, seen: SeenTransaction, until: Instant, apart: boolean): void {
    const account = this.#account;
    const text = account.seen ?? '';
    const start = startOf(text, id);
    if (start >= 0) {
      account.seen = text.slice(0, start) + lineOf(id, seen, until) + text.slice(endOf(text, start));
      if (account.roomAt !== undefined && until < account.roomAt) account.roomAt = until;
      return;
    }
    const kept = isFull(text) && (account.roomAt ?? 0) <= this.#at ? this.#withoutExpired(text) : text;
    account.seen = kept;
    if (apart && (isFull(kept) || !fitsLine(id) || this.#entries.get(this.#entryOf(id)) !== undefined)) {
      this.#entries.put(this.#entryOf(id), seen, until);
      account.apartUntil = Math.max(until, account.apartUntil ?? 0);
    } else account.seen += lineOf(id, seen, until);
  }

  /** Also notes when there will be room again, so that a full account is not searched for it each time. */
  #withoutExpired(text: string): string {
    let living = '';
    let roomAt = Infinity;
    for (const line of text.slice(1).split('\n')) {
      const { until } = parse(line);
      if (until <= this.#at) continue;
      living += `\n${line}`;
      roomAt = Math.min(roomAt, until);
    }
    if (isFull(living)) this.#account.roomAt = roomAt;
    else this.#account.roomAt = undefined;
    return living;
  }
}

function lineOf(id: string, seen: SeenTransaction, until: Instant): string {
  const { status, at, minor, content, fired, lifecycle, merchant, card } = seen;
  const rank = statusOrder.indexOf(status);
  const numbers = packedNumbers(content === undefined ? [rank, at, minor, until] : [rank, at, minor, until, content]);
  if (fired === undefined && lifecycle === undefined && merchant === undefined && card === undefined)
    return joined(id, numbers);
  return joined(id, numbers, JSON.stringify({ fired, lifecycle, merchant, card }));
}

const joined = (id: string, numbers: string, more?: string): string =>
  more === undefined ? `\n${id}\t${numbers}` : `\n${id}\t${numbers}\t${more}`;

function parse(line: string): { readonly seen: SeenTransaction; readonly until: Instant } {
  const [, numbers, more] = line.split('\t');
  const [rank, at, minor, until, content] = unpackedNumbers(numbers!);
  const seen: SeenTransaction = {
    status: statusOrder[rank!]!,
    at: at!,
    minor: minor!,
    ...(content === undefined ? {} : { content }),
    ...(more === undefined ? {} : (JSON.parse(more) as Partial<SeenTransaction>)),
  };
  return { seen, until: until! };
}

/** What build 0.1.0 wrote: a line has its numbers in decimal, between tabs: status, time, minor units, content, until when. */
export function seenFromDecimal(text: string): string {
  if (text === '') return text;
  const lines = text
    .slice(1)
    .split('\n')
    .map((line) => {
      const [id, rank, at, minor, content, until, more] = line.split('\t');
      const known = content === '' ? [rank, at, minor, until] : [rank, at, minor, until, content];
      return joined(id!, packedNumbers(known.map(Number)), more);
    });
  return lines.join('');
}
