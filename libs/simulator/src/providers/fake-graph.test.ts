import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startFakeGraph } from './fake-graph.ts';
import type { FakeGraph } from './fake-graph.ts';

const secrets = { pageId: '555', accessToken: 'tok', appSecret: 'sec' };
const templates = [{ name: 'check', language: 'en', parameters: ['amount'], buttons: ['No'] }];
const proof = createHmac('sha256', 'sec').update('tok').digest('hex');

let clock = 1_000;
let fake: FakeGraph;
beforeEach(async () => {
  clock = 1_000;
  fake = await startFakeGraph({ ...secrets, templates, now: () => clock });
});
afterEach(() => fake.stop());

interface GraphBody {
  readonly message_id?: string;
  readonly error?: { readonly code: number; readonly error_subcode?: number; readonly message: string };
}
const post = async (body: object | string, how: { path?: string; token?: string; type?: string } = {}) => {
  const { path = `/v25.0/555/messages?appsecret_proof=${proof}`, token = 'tok', type = 'application/json' } = how;
  const response = await fetch(`${fake.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': type },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const { error } = (await response.json()) as GraphBody;
  return error === undefined
    ? 'taken'
    : [error.code, error.error_subcode].filter((part) => part !== undefined).join('/');
};
const free = (message: object, more: object = {}): object => ({
  recipient: { id: '7001' },
  messaging_type: 'RESPONSE',
  message,
  ...more,
});
const utility = (components: object[], name = 'check'): object => ({
  recipient: { id: '7001' },
  messaging_type: 'UTILITY',
  message: { template: { name, language: { code: 'en' }, components } },
});
const body = { type: 'body', parameters: [{ type: 'text', parameter_name: 'amount', text: '1 EUR' }] };
const buttons = { type: 'buttons', parameters: [{ type: 'POSTBACK', payload: 'N' }] };

describe('the fake Messenger Platform', () => {
  it('takes nothing without the right path, token, proof and type', async () => {
    fake.openWindow('7001');
    expect(await post(free({ text: 'x' }))).toBe('taken');
    expect(await post(free({ text: 'x' }), { token: 'other' })).toBe('190');
    expect(await post(free({ text: 'x' }), { path: '/v25.0/555/messages' })).toBe('100');
    expect(await post(free({ text: 'x' }), { path: `/v24.0/555/messages?appsecret_proof=${proof}` })).toBe('2500');
    expect(await post(free({ text: 'x' }), { path: `/v25.0/556/messages?appsecret_proof=${proof}` })).toBe('2500');
    expect(await post(free({ text: 'x' }), { type: 'text/plain' })).toBe('100');
    expect(await post('{')).toBe('100');
    expect(fake.visible('7001')).toHaveLength(1);
  });

  it('has a window that closes', async () => {
    expect(await post(free({ text: 'x' }))).toBe('10/2018278');
    fake.events.says('7001', 'hello');
    expect(await post(free({ text: 'x' }))).toBe('taken');
    expect(await post(free({ text: 'x' }, { messaging_type: 'UPDATE' }))).toBe('taken');
    clock += 24 * 3_600_000;
    expect(await post(free({ text: 'x' }))).toBe('10/2018278');
    fake.openWindow('7001', clock + 1);
    expect(await post(free({ text: 'x' }))).toBe('taken');
    fake.closeWindow('7001');
    expect(await post(free({ text: 'x' }))).toBe('10/2018278');
  });

  it('takes no dead tag, no surplus field and nothing that is too long', async () => {
    fake.openWindow('7001');
    for (const tag of ['ACCOUNT_UPDATE', 'CONFIRMED_EVENT_UPDATE', 'POST_PURCHASE_UPDATE', 'HUMAN_AGENT']) {
      expect(await post(free({ text: 'x' }, { messaging_type: 'MESSAGE_TAG', tag }))).toBe('100');
    }
    expect(await post(free({ text: 'x'.repeat(2_001) }))).toBe('100/2018109');
    expect(await post(free({ text: '' }))).toBe('100');
    expect(await post(free({ text: 'x', surprise: 1 }))).toBe('100');
    expect(await post(free({ text: 'x' }, { customer: 'cus-1' }))).toBe('100');
    expect(await post(free({ text: 'x', metadata: 'k'.repeat(1_000) }))).toBe('100');
    const reply = { content_type: 'text', title: 'Yes', payload: 'Y' };
    expect(await post(free({ text: 'x', quick_replies: [reply] }))).toBe('taken');
    expect(await post(free({ text: 'x', quick_replies: [{ ...reply, title: 'x'.repeat(21) }] }))).toBe('100');
    expect(await post(free({ text: 'x', quick_replies: Array.from({ length: 14 }, () => reply) }))).toBe('100');
  });

  it('takes a template with all its variables and buttons, outside the window too', async () => {
    expect(await post(utility([body, buttons]))).toBe('taken');
    expect(await post(utility([body]))).toBe('100');
    expect(await post(utility([buttons]))).toBe('100');
    expect(await post(utility([body, buttons], 'unknown'))).toBe('100/2018047');
    const unnamed = { type: 'body', parameters: [{ type: 'text', text: '1 EUR' }] };
    expect(await post(utility([unnamed, buttons]))).toBe('100');
    const other = {
      recipient: { id: '7001' },
      messaging_type: 'UTILITY',
      template: { name: 'check', language: { code: 'en' }, components: [body, buttons] },
    };
    expect(await post(other)).toBe('100');
  });

  it('shows what the customer sees, also when the caller gets no answer', async () => {
    fake.openWindow('7001');
    fake.script({ times: 1, fault: { kind: 'answer', status: 500, accept: true } });
    fake.script({ times: 1, fault: { kind: 'drop-after-body', accept: true } });
    fake.script({ times: 1, fault: { kind: 'drop-after-body' } });
    fake.script({ times: 1, fault: { kind: 'drop-before-body' } });
    fake.script({ times: 1, fault: { kind: 'never-answer' } });
    const outcomes: string[] = [];
    for (const text of ['a', 'b', 'c', 'd', 'e']) {
      const response = fetch(`${fake.url}/v25.0/555/messages?appsecret_proof=${proof}`, {
        method: 'POST',
        headers: { authorization: 'Bearer tok', 'content-type': 'application/json' },
        body: JSON.stringify(free({ text, metadata: `k-${text}` })),
        ...(text === 'e' ? { signal: AbortSignal.timeout(100) } : {}),
      });
      outcomes.push(
        await response.then(
          ({ status }) => String(status),
          (error: Error) => error.name,
        ),
      );
    }
    expect(outcomes).toEqual(['TypeError', '500', 'TypeError', 'TypeError', 'TimeoutError']);
    expect(fake.visible('7001').map(({ text, key }) => [text, key])).toEqual([
      ['b', 'k-b'],
      ['c', 'k-c'],
      ['e', 'k-e'],
    ]);
    expect(fake.received().map(({ outcome }) => outcome)).toEqual([
      'drop-before-body',
      'answer',
      'drop-after-body',
      'drop-after-body',
      'never-answer',
    ]);
  });

  it('signs what it sends, in escaped bytes, as often and as wrongly as asked', async () => {
    const calls: { body: string; signature: string | undefined }[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        calls.push({
          body: Buffer.concat(chunks).toString('latin1'),
          signature: request.headers['x-hub-signature-256']?.toString(),
        });
        response.end('EVENT_RECEIVED');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const event = fake.events.says('7001', 'Не 👍');
    expect(await fake.deliver([event], { url, times: 2 })).toEqual({ status: 200, body: 'EVENT_RECEIVED' });
    await fake.deliver([event], { url, wrongSignature: true });
    await fake.deliver([event], { url, unsigned: true });
    server.close();
    expect(calls).toHaveLength(4);
    expect(calls[0]!.body).toContain('\\u041d\\u0435 \\ud83d\\udc4d');
    const right = `sha256=${createHmac('sha256', 'sec').update(calls[0]!.body).digest('hex')}`;
    expect(calls.map(({ signature }) => signature === right)).toEqual([true, true, false, false]);
    expect(calls[3]!.signature).toBeUndefined();
  });

  it('reports on its own where asked to', async () => {
    await fake.stop();
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      request.on('data', (chunk: Buffer) => bodies.push(chunk.toString()));
      request.on('end', () => response.end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const webhookUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    fake = await startFakeGraph({
      ...secrets,
      templates,
      webhookUrl,
      reports: ['delivered', 'read'],
      now: () => clock,
    });
    await post(utility([body, buttons]));
    for (let tries = 0; bodies.length === 0 && tries < 200; tries++)
      await new Promise((resolve) => setTimeout(resolve, 5));
    server.close();
    expect(JSON.parse(bodies[0]!)).toMatchObject({
      object: 'page',
      entry: [{ messaging: [{ delivery: { mids: ['m_00000001'] } }, { read: { watermark: 1_000 } }] }],
    });
  });
});
