import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quietPorts, startRedis, waitUntil } from '@tocsin/testing';
import type { RunningRedis } from '@tocsin/testing';
import { TcpProxy } from './tcp-proxy.ts';

interface Member {
  readonly dir: string;
  readonly port: number;
  server: RunningRedis | undefined;
}

/**
 * A primary and its replica, both with an append-only file. Everybody else reaches the primary through proxies of their
 * own, which follow it; the replica reaches it through a proxy of its own, whose traffic can be stopped so that it lags.
 */
export class RedisPair {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tocsin-pair-'));
  readonly #doors: TcpProxy[] = [];
  readonly #link: TcpProxy;
  #primary: Member;
  #replica: Member;
  #copies = 0;

  private constructor(link: TcpProxy, primary: Member, replica: Member) {
    this.#link = link;
    this.#primary = primary;
    this.#replica = replica;
  }

  static async open(): Promise<RedisPair> {
    const [linkPort, ...ports] = await quietPorts(3);
    const pair = new RedisPair(
      await TcpProxy.open(linkPort!),
      { dir: '', port: ports[0]!, server: undefined },
      { dir: '', port: ports[1]!, server: undefined },
    );
    pair.#primary = pair.#fresh(ports[0]!);
    pair.#replica = pair.#fresh(ports[1]!);
    try {
      await pair.#startPrimary();
      await pair.#startReplica();
    } catch (error) {
      await pair.close();
      throw error;
    }
    return pair;
  }

  #fresh(port: number): Member {
    return { dir: join(this.#folder, `member-${(this.#copies += 1)}`), port, server: undefined };
  }

  /** A way to the primary, wherever it is. */
  async door(): Promise<TcpProxy> {
    const [port] = await quietPorts(1);
    const door = await TcpProxy.open(port!);
    door.lead(this.#primary.port);
    this.#doors.push(door);
    return door;
  }

  async #startPrimary(): Promise<void> {
    const { dir, port } = this.#primary;
    this.#primary.server = await startRedis({ dir, port, appendonly: true, settings: this.#settings() });
    await this.#loaded(port);
    this.#link.lead(port);
    for (const door of this.#doors) door.lead(port);
  }

  async #startReplica(): Promise<void> {
    const { dir, port } = this.#replica;
    this.#replica.server = await startRedis({
      dir,
      port,
      appendonly: true,
      settings: { ...this.#settings(), replicaof: `127.0.0.1 ${this.#link.port}` },
    });
  }

  #settings(): Record<string, string | number> {
    return {
      // As in production: who has no replica to confirm takes nothing.
      'min-replicas-to-write': 1,
      'repl-diskless-sync-delay': 0,
      'repl-timeout': 6,
      'repl-ping-replica-period': 1,
      // A rewrite would change the files in the middle of a copy.
      'auto-aof-rewrite-percentage': 0,
      'repl-diskless-load': 'swapdb',
    };
  }

  async #loaded(port: number): Promise<void> {
    await waitUntil('Redis to have loaded its file', async () => !(await ask(port, 'PING')).startsWith('-LOADING'), {
      withinMs: 30_000,
    });
  }

  /** The primary has a replica that is up to date, so that it takes writes. */
  async whole(): Promise<void> {
    await waitUntil(
      'the replica to follow the primary',
      async () => (await ask(this.#primary.port, 'ROLE')).includes(String(this.#replica.port)),
      { withinMs: 40_000, everyMs: 100 },
    );
  }

  /** The replica has heard all that the primary knows at a moment without writes. */
  async level(): Promise<void> {
    await waitUntil(
      'the replica to have heard all',
      async () => {
        const info = await ask(this.#primary.port, 'INFO replication');
        const known = /^master_repl_offset:(\d+)/m.exec(info)?.[1];
        return known !== undefined && info.includes(`state=online,offset=${known},`);
      },
      { withinMs: 40_000, everyMs: 100 },
    );
  }

  /** `kill -9`, and up again on what its file holds. */
  async crash(awayMs: number): Promise<void> {
    await this.#primary.server?.kill();
    await rest(awayMs);
    await this.#startPrimary();
  }

  /** As after a power loss or an operator's restore: the file is put back to what it was some time ago. */
  async restoreOlder(ageMs: number, awayMs: number): Promise<void> {
    const restore = this.remember();
    await rest(ageMs);
    await restore(awayMs);
  }

  /** Copies the file now; what it returns kills the primary, puts the copy back and starts again. */
  remember(): (awayMs: number) => Promise<void> {
    const copy = join(this.#folder, `copy-${(this.#copies += 1)}`);
    cpSync(this.#primary.dir, copy, { recursive: true });
    return async (awayMs) => {
      await this.#primary.server?.kill();
      rmSync(this.#primary.dir, { recursive: true, force: true });
      cpSync(copy, this.#primary.dir, { recursive: true });
      rmSync(copy, { recursive: true, force: true });
      await rest(awayMs);
      await this.#startPrimary();
    };
  }

  /** The replica hears nothing for a while; then the primary dies, and the replica takes over with what it knows. */
  async failOverToLagging(lagMs: number, awayMs: number): Promise<void> {
    this.#link.weather = { kind: 'silent' };
    await rest(lagMs);
    await this.#primary.server?.kill();
    // What waits in the network is lost with the old primary.
    this.#link.break();
    await rest(awayMs);
    const [old, promoted] = [this.#primary, this.#replica];
    await ask(promoted.port, 'REPLICAOF NO ONE');
    rmSync(old.dir, { recursive: true, force: true });
    this.#primary = promoted;
    this.#replica = this.#fresh(old.port);
    this.#link.weather = { kind: 'fair' };
    this.#link.lead(promoted.port);
    for (const door of this.#doors) door.lead(promoted.port);
    await this.#startReplica();
  }

  async flush(): Promise<void> {
    await ask(this.#primary.port, 'FLUSHALL');
  }

  async close(): Promise<void> {
    await this.#primary.server?.kill();
    await this.#replica.server?.kill();
    for (const door of [...this.#doors, this.#link]) await door.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const rest = (span: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, span));

/** One inline command, and the answer as it comes. */
export const ask = (port: number, command: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.setTimeout(3_000, () => socket.destroy(new Error(`Redis did not answer ${command}.`)));
    socket.once('error', reject);
    socket.once('connect', () => socket.write(`${command}\r\n`));
    socket.once('data', (bytes) => {
      socket.destroy();
      resolve(bytes.toString('utf8'));
    });
  });
