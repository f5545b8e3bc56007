import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, needTool, startGuarded, waitUntil } from '@tocsin/testing';
import type { GuardedProcess } from '@tocsin/testing';

/** One mail as the server took it. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly messageId: string;
  readonly text: string;
  readonly raw: string;
  /** When the server had it, in milliseconds since 1970. */
  readonly at: number;
}

/** postfix's smtp-sink: a mail server that is not ours. It writes each mail into a file of its own. */
export class Mailbox {
  readonly port: number;
  readonly #folder: string;
  readonly #server: GuardedProcess;

  private constructor(port: number, folder: string, server: GuardedProcess) {
    this.port = port;
    this.#folder = folder;
    this.#server = server;
  }

  static async open(): Promise<Mailbox> {
    const folder = mkdtempSync(join(tmpdir(), 'tocsin-mail-'));
    const port = await freePort();
    // As root it insists on becoming somebody else, who must be able to write there.
    const asRoot = process.getuid?.() === 0;
    if (asRoot) chmodSync(folder, 0o777);
    const server = startGuarded(
      needTool('smtp-sink'),
      [...(asRoot ? ['-u', 'nobody'] : []), '-d', join(folder, 'mail.'), `127.0.0.1:${port}`, '200'],
      { outputFile: '/dev/null', temporaryFolder: folder },
    );
    await waitUntil('smtp-sink to listen', () => server.running() && listens(port));
    return new Mailbox(port, folder, server);
  }

  mails(): readonly Mail[] {
    if (!this.#server.running()) throw new Error('smtp-sink has ended.');
    return readdirSync(this.#folder).flatMap((name) => {
      const file = join(this.#folder, name);
      const mail = parse(readFileSync(file, 'utf8'), statSync(file).mtimeMs);
      return mail === undefined ? [] : [mail];
    });
  }

  async close(): Promise<void> {
    await this.#server.end('SIGTERM');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });

/** Undefined while the server is still writing it: before the blank line that ends the headers of the mail itself. */
function parse(raw: string, at: number): Mail | undefined {
  const lines = raw.replaceAll('\r\n', '\n');
  const to = /^X-Rcpt-Args: <(.*)>/m.exec(lines)?.[1];
  const cut = lines.indexOf('\n\n');
  if (to === undefined || cut < 0 || !lines.endsWith('\n\n')) return undefined;
  const head = lines.slice(0, cut).replaceAll(/\n[ \t]+/g, ' ');
  const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'mi').exec(head)?.[1] ?? '';
  return {
    to,
    subject: field('Subject'),
    messageId: field('Message-ID'),
    text: decoded(lines.slice(cut + 2), field('Content-Transfer-Encoding')),
    raw,
    at,
  };
}

function decoded(body: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  if (encoding !== 'quoted-printable') return body;
  const bytes = body
    .replaceAll('=\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
