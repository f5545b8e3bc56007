import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { CannotStart } from '../cannot-start.ts';

/** An address that is listened on, as a URL. */
export const urlAt = (host: string, port: number): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${port}`;

/** Nobody else may listen there. @throws CannotStart that says who does, where that can be seen, and what to do */
export async function assertFree(host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => reject(cannotListen(host, port, error)));
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}

/** What keeps us from listening, as something that a person can act on. */
export function cannotListen(host: string, port: number, error: NodeJS.ErrnoException): Error {
  if (error.code === 'EADDRINUSE') {
    const holder = holderOf(port);
    const who = holder === undefined ? 'another process' : `process ${holder.pid} (${holder.name})`;
    return new CannotStart(`Port ${port} on ${host} is taken by ${who}: end it, or set http.port to a free one.`, {
      cause: error,
    });
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new CannotStart(`This machine has no address ${host}: set http.host to one that it has.`, { cause: error });
  }
  if (error.code === 'EACCES') {
    return new CannotStart(`Port ${port} needs more rights than this process has: set http.port to one above 1023.`, {
      cause: error,
    });
  }
  return error;
}

/** Who listens on a port, where the operating system shows it (Linux, own processes); else undefined. */
function holderOf(port: number): { readonly pid: number; readonly name: string } | undefined {
  try {
    const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeningInodes(table, port)));
    if (inodes.size === 0) return undefined;
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      if (holds(pid, inodes)) return { pid: Number(pid), name: readFileSync(`/proc/${pid}/comm`, 'utf8').trim() };
    }
  } catch {
    // Another operating system, or not ours to see.
  }
  return undefined;
}

/** Columns of the kernel's table: local address as hex `address:port`, state (0A listens), and in the tenth place the inode. */
function listeningInodes(table: string, port: number): readonly string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  try {
    return readFileSync(table, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((columns) => columns[1]?.endsWith(suffix) === true && columns[3] === '0A')
      .map((columns) => `socket:[${columns[9]}]`);
  } catch {
    return [];
  }
}

function holds(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => inodes.has(readlinkOr(`/proc/${pid}/fd/${fd}`)));
  } catch {
    return false;
  }
}

function readlinkOr(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
