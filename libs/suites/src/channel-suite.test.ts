import { createHmac, timingSafeEqual } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { IsInt, IsString, MinLength } from 'class-validator';
import { defineChannel } from '@tocsin/core';
import type { Channel, Outcome, WebhookRequest } from '@tocsin/core';
import { channelCases } from './channel-suite.ts';
import type { ChannelUnderTest } from './channel-suite.ts';
import { counterpartRetryAfterSeconds, startHttpCounterpart } from './http-counterpart.ts';

class PagerOptions {
  @IsInt() port!: number;
  @IsString() @MinLength(8) secret!: string;
}

/** How a pager channel can be broken; each must be caught. */
interface Flaws {
  readonly retries?: boolean;
  readonly grabsFetch?: boolean;
  readonly guesses?: boolean;
  readonly ignoresSignal?: boolean;
  readonly dropsKey?: boolean;
  readonly cutsText?: boolean;
  readonly remembers?: boolean;
  readonly readsEnvironment?: boolean;
  readonly believesAll?: boolean;
  readonly ignoresWait?: boolean;
  readonly countsEvents?: boolean;
}

let remembered: number | undefined;
let counted = 0;

/** A channel of thirty lines, right unless told otherwise. */
const pager = (flaws: Flaws): Channel =>
  defineChannel<PagerOptions>({
    id: 'pager',
    title: 'Pager',
    options: PagerOptions,
    capabilities: {
      maxLength: 500,
      buttons: false,
      receipts: true,
      replies: false,
      window: false,
      perSecond: 10,
      thirdParty: false,
      defaultClasses: ['existence'],
    },
    provider: () => ({ name: 'Pager', account: '' }),
    open(options, tools) {
      if (flaws.remembers === true) remembered ??= options.port;
      const port = remembered ?? options.port;
      const fetch = flaws.grabsFetch === true ? globalThis.fetch : tools.fetch;
      return {
        async send({ address }, { text }, { key, signal }): Promise<Outcome> {
          if (signal.aborted) return { kind: 'retry', code: 'aborted', scope: 'message' };
          if (flaws.readsEnvironment === true && process.env['PAGER_TOKEN'] === 'x')
            return { kind: 'permanent', code: 'x' };
          const sent = flaws.cutsText === true ? text.slice(0, 20) : text;
          const body = JSON.stringify({ address, text: sent, ...(flaws.dropsKey === true ? {} : { key }) });
          const post = (): Promise<Response> =>
            fetch(`http://127.0.0.1:${port}/`, {
              method: 'POST',
              body,
              ...(flaws.ignoresSignal === true ? {} : { signal }),
            });
          try {
            const response = await post().catch((error: unknown) =>
              flaws.retries === true ? post() : Promise.reject(error as Error),
            );
            const answer = (await response.json().catch(() => ({}))) as { id?: string };
            if (response.status === 429) {
              const afterMs = flaws.ignoresWait === true ? 0 : Number(response.headers.get('retry-after')) * 1_000;
              return { kind: 'retry', code: 'busy', scope: 'message', afterMs };
            }
            return { kind: 'accepted', ref: answer.id ?? '' };
          } catch (error) {
            const refused = ((error as Error).cause as { code?: string } | undefined)?.code === 'ECONNREFUSED';
            if (refused || flaws.guesses === true) return { kind: 'retry', code: 'lost', scope: 'message' };
            return { kind: 'unknown', code: 'lost' };
          }
        },
      };
    },
    webhook(options, { rawBody, headers }) {
      const signature = Buffer.from(headers['x-signature'] ?? '', 'hex');
      const right = createHmac('sha256', options.secret).update(rawBody).digest();
      const same = signature.byteLength === right.byteLength && timingSafeEqual(signature, right);
      if (!same && flaws.believesAll !== true) return { kind: 'refused', status: 401 };
      const id = flaws.countsEvents === true ? `r${(counted += 1)}` : 'r1';
      return {
        kind: 'events',
        events: [{ kind: 'receipt', id, address: '1', ref: '1', state: 'delivered', at: 0 }],
        body: '',
        contentType: 'text/plain',
      };
    },
  });

const make = (flaws: Flaws) => async (): Promise<ChannelUnderTest> => {
  remembered = undefined;
  let count = 0;
  const counterpart = await startHttpCounterpart({
    answer: () => ({ status: 200, body: JSON.stringify({ id: `p-${(count += 1)}` }) }),
    text: ({ body }) => (JSON.parse(body) as { text: string }).text,
  });
  const secret = 'pager-secret';
  const call = (signature: string): WebhookRequest => ({
    method: 'POST',
    url: 'https://bank.example/webhooks/pager',
    headers: { 'x-signature': signature },
    query: {},
    rawBody: Buffer.from('{"delivered":"1"}'),
  });
  return {
    channel: pager(flaws),
    options: (port = counterpart.port) => ({ port, secret }),
    badOptions: [{ options: { port: 1, secret: 'short' }, path: 'secret' }],
    recipient: { address: '1' },
    behave: counterpart.behave,
    retryAfterSeconds: counterpartRetryAfterSeconds,
    requests: counterpart.requests,
    received: counterpart.received,
    texts: counterpart.texts,
    webhook: {
      genuine: [call(createHmac('sha256', secret).update('{"delivered":"1"}').digest('hex'))],
      forged: [call(''), call('00'.repeat(32))],
    },
    stop: counterpart.stop,
  };
};

/** The names of the cases that fail. */
async function failing(flaws: Flaws): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const { name, run } of channelCases(make(flaws))) {
    await run().catch(() => failed.push(name));
  }
  return failed;
}

describe('the contract suite of channels', () => {
  it.each(channelCases(make({})))('lets a good channel pass: $name', ({ run }) => run());

  it.each<[Flaws, string]>([
    [{ retries: true }, 'does not know what became of a message whose answer was lost'],
    [{ guesses: true }, 'does not know what became of a message whose answer was lost'],
    [{ grabsFetch: true }, 'reads nothing of the process: neither its environment nor its fetch'],
    [{ readsEnvironment: true }, 'reads nothing of the process: neither its environment nor its fetch'],
    [{ ignoresSignal: true }, 'gives up when told to, and then does not know either'],
    [{ dropsKey: true }, 'passes the key on, and a strange key breaks nothing'],
    [{ cutsText: true }, 'hands a message over once, whole, and returns a reference'],
    [{ remembers: true }, 'keeps two of its kind apart'],
    [{ ignoresWait: true }, 'takes "later" for an answer, and does not try again by itself'],
    [{ believesAll: true }, 'believes a webhook only with the right signature over every byte'],
    [{ countsEvents: true }, 'believes a webhook only with the right signature over every byte'],
  ])('catches a channel with the flaw %j', async (flaws, expected) => {
    expect(await failing(flaws)).toContain(expected);
  });
});
