import { defineChannel } from '@tocsin/core';
import { outcomeOfFailure } from './email-errors.ts';
import { EmailOptions } from './email-options.ts';

/** E-mail by SMTP, plain text only. Bounces and answers by mail are not read yet, so acceptance is the last that is known. */
export const email = defineChannel({
  id: 'email',
  title: 'E-mail',
  options: EmailOptions,
  capabilities: {
    maxLength: 10_000,
    buttons: false,
    receipts: false,
    replies: false,
    window: false,
    perSecond: 100,
    thirdParty: false,
    // What travels by mail stands in mailboxes for years: the wider classes only by the customer's own setting.
    defaultClasses: ['existence', 'time'],
  },
  provider: ({ host, login }) => ({ name: host, account: login?.user ?? '' }),
  open(options) {
    // Here and not above: a service that sends no mail does without what composes it.
    const loaded = Promise.all([import('./email-message.ts'), import('./smtp-session.ts')]);
    return {
      async send(recipient, message, context) {
        const [{ composeMail }, { smtpSession }] = await loaded;
        if (!/^[^\s@<>]+@[^\s@<>]+$/.test(recipient.address))
          return { kind: 'badAddress', code: 'address-invalid', nothingLeft: true };
        const mail = await composeMail(options, recipient, message, context);
        const result = await smtpSession(options, mail, context.signal);
        if (result.kind === 'failed') return outcomeOfFailure(result);
        const queueId = queueIdIn(result.response);
        return { kind: 'accepted', ref: queueId === undefined ? mail.messageId : `${mail.messageId} ${queueId}` };
      },
    };
  },
});

/** The server's own id of the message, for the operator who follows it in the server's log. */
const queueIdIn = (response: string): string | undefined =>
  /\b(?:queued as|id=)\s*([A-Za-z0-9.-]{1,64})/i.exec(response)?.[1];
