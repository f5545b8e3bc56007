import type { AddressInfo, Socket } from 'node:net';
import { SMTPServer } from 'smtp-server';
import type { SMTPServerOptions } from 'smtp-server';

/** What it does with a message once it has all of it; or a reply of its own. */
type Behaviour = 'accept' | 'throttle' | 'drop-after-body' | 'never-answer';

export interface ReceivedMail {
  readonly from: string;
  readonly to: string;
  /** As it came over the wire. */
  readonly raw: string;
  readonly secure: boolean;
  readonly user: string | undefined;
  /** Was it answered with 250? */
  readonly accepted: boolean;
}

/** A reply of the server; thrown at it, so it is an error. */
export const reply = (responseCode: number, text: string): Error => Object.assign(new Error(text), { responseCode });

/** A mail server of another hand (npm smtp-server), which behaves as told once it has the whole message. */
export async function startSmtpReceiver(options: SMTPServerOptions = {}) {
  let behaviour: Behaviour | Error = 'accept';
  const mails: ReceivedMail[] = [];
  const lines = new Set<Socket>();
  const server = new SMTPServer({
    authOptional: true,
    // smtp-server closes what it does not answer only after a while; nothing here waits for that.
    closeTimeout: 50,
    logger: false,
    disabledCommands: ['STARTTLS'],
    onAuth: ({ username, password }, _session, done) =>
      password === 'right' ? done(null, { user: username }) : done(reply(535, 'Authentication failed')),
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address).join(','),
          raw: Buffer.concat(chunks).toString('utf8'),
          secure: session.secure,
          user: session.user as string | undefined,
          accepted: behaviour === 'accept',
        });
        if (behaviour === 'accept') return done(null, 'queued as Q' + String(mails.length));
        if (behaviour === 'throttle') return done(reply(451, '4.3.0 Try again later'));
        if (behaviour === 'drop-after-body') {
          for (const line of lines) line.destroy();
        } else if (behaviour !== 'never-answer') done(behaviour);
      });
    },
    ...options,
  });
  // A client that goes away in the middle is what some tests are about.
  server.on('error', () => undefined);
  server.server.on('connection', (line: Socket) => {
    lines.add(line);
    line.once('close', () => lines.delete(line));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    behave: (how: Behaviour | Error): void => void (behaviour = how),
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const line of lines) line.destroy();
      }),
  };
}

export type SmtpReceiver = Awaited<ReturnType<typeof startSmtpReceiver>>;
