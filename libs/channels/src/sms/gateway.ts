import { plainNumber } from '@tocsin/core';
import type { ChannelTools, OpenChannel, Outcome } from '@tocsin/core';
import { hmac } from '../hmac.ts';
import { exchange, outcomeOfStatus, retryAfterMs } from '../http.ts';
import { atPointer, parseJson, textOf } from '../json.ts';
import type { AnswerTest, GatewayAuth, GatewayOptions } from './gateway-options.ts';
import { fillTemplate } from './gateway-template.ts';

/** Sends through a gateway that is described by templates. */
export function openGateway(options: GatewayOptions, tools: ChannelTools): OpenChannel {
  const { method, contentType, from } = options;
  const template = contentType === 'application/json' ? options.body : options.form;

  return {
    async send({ address }, { text, language }, { key, now, signal }) {
      if (text.length > options.maxLength) return { kind: 'permanent', code: 'text-too-long', nothingLeft: true };
      // With or without a plus is the gateway's to say. Some take a blank for the beginning of another number.
      const values = { to: plainNumber(address), text, key, from, language };
      const body = method === 'GET' || template === undefined ? undefined : fillTemplate(template, values);
      const headers = {
        ...(body === undefined ? {} : { 'content-type': contentType }),
        ...Object.fromEntries(
          options.headers.map(({ name, value }) => [name.toLowerCase(), fillTemplate(value, values)]),
        ),
        ...authHeaders(options.auth, body ?? ''),
      };
      const url = fillTemplate(options.url, values);
      const answer = await exchange(tools, { url, method, headers, ...(body === undefined ? {} : { body }) }, signal);
      if (answer.kind === 'failed') return answer.outcome;
      return outcomeOfAnswer(options, answer, key, retryAfterMs(answer.headers, now));
    },
  };
}

function authHeaders(auth: GatewayAuth, body: string): Record<string, string> {
  const secret = auth.secret ?? '';
  const header = (auth.header ?? '').toLowerCase();
  switch (auth.kind) {
    case 'none':
      return {};
    case 'basic':
      return { authorization: `Basic ${Buffer.from(`${auth.user ?? ''}:${secret}`).toString('base64')}` };
    case 'bearer':
      return { authorization: `Bearer ${secret}` };
    case 'header':
      return { [header]: secret };
    case 'hmac-sha256':
      return { [header]: auth.prefix + hmac('sha256', secret, body).toString(auth.encoding) };
  }
}

function outcomeOfAnswer(
  options: GatewayOptions,
  answer: { readonly status: number; readonly text: string },
  key: string,
  afterMs: number | undefined,
): Outcome {
  const { status } = answer;
  const row = options.errors.find((candidate) => holds(candidate, answer));
  if (row !== undefined) {
    if (row.becomes !== 'retry') return { kind: row.becomes, code: row.code };
    return { kind: 'retry', code: row.code, scope: row.scope, ...(afterMs === undefined ? {} : { afterMs }) };
  }
  const fine = status >= 200 && status < 300;
  if (options.success === undefined ? fine : holds(options.success, answer)) {
    const id =
      options.idPointer === undefined ? undefined : textOf(atPointer(parseJson(answer.text), options.idPointer));
    return { kind: 'accepted', ref: id ?? key };
  }
  // A 2xx that fails the success test says neither yes nor no.
  if (fine) return { kind: 'unknown', code: 'gateway-not-success' };
  if (status >= 400 && status < 500 && status !== 429) return { kind: 'permanent', code: `gateway-http-${status}` };
  return outcomeOfStatus('gateway', status, afterMs);
}

/** An empty test never holds, so a forgotten field cannot swallow every answer. */
function holds(test: AnswerTest, { status, text }: { readonly status: number; readonly text: string }): boolean {
  const { statuses, pointer, equals, pattern } = test;
  if (statuses === undefined && pointer === undefined && pattern === undefined) return false;
  if (statuses !== undefined && !statuses.includes(status)) return false;
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(text)) return false;
  if (pointer === undefined) return true;
  const found = textOf(atPointer(parseJson(text), pointer));
  return equals === undefined ? found !== undefined : found === equals;
}
