import type { ChannelId, DataClass } from './consent.ts';
import type { Instant } from './time.ts';

/** Set where the provider was given nothing at all, not even to refuse it. Without it the ledger says that it was. */
interface Refusal {
  readonly nothingLeft?: boolean;
}

/** What became of one attempt to send; a channel never retries on its own. */
export type Outcome =
  /** The provider took it. That is not yet delivery. */
  | { readonly kind: 'accepted'; readonly ref: string }
  /** The customer certainly got nothing; may be tried again. Scope `channel` opens the breaker for the whole provider account. */
  | (Refusal & {
      readonly kind: 'retry';
      readonly code: string;
      readonly afterMs?: number;
      readonly scope: 'message' | 'address' | 'channel';
    })
  /** This message can never go this way. */
  | (Refusal & { readonly kind: 'permanent'; readonly code: string })
  /** The address is invalid or gone. */
  | (Refusal & { readonly kind: 'badAddress'; readonly code: string })
  /** Person, window, opt-out or consent forbids this channel now. */
  | (Refusal & { readonly kind: 'ineligible'; readonly code: string; readonly untilAt?: Instant })
  /** It may or may not have been sent: never sent again blindly. */
  | { readonly kind: 'unknown'; readonly code: string };

/** A message ready to leave: only fields that were allowed are in it. */
export interface RenderedMessage {
  /** The whole text in the customer's language. */
  readonly text: string;
  /** Subject or title where the channel has one. */
  readonly subject: string;
  readonly language: string;
  /** Buttons or quick replies, with opaque payloads. */
  readonly replies: readonly { readonly title: string; readonly payload: string }[];
  /** For channels that send by an approved template: its name and named values. */
  readonly template: { readonly name: string; readonly parameters: Readonly<Record<string, string>> };
}

export interface Recipient {
  /** E.164 number, page-scoped id, e-mail address, push token … */
  readonly address: string;
  /** Until when free messages may be sent, on channels that have such a window. */
  readonly windowExpiresAt?: Instant;
}

export interface SendContext {
  /** Opaque, stable over retries of the same delivery; goes into the provider's metadata or idempotency field. */
  readonly key: string;
  /** Now, as the executor sees it (a channel reads no clock). */
  readonly now: Instant;
  /** Aborts at the deadline: then the outcome is unknown if the body may have left. */
  readonly signal: AbortSignal;
}

export interface OpenChannel {
  send(recipient: Recipient, message: RenderedMessage, context: SendContext): Promise<Outcome>;
  close?(): Promise<void>;
}

/** What a webhook of the provider told us, in the channel's own words translated to ours. */
export type ChannelEvent =
  /** `ref` is the provider's message id. States only move forward: sent < delivered < read; failed is an end. */
  | {
      readonly kind: 'receipt';
      readonly id: string;
      readonly address: string;
      readonly ref?: string;
      /** `SendContext.key` of the send, where the provider gives it back: settles a send whose outcome was unknown. */
      readonly key?: string;
      /** Everything sent to the address up to then has reached this state. */
      readonly watermarkAt?: Instant;
      readonly state: 'sent' | 'delivered' | 'read' | 'failed';
      readonly code?: string;
      readonly at: Instant;
    }
  | {
      readonly kind: 'message';
      readonly id: string;
      readonly address: string;
      readonly text?: string;
      readonly payload?: string;
      readonly at: Instant;
      /** The provider already answered this word (opt-out handled there): do not answer twice. */
      readonly providerHandled?: 'stop' | 'start' | 'help';
      /** Does it open the window for free messages? */
      readonly opensWindow: boolean;
      /** Another application owns the conversation: counts for STOP, for the window and as a tap on a button of ours, is never answered. */
      readonly standby?: boolean;
      /** A tap that only opens the conversation, as Messenger's Get Started: counts for the window, says nothing. */
      readonly opening?: boolean;
    }
  | {
      readonly kind: 'linked';
      readonly id: string;
      readonly address: string;
      readonly code: string;
      readonly at: Instant;
    }
  | { readonly kind: 'unlinked'; readonly id: string; readonly address: string; readonly at: Instant };

export interface WebhookRequest {
  readonly method: 'GET' | 'POST';
  /** The exact public URL that the provider called, from configuration, with the query as received. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly rawBody: Uint8Array;
  /** When the gateway received the call: the time of an event for which the provider gives none. */
  readonly receivedAt?: Instant;
}

export type WebhookAnswer =
  /** Not authentic: 401 or 403, nothing but a counter. */
  | { readonly kind: 'refused'; readonly status: 400 | 401 | 403 | 404 }
  /** Answer to a verification call. */
  | { readonly kind: 'challenge'; readonly body: string }
  /** `body` and `contentType` are sent once the events are durable. */
  | {
      readonly kind: 'events';
      readonly events: readonly ChannelEvent[];
      readonly body: string;
      readonly contentType: string;
    };

export interface HttpRequest {
  readonly url: string;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An answer of which status and headers have come. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  /** Its body as text, read once, at most so many bytes of it. Rejects when it cannot be read to its end. */
  text(mostBytes: number): Promise<string>;
}

export interface ChannelTools {
  /** The HTTP client to use, so that tests and proxies stay possible. */
  readonly fetch: typeof fetch;
  /**
   * The same client for one plain request, for a fraction of what `fetch` costs: follows no redirect, decodes nothing,
   * rejects for the reasons for which `fetch` rejects. Where it is missing, `fetch` does; the channels of Tocsin take
   * either (`exchange`).
   */
  readonly request?: (request: HttpRequest, signal: AbortSignal) => Promise<HttpAnswer>;
}

export interface ChannelCapabilities {
  /** Characters of text. */
  readonly maxLength: number;
  /** Is the text cut and paid by SMS segments? Then it is kept to as few as it can, in GSM-7 where the letters allow it. */
  readonly segmented?: boolean;
  readonly buttons: boolean;
  /** Does the provider report delivery? Where it does not, accepted is final. */
  readonly receipts: boolean;
  readonly replies: boolean;
  /** Does a window limit free messages? */
  readonly window: boolean;
  readonly perSecond: number;
  /** Does the content pass through a third party? Such channels always need consent. */
  readonly thirdParty: boolean;
  readonly defaultClasses: readonly DataClass[];
}

/** A channel plug-in: one folder, one line in the table of @tocsin/channels. */
export interface Channel<Options extends object = object> {
  readonly id: ChannelId;
  readonly title: string;
  /** A class-validator class: validation, documentation and example at once. */
  readonly options: new () => Options;
  readonly capabilities: ChannelCapabilities;
  /** What of it is not there with these options: reports that nobody asks for, a sender that nobody can answer. */
  without?(options: Options): Partial<Pick<ChannelCapabilities, 'receipts' | 'replies'>>;
  /** Who receives the content, for the disclosure ledger: `Meta Messenger`, the gateway's host … */
  provider(options: Options): { readonly name: string; readonly account: string };
  open(options: Options, tools: ChannelTools): OpenChannel;
  /** Verifies over the raw bytes, then translates. Present where the provider has webhooks. */
  webhook?(options: Options, request: WebhookRequest): WebhookAnswer;
}

/** Keeps the options type of a channel while it is written as a value. */
export const defineChannel = <Options extends object>(channel: Channel<Options>): Channel<Options> => channel;
