import 'reflect-metadata';
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { plainToInstance } from 'class-transformer';
import { validate } from 'class-validator';
import type { ValidationError } from 'class-validator';
import type {
  Channel,
  ChannelTools,
  OpenChannel,
  Outcome,
  Recipient,
  RenderedMessage,
  WebhookRequest,
} from '@tocsin/core';
import type { Behaviour } from './http-counterpart.ts';
import { withTrappedProcess } from './trapped-process.ts';

/** A channel, and the counterpart that plays its provider. Each case gets a fresh one. */
export interface ChannelUnderTest {
  readonly channel: Channel;
  /** Valid options as they would stand in the configuration, for a counterpart at this port of 127.0.0.1. Default: the running one. */
  readonly options: (port?: number) => object;
  /** Options with one thing wrong, and the path of the property that the complaint must name. */
  readonly badOptions: readonly { readonly options: object; readonly path: string }[];
  /** Somebody whom the counterpart would let be reached. */
  readonly recipient: Recipient;
  readonly behave: (how: Behaviour) => void;
  /** Where the counterpart says how long to wait when it throttles. */
  readonly retryAfterSeconds?: number;
  /** Messages that the counterpart was asked to take, whatever became of them. */
  readonly requests: () => number;
  /** Everything that it received, as text, to look for what should (not) be there. */
  readonly received: () => string;
  /** The texts that it took, as the customer would see them. */
  readonly texts: () => readonly string[];
  /** Calls of the provider's webhook, where the channel has one. */
  readonly webhook?: {
    /** Genuine calls, correctly signed over a body; each must yield at least one event. */
    readonly genuine: readonly WebhookRequest[];
    /** Calls with a missing or wrong signature. */
    readonly forged: readonly WebhookRequest[];
  };
  /** What the channel is handed beside `fetch`. */
  readonly tools?: Omit<ChannelTools, 'fetch'>;
  readonly stop: () => Promise<void>;
}

/** One case of a contract suite, for any test runner. It fails by throwing. */
export interface ContractCase<Context> {
  readonly name: string;
  readonly run: (context: Context) => Promise<void>;
}

/** A moment that lies far from the machine's clock, so that a channel that reads the clock shows. */
const now = Date.UTC(2031, 4, 6, 7, 8, 9);
const key = '3f9c2b7a51d84e60a1c4d5e6f7081920';

const message: RenderedMessage = {
  text: 'Did you pay 12.50 EUR at Café "Blå & Co"?\nReply YES or NO.',
  subject: 'A question about a payment',
  language: 'en',
  replies: [
    { title: 'Yes, it was me', payload: 'Q:9f2c:Y' },
    { title: 'No, not me', payload: 'Q:9f2c:N' },
  ],
  template: { name: 'fraud-check', parameters: { amount: '12.50 EUR', merchant: 'Café "Blå & Co"' } },
};

