import { createHash } from 'node:crypto';
import { chmodSync, realpathSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The folder belongs to a running process. `pid` is null where it does not answer. */
export class FolderTaken extends Error {
  readonly code = 'FOLDER_TAKEN';
  constructor(
    readonly folder: string,
    readonly pid: number | null,
  ) {
    super(
      `The folder ${folder} is in use by ${pid === null ? 'a process that does not answer' : `process ${pid}`}. ` +
        'Two processes cannot share it: stop that one, or name another folder.',
    );
    this.name = 'FolderTaken';
  }
}

export interface FolderHold {
  release(): Promise<void>;
}

/** The address of a Unix socket has room for about 104 bytes; a longer path gets a short stand-in. */
const maxSocketPath = 100;
/** How long a holder may take to say who it is. */
const answerMs = 2_000;

function addressesOf(folder: string): readonly string[] {
  const digest = createHash('sha256').update(folder).digest('hex').slice(0, 24);
  if (process.platform === 'win32') return [`\\\\.\\pipe\\tocsin-${digest}`];
  const inside = join(folder, 'tocsin.sock');
  const standIn = join(tmpdir(), `tocsin-${digest}.sock`);
  return Buffer.byteLength(inside) <= maxSocketPath ? [inside, standIn] : [standIn];
}

/**
 * Holds a folder for this process: listens on a socket in it and tells whoever connects its pid. The operating system
 * gives it up when the process ends, however it ends; a socket file that is left over refuses connections and is replaced.
 * @throws FolderTaken
 */
export async function holdFolder(folder: string): Promise<FolderHold> {
  const real = realpathSync(folder);
  const addresses = addressesOf(real);
  for (const [i, address] of addresses.entries()) {
    try {
      return holdOf(await take(address, real));
    } catch (error) {
      // Some file systems know no sockets; the stand-in lies on one that does.
      if (error instanceof FolderTaken || i === addresses.length - 1) throw error;
    }
  }
  throw new Error('There is always an address to try.');
}

async function take(address: string, folder: string): Promise<Server> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await listen(address);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attempt === 5) throw error;
    }
    const holder = await holderOf(address);
    if (holder !== 'nobody') throw new FolderTaken(folder, holder);
    rmSync(address, { force: true });
  }
}

function listen(address: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end(String(process.pid));
    });
    server.once('error', reject);
    server.listen(address, () => {
      if (process.platform !== 'win32') chmodSync(address, 0o600);
      server.unref();
      resolve(server);
    });
  });
}

function holderOf(address: string): Promise<number | null | 'nobody'> {
  return new Promise((resolve) => {
    const socket = connect(address);
    let said = '';
    socket.setTimeout(answerMs, () => {
      resolve(null);
      socket.destroy();
    });
    socket.on('data', (chunk) => (said += chunk.toString()));
    socket.on('end', () => resolve(/^\d+$/.test(said) ? Number(said) : null));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code === 'ECONNREFUSED' || error.code === 'ENOENT' ? 'nobody' : null);
    });
  });
}

const holdOf = (server: Server): FolderHold => ({
  release: () => new Promise((resolve) => server.close(() => resolve())),
});
