import type { DataClass } from '../consent.ts';
import type { MessageKind } from '../records/delivery.ts';

/** The words of one payment, as far as they may be told. All of them are finished text. */
export interface Parts {
  readonly amount?: string;
  readonly merchant?: string;
  readonly payee?: string;
  readonly place?: string;
  readonly time?: string;
  readonly last4?: string;
  readonly balance?: string;
}

/** What a text is made of. */
export interface Telling extends Parts {
  readonly bank: string;
  /** How many payments; more than one makes the text a list. */
  readonly count: number;
  /** The payments of a list, each as `line` wrote it; empty where nothing of them may be told. */
  readonly lines: readonly string[];
  /** Those that are not listed, and the sum of all. */
  readonly more?: { readonly count: number; readonly sum?: string };
  /** Last four digits of the cards to choose from. */
  readonly cards: readonly string[];
  /** What the customer said of one of them. */
  readonly said: 'yes' | 'no';
  /** Is there more to tell than that something happened, and when? Without it a text says no more than that. */
  readonly detailed: boolean;
}

/**
 * The texts of one language. Each is whole for every subset of the parts, down to none of them. No link, no number to
 * call, no word in capitals but those that can be answered; what happened first, then what to do.
 */
export interface Language {
  /** Primary language subtag. */
  readonly tag: string;
  /** For numbers and dates where the customer's own tag names no region. */
  readonly locale: string;
  readonly today: string;
  /** At most 20 characters each. */
  readonly buttons: { readonly yes: string; readonly no: string };
  /** Titles and mail subjects: never more than that something happened. */
  readonly subjects: Readonly<Record<MessageKind, string>>;
  readonly mayRepeat: string;
  /** What a further condition that held adds to the message of another. */
  readonly also: Readonly<
    Partial<Record<MessageKind, { readonly text: string; readonly classes: readonly DataClass[] }>>
  >;
  readonly replyYesOrNo: string;
  readonly answerInApp: string;
  /** One payment of a list; `incoming` when the money came. */
  line(parts: Parts, incoming: boolean): string;
  readonly texts: Readonly<Record<MessageKind, (telling: Telling) => string>>;
}

/** Joins what there is. */
export const words = (...parts: readonly (string | undefined | false)[]): string =>
  parts.filter((part) => part !== undefined && part !== false && part !== '').join(' ');

/** `before` and the part, or nothing. */
export const after = (before: string, part: string | undefined): string | undefined =>
  part === undefined ? undefined : before + part;

/** Joins with commas what there is. */
export const list = (...parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== '').join(', ');

export const numbered = (lines: readonly string[]): string => lines.map((line, i) => `${i + 1}) ${line}`).join(' ');
