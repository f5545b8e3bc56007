import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { httpTools, sms, SmsOptions } from '@tocsin/channels';
import { hours } from '@tocsin/core';
import type { ChannelTools } from '@tocsin/core';
import { deliveryCompanion } from './executor.ts';
import { executorClock } from './executor-clock.ts';
import { Owner, SharedLog } from './test/partition-world.ts';
import { contact, delivery, World } from './test/world.ts';

/* The real channel over a real connection, in real time; only log, state and stores are in memory. */

describe('a provider over HTTP', () => {
  let server: Server;
  let posts: URLSearchParams[];
  let tools: ChannelTools;
  let answer: (response: ServerResponse, n: number) => void;

  beforeEach(async () => {
    posts = [];
    tools = await httpTools();
    server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8');
      request.on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        posts.push(new URLSearchParams(body));
        answer(response, posts.length);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const accept = (response: ServerResponse, n: number): void => {
    response
      .writeHead(201, { 'content-type': 'application/json' })
      .end(JSON.stringify({ sid: `SM${n}`, status: 'queued' }));
  };

  const open = (limits = {}) => {
    const options = Object.assign(new SmsOptions(), {
      provider: 'twilio',
      twilio: {
        baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        accountSid: `AC${'0'.repeat(32)}`,
        password: 'secret',
        authTokens: ['secret'],
        from: '+15005550006',
        validitySeconds: 600,
      },
    });
    const w = new World();
    const base = w.options(limits);
    const log = new SharedLog(executorClock);
    const companion = deliveryCompanion({
      ...base,
      clock: executorClock,
      channel: {
        ...base.channel,
        provider: sms.provider(options),
        open: sms.open(options, tools),
      },
    });
    const owner = new Owner('me', log, companion);
    const fresh = { expiresAt: Date.now() + hours(1) };
    const told = async (n: number): Promise<readonly string[]> => {
      const until = Date.now() + 10_000;
      while (owner.told.length < n && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
      return owner.told;
    };
    return { log, owner, companion, fresh, told };
  };

  it('gets what the ledger says, one to one', async () => {
    answer = accept;
    const { log, owner, fresh, told } = open();
    log.put(
      contact(),
      delivery('d1', fresh),
      contact({ customerId: 'cus-2' }),
      delivery('d2', { ...fresh, customerId: 'cus-2' }),
    );
    expect([...(await told(2))].sort()).toEqual(['d1 accepted', 'd2 accepted']);
    expect(posts.map((post) => post.get('To')).sort()).toEqual(['+359cus-1', '+359cus-2']);
    const accepted = owner.ledger.filter(({ outcome }) => outcome === 'accepted');
    expect(accepted).toHaveLength(posts.length);
    for (const { disclosure } of accepted) expect(disclosure.fields).toEqual(['kind', 'amount', 'merchant']);
    for (const post of posts)
      expect(post.get('Body')).toBe('Example Bank: Did you pay 12.50 EUR at Cafe? Reply YES or NO.');
  });

  it('that loses the connection after the body leaves it unknown, and gets nothing twice', async () => {
    answer = (response) => response.destroy();
    const { log, companion, fresh, told } = open();
    log.put(contact(), delivery('d1', fresh));
    expect((await told(1))[0]).toMatch(/^d1 unknown/);
    await companion.drain();
    expect(posts).toHaveLength(1);
  });

  it('that does not answer is cut off at the deadline', async () => {
    answer = () => {};
    const { log, fresh, told } = open({ attemptDeadlineMs: 100 });
    log.put(contact(), delivery('d1', fresh));
    expect((await told(1))[0]).toMatch(/^d1 unknown/);
    expect(posts).toHaveLength(1);
  });

  it('that answered in time is believed, though this process was held up and reads it after the deadline', async () => {
    answer = (response, n) => {
      accept(response, n);
      // The answer is on its way; until it could have been read, the deadline has passed.
      setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400));
    };
    const { log, fresh, told } = open({ attemptDeadlineMs: 200 });
    log.put(contact(), delivery('d1', fresh));
    expect(await told(1)).toEqual(['d1 accepted']);
  });

  it('that is busy is asked again when it said', async () => {
    const times: number[] = [];
    answer = (response, n) => {
      times.push(Date.now());
      if (n === 1)
        response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '1' }).end('{"code":20429}');
      else accept(response, n);
    };
    const { log, fresh, told } = open();
    log.put(contact(), delivery('d1', fresh));
    expect(await told(1)).toEqual(['d1 accepted']);
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(950);
  });
});
