import { createHash } from 'node:crypto';
import DKIM from 'nodemailer/lib/dkim';
import MailComposer from 'nodemailer/lib/mail-composer';
import type { Recipient, RenderedMessage, SendContext } from '@tocsin/core';
import { hmac } from '../hmac.ts';
import type { EmailOptions } from './email-options.ts';

/** A message as it goes over the wire. */
export interface Mail {
  readonly envelope: { readonly from: string; readonly to: string };
  readonly messageId: string;
  readonly bytes: Buffer;
}

/** What the DKIM signature covers; RFC 8058 demands the last two. */
const signedHeaders =
  'From:To:Subject:Date:Message-ID:Reply-To:MIME-Version:Content-Type:Content-Transfer-Encoding:Auto-Submitted:List-Unsubscribe:List-Unsubscribe-Post';

/** Composes one plain-text mail. Every value is stripped of line breaks before it enters a header. */
export async function composeMail(
  options: EmailOptions,
  recipient: Recipient,
  message: RenderedMessage,
  { key, now }: Pick<SendContext, 'key' | 'now'>,
): Promise<Mail> {
  const id = idOf(key);
  const messageId = `<${id}@${options.messageIdDomain ?? domainOf(options.from)}>`;
  const from = oneLine(options.from);
  const node = new MailComposer({
    from: { name: oneLine(options.fromName), address: from },
    to: { name: '', address: oneLine(recipient.address) },
    ...(options.replyTo === undefined ? {} : { replyTo: oneLine(options.replyTo) }),
    subject: oneLine(message.subject),
    text: message.text,
    messageId,
    date: new Date(now),
    headers: {
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
      ...unsubscribeHeaders(options, message, id),
    },
    // A plain text reads no files and no addresses; should a value ever look like one, it must not.
    disableFileAccess: true,
    disableUrlAccess: true,
    xMailer: false,
  }).compile();
  const built = await node.build();
  return {
    envelope: { from: envelopeSender(options, id), to: oneLine(recipient.address) },
    messageId,
    bytes: options.dkim === undefined ? built : await signed(options.dkim, built),
  };
}

/** The key as a local part: as it is where it can be one, else its hash. Opaque either way, and the same on each attempt. */
export const idOf = (key: string): string =>
  /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,46}$/.test(key) && !key.includes('..') && !key.endsWith('.')
    ? key
    : createHash('sha256').update(key).digest('hex').slice(0, 32);

/** `bounce+<id>.<first 8 hex digits of an HMAC>@domain`; the visible sender where no bounce domain is set. */
export function envelopeSender({ bounces, from }: EmailOptions, id: string): string {
  if (bounces === undefined) return oneLine(from);
  return `bounce+${id}.${hmac('sha256', bounces.secret, id).toString('hex').slice(0, 8)}@${bounces.domain}`;
}

function unsubscribeHeaders(
  { unsubscribe }: EmailOptions,
  message: RenderedMessage,
  id: string,
): Record<string, string> {
  if (unsubscribe === undefined || unsubscribe.notOn.includes(message.template.name)) return {};
  const token = `${id}.${hmac('sha256', unsubscribe.secret, id).toString('hex').slice(0, 32)}`;
  return {
    'List-Unsubscribe': `<${unsubscribe.url.replace(/\/+$/, '')}/${token}>`,
    'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
  };
}

async function signed(
  { domain, selector, privateKey }: NonNullable<EmailOptions['dkim']>,
  bytes: Buffer,
): Promise<Buffer> {
  const signer = new DKIM({ domainName: domain, keySelector: selector, privateKey, headerFieldNames: signedHeaders });
  const chunks: Buffer[] = [];
  for await (const chunk of signer.sign(bytes)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Header injection needs a line break; other control characters have no place in a header either. */
const oneLine = (value: string): string => value.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ').trim();

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1);