/** The contract of a channel (docs/adding-a-channel.md). `make` builds a fresh channel and counterpart for each case. */
export function channelCases<Context = void>(
  make: (context: Context) => Promise<ChannelUnderTest>,
): readonly ContractCase<Context>[] {
  const contract = (
    name: string,
    body: (test: ChannelUnderTest, context: Context) => Promise<void>,
  ): ContractCase<Context> => ({
    name,
    run: async (context) => {
      const test = await make(context);
      try {
        await body(test, context);
      } finally {
        await test.stop();
      }
    },
  });

  return [
    contract('says what it is', async (test) => {
      const { id, title, capabilities } = test.channel;
      assert.match(id, /^[a-z][a-z0-9-]{0,31}$/);
      assert.ok(title.length > 0);
      assert.ok(capabilities.maxLength > 0 && capabilities.perSecond > 0);
      assert.ok(capabilities.defaultClasses.includes('existence'), 'every channel may tell that something happened');
      const provider = test.channel.provider(optionsOf(test));
      assert.ok(provider.name.length > 0, 'the disclosure ledger needs the name of who receives the content');
      await Promise.resolve();
    }),

    contract('takes good options, and names what is wrong in bad ones', async (test) => {
      assert.deepEqual(await problemsOf(test.channel, test.options()), []);
      assert.ok(test.badOptions.length > 0, 'show at least one mistake that is noticed');
      for (const { options, path } of test.badOptions) {
        const problems = await problemsOf(test.channel, options);
        assert.ok(problems.includes(path), `expected a complaint about ${path}, got ${problems.join(', ') || 'none'}`);
      }
      const surplus = await problemsOf(test.channel, { ...test.options(), surelyUnknown: 1 });
      assert.ok(surplus.includes('surelyUnknown'), 'an unknown option is an error');
    }),

    contract('hands a message over once, whole, and returns a reference', async (test) => {
      const outcome = await send(test);
      assert.equal(outcome.kind, 'accepted', JSON.stringify(outcome));
      assert.ok(outcome.kind === 'accepted' && outcome.ref.length > 0);
      assert.equal(test.requests(), 1);
      assert.deepEqual(test.texts().map(withoutCarriageReturns), [message.text]);
    }),

    contract('passes the key on, and a strange key breaks nothing', async (test) => {
      const open = openOf(test);
      assert.equal((await send(test, open)).kind, 'accepted');
      assert.ok(test.received().includes(key), 'the key must reach the provider, to find the message again');
      const strange = 'a/b"c\r\nX-Injected: 1\r\n\r\n{{text|json}}&To=+15550199@x';
      assert.equal((await send(test, open, strange)).kind, 'accepted');
      assert.doesNotMatch(test.received(), /^X-Injected:/m);
      assert.equal(test.requests(), 2);
    }),

    contract('takes "later" for an answer, and does not try again by itself', async (test) => {
      test.behave('throttle');
      const outcome = await send(test);
      assert.equal(outcome.kind, 'retry', JSON.stringify(outcome));
      if (test.retryAfterSeconds !== undefined) {
        assert.equal(outcome.kind === 'retry' && outcome.afterMs, test.retryAfterSeconds * 1_000);
      }
      assert.equal(test.requests(), 1);
      assert.deepEqual(test.texts(), []);
    }),

    contract('knows that a refused connection sent nothing', async (test) => {
      const outcome = await send(test, openOf(test, test.options(await closedPort())));
      assert.equal(outcome.kind, 'retry', JSON.stringify(outcome));
    }),

    contract('does not know what became of a message whose answer was lost', async (test) => {
      test.behave('drop-after-body');
      const outcome = await send(test);
      assert.equal(outcome.kind, 'unknown', JSON.stringify(outcome));
      assert.equal(test.requests(), 1, 'it was sent again');
    }),

    contract('gives up when told to, and then does not know either', async (test) => {
      test.behave('never-answer');
      const deadline = new AbortController();
      const sending = send(test, openOf(test), key, deadline.signal);
      await until(() => test.requests() === 1);
      deadline.abort();
      const outcome = await within(2_000, sending, 'the abort signal was ignored');
      assert.equal(outcome.kind, 'unknown', JSON.stringify(outcome));
      assert.equal(test.requests(), 1);
    }),

    contract('sends nothing when it was told to give up before', async (test) => {
      const outcome = await send(test, openOf(test), key, AbortSignal.abort());
      assert.equal(outcome.kind, 'retry', JSON.stringify(outcome));
      assert.equal(test.requests(), 0);
    }),

    contract('keeps apart what is sent at the same time', async (test) => {
      const open = openOf(test);
      const outcomes = await Promise.all(Array.from({ length: 20 }, (_, i) => send(test, open, `${key}${i}`)));
      const refs = outcomes.map((outcome) => (outcome.kind === 'accepted' ? outcome.ref : JSON.stringify(outcome)));
      assert.equal(new Set(refs).size, 20, refs.join(' '));
      assert.equal(test.requests(), 20);
    }),

    contract('keeps two of its kind apart', async (test, context) => {
      const other = await make(context);
      try {
        const [here, there] = [openOf(test), openOf(other)];
        assert.equal((await send(other, there)).kind, 'accepted');
        assert.deepEqual([test.requests(), other.requests()], [0, 1]);
        assert.equal((await send(test, here)).kind, 'accepted');
        assert.deepEqual([test.requests(), other.requests()], [1, 1]);
      } finally {
        await other.stop();
      }
    }),

    contract('reads nothing of the process: neither its environment nor its fetch', async (test) => {
      const read = await withTrappedProcess(async () => assert.equal((await send(test)).kind, 'accepted'));
      assert.deepEqual(read, []);
    }),

    contract('believes a webhook only with the right signature over every byte', async (test) => {
      const { channel, webhook } = test;
      if (channel.webhook === undefined) {
        assert.equal(webhook, undefined);
        const { receipts, replies } = channel.capabilities;
        assert.ok(!receipts && !replies, 'receipts and replies come by webhook');
        return;
      }
      assert.ok(
        webhook !== undefined && webhook.genuine.length > 0 && webhook.forged.length > 0,
        'samples are missing',
      );
      const options = optionsOf(test);
      for (const genuine of webhook.genuine) {
        const answer = channel.webhook(options, genuine);
        assert.ok(answer.kind === 'events' && answer.events.length > 0, JSON.stringify(answer));
        assert.deepEqual(
          channel.webhook(options, genuine),
          answer,
          'the same call has the same events, with the same ids',
        );
        for (const altered of alterations(genuine)) {
          assert.equal(channel.webhook(options, altered).kind, 'refused', 'an altered byte was believed');
        }
      }
      for (const forged of webhook.forged) assert.equal(channel.webhook(options, forged).kind, 'refused');
      await Promise.resolve();
    }),
  ];
}

