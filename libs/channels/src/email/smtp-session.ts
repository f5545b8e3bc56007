import { Readable } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { handshakeFailed } from '../http.ts';
import type { Mail } from './email-message.ts';
import type { EmailOptions } from './email-options.ts';
import type { SmtpFailure } from './email-errors.ts';

export type SessionResult =
  { readonly kind: 'taken'; readonly response: string } | ({ readonly kind: 'failed' } & SmtpFailure);

/**
 * One SMTP session for one message. nodemailer's own transports are not used: the pool sends a message again when its
 * connection closes in the middle, and none of them tells whether the message's bytes had begun to leave.
 */
export function smtpSession(options: EmailOptions, mail: Mail, signal: AbortSignal): Promise<SessionResult> {
  if (signal.aborted) return Promise.resolve({ kind: 'failed', code: 'ABORTED', command: 'API', bodyLeft: false });
  return new Promise((resolve) => {
    const connection = new SMTPConnection({
      host: options.host,
      port: options.port,
      secure: options.secure,
      requireTLS: options.requireTls && !options.secure,
      connectionTimeout: options.connectTimeoutMs,
      dnsTimeout: options.connectTimeoutMs,
      greetingTimeout: options.greetingTimeoutMs,
      socketTimeout: options.idleTimeoutMs,
      name: mail.messageId.slice(mail.messageId.indexOf('@') + 1, -1),
      logger: false,
      ...(options.ca === undefined ? {} : { tls: { ca: options.ca } }),
    });
    // Nobody pulls on the message before the server has answered DATA with 354; from then on it may have been seen.
    let bodyLeft = false;
    const body = new Readable({
      read() {
        bodyLeft = true;
        this.push(mail.bytes);
        this.push(null);
      },
    });

    let ended = false;
    const end = (result: SessionResult): void => {
      if (ended) return;
      ended = true;
      signal.removeEventListener('abort', aborted);
      if (result.kind === 'taken') connection.quit();
      else connection.close();
      resolve(result);
    };
    const fail = (error: unknown): void => {
      const {
        code: found,
        originalCode,
        command,
        responseCode,
        response,
      } = error as Partial<SmtpFailure> & { originalCode?: string };
      // nodemailer calls a refused certificate a socket error, and keeps the reason beside it.
      const code = handshakeFailed.test(originalCode ?? '') ? 'ETLS' : found;
      end({ kind: 'failed', code, command, responseCode, response, bodyLeft });
    };
    const aborted = (): void => end({ kind: 'failed', code: 'ABORTED', command: 'API', bodyLeft });
    signal.addEventListener('abort', aborted, { once: true });
    // Stays attached: an error that comes after the end must not bring the process down.
    connection.on('error', fail);

    const send = (): void => {
      connection.send({ ...mail.envelope, size: mail.bytes.byteLength }, body, (error, info) => {
        if (error !== null || info === undefined) fail(error ?? {});
        else end({ kind: 'taken', response: info.response });
      });
    };
    connection.connect((error) => {
      if (error !== undefined && error !== null) return fail(error);
      if (options.login === undefined) return send();
      const { user, password } = options.login;
      connection.login({ user, pass: password }, (refused) =>
        refused === null || refused === undefined ? send() : fail(refused),
      );
    });
  });
}
