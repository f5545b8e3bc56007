import { createHash, createHmac, generateKeyPairSync, verify } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import type { Outcome, RenderedMessage } from '@tocsin/core';
import { channelCases } from '@tocsin/suites';
import type { ChannelUnderTest } from '@tocsin/suites';
import type { SMTPServerOptions } from 'smtp-server';
import { email } from './email.ts';
import { outcomeOfFailure } from './email-errors.ts';
import { EmailOptions } from './email-options.ts';
import { reply, startSmtpReceiver } from './smtp-receiver.testing.ts';
import type { SmtpReceiver } from './smtp-receiver.testing.ts';

const plainOptions = (port: number, more: object = {}): object => ({
  host: '127.0.0.1',
  port,
  requireTls: false,
  from: 'alerts@bank.example',
  fromName: 'The Bank',
  ...more,
});

/** The header part of a mail, unfolded; and its body, decoded. */
function parsed(raw: string): { readonly headers: ReadonlyMap<string, string>; readonly text: string } {
  const cut = raw.indexOf('\r\n\r\n');
  const lines = raw
    .slice(0, cut)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const body = raw.slice(cut + 4);
  const encoding = headers.get('content-transfer-encoding');
  if (encoding === 'base64') return { headers, text: Buffer.from(body, 'base64').toString('utf8') };
  if (encoding !== 'quoted-printable') return { headers, text: body };
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return { headers, text: Buffer.from(bytes, 'latin1').toString('utf8') };
}

async function underTest(): Promise<ChannelUnderTest> {
  const receiver = await startSmtpReceiver();
  return {
    channel: email,
    options: (port = receiver.port) => plainOptions(port),
    badOptions: [
      { options: plainOptions(70_000), path: 'port' },
      { options: plainOptions(25, { from: 'The Bank' }), path: 'from' },
      { options: plainOptions(25, { bounces: { domain: 'b.example', secret: 'short' } }), path: 'bounces.secret' },
      {
        options: plainOptions(25, { unsubscribe: { url: 'http://x.example/u', secret: '0123456789abcdef' } }),
        path: 'unsubscribe.url',
      },
      {
        options: plainOptions(25, { dkim: { domain: 'bank.example', selector: 's', privateKey: 'no key' } }),
        path: 'dkim.privateKey',
      },
    ],
    recipient: { address: 'ana@example.net' },
    behave: receiver.behave,
    requests: () => receiver.mails.length,
    received: () => receiver.mails.map(({ from, to, raw }) => `${from}\n${to}\n${raw}`).join('\n'),
    texts: () => receiver.mails.filter(({ accepted }) => accepted).map(({ raw }) => parsed(raw).text),
    stop: receiver.stop,
  };
}

describe('the contract of a channel', () => {
  it.each(channelCases(underTest))('$name', ({ run }) => run());
});