const optionsOf = (test: ChannelUnderTest, plain: object = test.options()): object =>
  plainToInstance(test.channel.options, plain);

const openOf = (test: ChannelUnderTest, plain?: object): OpenChannel =>
  test.channel.open(optionsOf(test, plain), { fetch: ownFetch, ...test.tools });

/** Taken before any case replaces the global one: what a channel is handed, as opposed to what it may grab. */
const ownFetch = globalThis.fetch;

async function send(
  test: ChannelUnderTest,
  open: OpenChannel = openOf(test),
  withKey: string = key,
  signal: AbortSignal = new AbortController().signal,
): Promise<Outcome> {
  return open.send({ windowExpiresAt: now + 3_600_000, ...test.recipient }, message, { key: withKey, now, signal });
}

/** The paths of all properties that are wrong, such as `twilio.accountSid`. */
async function problemsOf(channel: Channel, plain: object): Promise<readonly string[]> {
  const errors = await validate(plainToInstance(channel.options, plain), {
    whitelist: true,
    forbidNonWhitelisted: true,
  });
  const paths = (error: ValidationError): readonly string[] =>
    error.children === undefined || error.children.length === 0
      ? [error.property]
      : error.children.flatMap(paths).map((path) => `${error.property}.${path}`);
  return errors.flatMap(paths);
}

const withoutCarriageReturns = (text: string): string => text.replaceAll('\r\n', '\n').trim();

/** The call with one bit turned, at a few places of its body; of a call without a body, in its query. */
function alterations(request: WebhookRequest): readonly WebhookRequest[] {
  const { rawBody } = request;
  if (rawBody.byteLength === 0) return [];
  return [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const altered = Uint8Array.from(rawBody);
    const at = Math.round(share * (rawBody.byteLength - 1));
    altered[at] = altered[at]! ^ 1;
    return { ...request, rawBody: altered };
  });
}

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    assert.ok(tries < 500, 'the counterpart never received the message');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function within<T>(spanMs: number, promise: Promise<T>, complaint: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(complaint)), spanMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
