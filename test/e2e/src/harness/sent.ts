import { createHmac } from 'node:crypto';
import type { FakeGraph, FakeTwilio, ReceivedRequest } from '@tocsin/simulator';
import type { Channel, Customer } from '../bank/people.ts';
import type { Mailbox } from './mailbox.ts';

/** One thing that reached a provider, whatever the provider then did with it. */
export interface Sent {
  readonly channel: Channel;
  readonly to: string;
  readonly customer: Customer | undefined;
  /** What the customer reads. A template's name stands before its values. */
  readonly text: string;
  /** The sender's opaque key: the same on every attempt of one delivery. */
  readonly key: string;
  /** Did it become visible on the customer's phone? */
  readonly seen: boolean;
  /** Payloads of buttons. */
  readonly payloads: readonly string[];
  /** In the order in which the provider of the channel received. */
  readonly place: number;
  /** When it arrived, in milliseconds since 1970. */
  readonly at: number;
  /** `accepted`, `refused`, or how the provider misbehaved. */
  readonly outcome: string;
}

/** Under what a provider knows a delivery, computed here from the installation's secret and the delivery's id. */
export const keyOfDelivery = (secret: string, tenant: string, deliveryId: string): string =>
  createHmac('sha256', secret).update(`delivery|${tenant}|${deliveryId}`).digest('hex').slice(0, 32);

interface GraphBody {
  readonly message?: {
    readonly text?: string;
    readonly metadata?: string;
    readonly quick_replies?: readonly { readonly payload: string }[];
    readonly template?: {
      readonly name: string;
      readonly components: readonly {
        readonly type: string;
        readonly parameters: readonly { readonly text?: string; readonly payload?: string }[];
      }[];
    };
  };
}

function fromGraph({ body }: ReceivedRequest): Pick<Sent, 'text' | 'key' | 'payloads'> {
  const { message } = JSON.parse(body) as GraphBody;
  const parameters = message?.template?.components.flatMap((part) => part.parameters) ?? [];
  const values = parameters.flatMap(({ text }) => text ?? []);
  return {
    text: message?.text ?? [message?.template?.name ?? '', ...values].join(' | '),
    key: message?.metadata ?? '',
    payloads: [...(message?.quick_replies ?? []), ...parameters].flatMap(({ payload }) => payload ?? []),
  };
}

function fromTwilio({ body }: ReceivedRequest): Pick<Sent, 'text' | 'key' | 'payloads'> {
  const form = new URLSearchParams(body);
  const callback = form.get('StatusCallback');
  return {
    text: form.get('Body') ?? '',
    key: (callback && new URL(callback).searchParams.get('key')) ?? '',
    payloads: [],
  };
}

/** The outcomes with which the customer sees the message; a fake that drops the connection is told to take it before. */
const visible: readonly string[] = ['accepted', 'drop-after-body', 'never-answer', 'slow', 'answer-twice'];

/** Everything that left, from all three providers. */
export class Outbox {
  readonly #graph: FakeGraph;
  readonly #twilio: FakeTwilio;
  readonly #mailbox: Mailbox;
  readonly #customers: ReadonlyMap<string, Customer>;

  constructor(graph: FakeGraph, twilio: FakeTwilio, mailbox: Mailbox, customers: readonly Customer[]) {
    this.#graph = graph;
    this.#twilio = twilio;
    this.#mailbox = mailbox;
    this.#customers = new Map(
      customers.flatMap((one) => Object.values(one.addresses).map((address) => [address, one] as const)),
    );
  }

  all(): readonly Sent[] {
    const taken = this.#mailbox.mails().toSorted((a, b) => a.at - b.at);
    const mails = taken.map(({ to, text, subject, messageId, at }, place): Sent => ({
      channel: 'email',
      to,
      customer: this.#customers.get(to),
      text: `${subject}\n${text}`,
      key: messageId.slice(1, messageId.indexOf('@')),
      seen: true,
      payloads: [],
      place,
      at,
      outcome: 'accepted',
    }));
    return [
      ...this.#requests('messenger', this.#graph, fromGraph),
      ...this.#requests('sms', this.#twilio, fromTwilio),
      ...mails,
    ];
  }

  #requests(
    channel: Channel,
    fake: FakeGraph | FakeTwilio,
    read: (request: ReceivedRequest) => Pick<Sent, 'text' | 'key' | 'payloads'>,
  ): readonly Sent[] {
    return fake.received().map((request, place): Sent => ({
      channel,
      to: request.to,
      customer: this.#customers.get(request.to),
      ...read(request),
      seen: visible.includes(request.outcome),
      place,
      at: request.at,
      outcome: request.outcome,
    }));
  }
}