describe('email', () => {
  let receiver: SmtpReceiver | undefined;
  afterEach(() => receiver?.stop());

  const fraudCheck: RenderedMessage = {
    text: 'A card payment needs your attention.',
    subject: 'Въпрос за плащане',
    language: 'bg',
    replies: [],
    template: { name: 'fraud-check', parameters: {} },
  };

  async function given(server: SMTPServerOptions = {}, more: object = {}) {
    const started = await startSmtpReceiver(server);
    receiver = started;
    const channel = email.open(plainToInstance(EmailOptions, plainOptions(started.port, more)), { fetch });
    return {
      receiver: started,
      send: (message: Partial<RenderedMessage> = {}, address = 'ana@example.net', key = 'k-1'): Promise<Outcome> =>
        channel.send(
          { address },
          { ...fraudCheck, ...message },
          { key, now: Date.UTC(2026, 10, 22, 10, 0, 1), signal: new AbortController().signal },
        ),
    };
  }

  it('composes a plain mail that no machine answers', async () => {
    const { receiver, send } = await given();
    expect(await send()).toEqual({ kind: 'accepted', ref: '<k-1@bank.example> Q1' });
    const { headers, text } = parsed(receiver.mails[0]!.raw);
    expect(Object.fromEntries(headers)).toMatchObject({
      from: 'The Bank <alerts@bank.example>',
      to: 'ana@example.net',
      'message-id': '<k-1@bank.example>',
      date: 'Sun, 22 Nov 2026 10:00:01 +0000',
      'auto-submitted': 'auto-generated',
      'x-auto-response-suppress': 'All',
      'content-type': 'text/plain; charset=utf-8',
    });
    expect([...headers.keys()].filter((name) => /^(list-|x-mailer|reply-to)/.test(name))).toEqual([]);
    expect(headers.get('subject')).toMatch(/^[\x20-\x7e]+$/);
    expect(text.trim()).toBe('A card payment needs your attention.');
  });

  it('lets no value begin a header of its own', async () => {
    const { receiver, send } = await given({}, { fromName: 'Bank\r\nBcc: a@b.example' });
    await send({ subject: 'Hi\r\nBcc: evil@example.org\r\n\r\nbody', text: 'x' });
    expect((await send({}, 'ana@example.net\r\nBcc: evil@example.org')).kind).toBe('badAddress');
    const names = receiver.mails.flatMap(({ raw }) => [...parsed(raw).headers.keys()]);
    expect(names).not.toContain('bcc');
    expect(receiver.mails.map(({ to }) => to).join()).not.toContain('evil');
  });

  it('bounces to an address that names the message and can be believed', async () => {
    const secret = '0123456789abcdef';
    const { receiver, send } = await given({}, { bounces: { domain: 'bounces.bank.example', secret } });
    await send();
    const mac = createHmac('sha256', secret).update('k-1').digest('hex').slice(0, 8);
    expect(receiver.mails[0]!.from).toBe(`bounce+k-1.${mac}@bounces.bank.example`);
  });

  it('offers one-click unsubscription, but not on what must arrive', async () => {
    const { receiver, send } = await given(
      {},
      { unsubscribe: { url: 'https://bank.example/u', secret: '0123456789abcdef' } },
    );
    await send({ template: { name: 'purchase-over', parameters: {} } });
    await send();
    const [optional, mandatory] = receiver.mails.map(({ raw }) => parsed(raw).headers);
    expect(optional!.get('list-unsubscribe')).toMatch(/^<https:\/\/bank\.example\/u\/k-1\.[0-9a-f]{32}>$/);
    expect(optional!.get('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click');
    expect(mandatory!.has('list-unsubscribe')).toBe(false);
  });

  it('signs with DKIM, unsubscription included', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { receiver, send } = await given(
      {},
      {
        dkim: {
          domain: 'bank.example',
          selector: 's1',
          privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }),
        },
        unsubscribe: { url: 'https://bank.example/u', secret: '0123456789abcdef' },
      },
    );
    await send({ template: { name: 'deposit', parameters: {} } });
    const { raw } = receiver.mails[0]!;
    const { headers } = parsed(raw);
    const tags = new Map(
      headers
        .get('dkim-signature')!
        .split(';')
        .map((tag) => [tag.split('=')[0]!.trim(), tag.slice(tag.indexOf('=') + 1).replaceAll(' ', '')]),
    );
    expect([tags.get('d'), tags.get('s'), tags.get('c')]).toEqual(['bank.example', 's1', 'relaxed/relaxed']);
    const names = tags.get('h')!.toLowerCase().split(':');
    expect(names).toEqual(expect.arrayContaining(['from', 'subject', 'list-unsubscribe', 'list-unsubscribe-post']));
    // Checked here by hand, by RFC 6376: relaxed header canonicalisation, with the signature's own value left out.
    const relaxed = (name: string, value: string): string => `${name}:${value.replace(/\s+/g, ' ').trim()}`;
    const signature = headers.get('dkim-signature')!.replace(/(\bb=)[^;]*$/, '$1');
    const data = [...names.map((name) => relaxed(name, headers.get(name)!)), relaxed('dkim-signature', signature)].join(
      '\r\n',
    );
    expect(verify('sha256', Buffer.from(data), publicKey, Buffer.from(tags.get('b')!, 'base64'))).toBe(true);
    const body = raw
      .slice(raw.indexOf('\r\n\r\n') + 4)
      .replace(/[ \t]+(?=\r\n)/g, '')
      .replace(/(\r\n)+$/, '\r\n');
    expect(createHash('sha256').update(body).digest('base64')).toBe(tags.get('bh'));
  });

  it('signs in, and stops the channel when that is refused', async () => {
    const server: SMTPServerOptions = { authOptional: false };
    const { receiver, send } = await given(
      { ...server, allowInsecureAuth: true },
      { login: { user: 'u', password: 'right' } },
    );
    expect((await send()).kind).toBe('accepted');
    expect(receiver.mails[0]!.user).toBe('u');
    await receiver.stop();
    const wrong = await given({ ...server, allowInsecureAuth: true }, { login: { user: 'u', password: 'wrong' } });
    expect(await wrong.send()).toEqual({ kind: 'retry', code: 'smtp-535', scope: 'channel', nothingLeft: true });
  });

  it('does not go on without TLS where it is required, nor with a certificate that nobody vouches for', async () => {
    const { receiver, send } = await given({}, { requireTls: true });
    expect(await send()).toMatchObject({ kind: 'retry', scope: 'channel' });
    await receiver.stop();
    const selfSigned = await given({ disabledCommands: [] }, { requireTls: true });
    expect(await selfSigned.send()).toMatchObject({ kind: 'retry', code: 'smtp-etls', scope: 'channel' });
    expect(selfSigned.receiver.mails).toEqual([]);
  });

  it.each<[phase: string, server: SMTPServerOptions, expected: Outcome]>([
    [
      'the sender',
      { onMailFrom: (_a, _s, done) => done(reply(550, '5.7.1 not allowed to send')) },
      { kind: 'retry', code: 'smtp-5.7.1', scope: 'channel' },
    ],
    [
      'the mailbox',
      { onRcptTo: (_a, _s, done) => done(reply(550, '5.1.1 no such user')) },
      { kind: 'badAddress', code: 'smtp-5.1.1' },
    ],
    [
      'the mailbox, in old words',
      { onRcptTo: (_a, _s, done) => done(reply(550, 'no such user')) },
      { kind: 'badAddress', code: 'smtp-550' },
    ],
    [
      'a full mailbox',
      { onRcptTo: (_a, _s, done) => done(reply(552, '5.2.2 mailbox full')) },
      { kind: 'permanent', code: 'smtp-5.2.2' },
    ],
    [
      'a grey-listed sender',
      { onRcptTo: (_a, _s, done) => done(reply(450, '4.7.1 try later')) },
      { kind: 'retry', code: 'smtp-450', scope: 'address' },
    ],
    [
      'by policy',
      { onRcptTo: (_a, _s, done) => done(reply(554, '5.7.1 blocked by list')) },
      { kind: 'retry', code: 'smtp-5.7.1', scope: 'channel' },
    ],
    [
      'one recipient by policy',
      { onRcptTo: (_a, _s, done) => done(reply(550, '5.7.1 recipient refuses mail')) },
      { kind: 'permanent', code: 'smtp-5.7.1' },
    ],
    [
      'at the door',
      { onConnect: (_s, done) => done(reply(554, 'no service')) },
      { kind: 'retry', code: 'smtp-554', scope: 'channel' },
    ],
  ])('is refused: %s', async (_phase, server, expected) => {
    const { receiver, send } = await given(server);
    // Before the body nothing is told.
    expect(await send()).toEqual({ ...expected, nothingLeft: true });
    expect(receiver.mails).toEqual([]);
  });

  it('believes an answer after the final dot: 4xx is a no, a bare 550 speaks of the content', async () => {
    const { receiver, send } = await given();
    const afterDot = async (responseCode: number, text: string): Promise<Outcome> => {
      receiver.behave(reply(responseCode, text));
      return send();
    };
    expect(await afterDot(452, '4.3.1 no space')).toEqual({ kind: 'retry', code: 'smtp-452', scope: 'message' });
    expect(await afterDot(550, 'looks like spam')).toEqual({ kind: 'permanent', code: 'smtp-550' });
    expect(await afterDot(550, '5.1.1 no such user')).toEqual({ kind: 'badAddress', code: 'smtp-5.1.1' });
    expect(await afterDot(554, '5.7.26 DMARC')).toEqual({ kind: 'retry', code: 'smtp-5.7.26', scope: 'channel' });
  });

  it('knows that nothing was sent when the line goes dead before the message', async () => {
    const lines = new Set<Socket>();
    const server = createServer((line) => {
      lines.add(line);
      line.write('220 here\r\n');
      line.on('data', () => line.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const channel = email.open(plainToInstance(EmailOptions, plainOptions(port)), { fetch });
    const outcome = await channel.send({ address: 'a@b.example' }, fraudCheck, {
      key: 'k',
      now: 0,
      signal: new AbortController().signal,
    });
    expect(outcome).toMatchObject({ kind: 'retry', scope: 'message' });
    await new Promise((resolve) => server.close(resolve));
  });

  it('gives up on a server that never greets', async () => {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const options = plainOptions((server.address() as AddressInfo).port, { greetingTimeoutMs: 100 });
    const channel = email.open(plainToInstance(EmailOptions, options), { fetch });
    const outcome = await channel.send({ address: 'a@b.example' }, fraudCheck, {
      key: 'k',
      now: 0,
      signal: new AbortController().signal,
    });
    expect(outcome).toEqual({ kind: 'retry', code: 'smtp-etimedout', scope: 'message', nothingLeft: true });
    server.close();
  });

  it('takes an address that is none for what it is', async () => {
    const { receiver, send } = await given();
    for (const address of ['', 'nobody', 'a@b@c', 'a b@c.example', 'a@c.example>']) {
      expect(await send({}, address)).toEqual({ kind: 'badAddress', code: 'address-invalid', nothingLeft: true });
    }
    expect(receiver.mails).toEqual([]);
  });

  it('never takes silence after the message for a no', () => {
    for (const code of ['ECONNECTION', 'ETIMEDOUT', 'ESOCKET', 'ETLS', 'ABORTED', 'EPROTOCOL']) {
      expect(outcomeOfFailure({ code, command: 'CONN', bodyLeft: true })).toEqual({
        kind: 'unknown',
        code: `smtp-${code.toLowerCase()}`,
      });
      expect(outcomeOfFailure({ code, command: 'CONN', bodyLeft: false }).kind).toBe('retry');
    }
  });
});
