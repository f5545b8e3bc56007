import { Cluster, Redis } from 'ioredis';
import type { ChainableCommander } from 'ioredis';
import { keepConnected, nodesReady, redirected } from './cluster-nodes.ts';
import { RedisError, redisError } from './redis-error.ts';
import { surviveErrors } from './survive-errors.ts';
import { clusterOptions, connectionOptions, defaultTimeout, retryIn } from './redis-options.ts';
import type { TocsinRedisOptions } from './redis-options.ts';

/** A Lua script; all its keys lie in one slot. Sent by its hash, once a connection knows it. */
export interface Script {
  readonly name: string;
  readonly lua: string;
}

export type Argument = string | number | Buffer;
type ScriptCall = (keyCount: number, keys: readonly string[], args: readonly Argument[]) => Promise<unknown>;

/**
 * Adds a script to a pipeline, whole. By its hash it could be unknown to the server, and the client would then send it
 * again after what follows in the pipeline: a WAIT would confirm nothing.
 */
export function addScript(
  commands: ChainableCommander,
  { lua }: Script,
  keys: readonly string[],
  args: readonly Argument[],
): void {
  commands.eval(lua, keys.length, ...keys, ...args);
}

/** One client of Redis, alone, behind Sentinel or as a Cluster. It reconnects for ever and never throws by itself. */
export class RedisConnection {
  readonly #client: Redis | Cluster;
  readonly #timeoutMs: number;
  readonly #opened: Promise<void>;
  #closed = false;

  constructor(options: TocsinRedisOptions, scripts: readonly Script[]) {
    this.#timeoutMs = options.timeoutMs ?? defaultTimeout;
    if (!/^[A-Za-z0-9._-]+$/.test(options.installation)) {
      throw new RedisError('MISCONFIGURED', 'The name of the installation has letters, digits, ".", "_" and "-" only.');
    }
    this.#client =
      options.cluster === undefined
        ? new Redis(connectionOptions(options.redis, this.#timeoutMs))
        : new Cluster([...options.cluster.nodes], clusterOptions(options.cluster, this.#timeoutMs));
    for (const { name, lua } of scripts) this.#client.defineCommand(name, { lua });
    this.#watch(options);
    this.#neverGiveUp();
    if (this.#client instanceof Cluster) keepConnected(this.#client, options.logger);
    this.#opened = this.#firstTry();
  }

  get cluster(): boolean {
    return this.#client instanceof Cluster;
  }

  /** One line when Redis is lost, one when it is back. An error event without a listener would end the process. */
  #watch({ logger }: TocsinRedisOptions): void {
    let lostAt: number | undefined;
    if (this.#client instanceof Redis) surviveErrors(this.#client);
    this.#client.on('error', (error: NodeJS.ErrnoException) => {
      if (lostAt !== undefined || this.#closed) return;
      lostAt = Date.now();
      logger?.warn('Redis is not reachable; trying again for ever.', { reason: error.code ?? error.name });
    });
    this.#client.on('ready', () => {
      if (lostAt === undefined) return;
      logger?.info('Redis is reachable again.', { afterMs: Date.now() - lostAt });
      lostAt = undefined;
    });
  }

  /**
   * ioredis gives up for good when it is told of a fail-over, or cannot make a socket, while it is asking the Sentinels: then it
   * is told to begin again.
   */
  #neverGiveUp(): void {
    this.#client.on('end', () => {
      if (this.#closed) return;
      setTimeout(() => {
        if (!this.#closed) this.#client.connect().catch(() => undefined);
      }, retryIn(1));
    });
  }

  /** Commands issued while the very first connection is being made wait for it; later ones never wait. */
  #firstTry(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#timeoutMs / 2);
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#client.once('ready', () => {
        if (this.#client instanceof Cluster) void nodesReady(this.#client).then(done);
        else done();
      });
      this.#client.once('error', done);
      this.#client.once('end', done);
    });
  }

  /**
   * Does something with the client; one deadline for all of it.
   * @throws RedisError UNAVAILABLE, REFUSED
   */
  async with<T>(work: (client: Redis | Cluster) => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new RedisError('UNAVAILABLE', `Redis did not answer within ${this.#timeoutMs} ms.`)),
        this.#timeoutMs,
      );
    });
    try {
      return await Promise.race([this.#opened.then(() => this.#together(work)), late]);
    } catch (error) {
      throw redisError(error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** What is sent in one turn (the checkpoints, the reads of many partitions) leaves in one piece and costs one write. */
  #together<T>(work: (client: Redis | Cluster) => Promise<T>): Promise<T> {
    const client = this.#client;
    const stream = client instanceof Redis && client.status === 'ready' ? client.stream : undefined;
    if (stream !== undefined && !stream.writableCorked) {
      stream.cork();
      process.nextTick(() => stream.uncork());
    }
    return work(client);
  }

  /** Runs a script; bulk replies come as Buffers. */
  async run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    return this.with((client) => {
      const call = Reflect.get(client, `${script.name}Buffer`) as ScriptCall;
      return call.call(client, keys.length, keys, args);
    });
  }

  /**
   * Commands in one round trip over one connection; bulk replies come as Buffers. On a Cluster they must all concern one
   * key, and go together to wherever it lies now.
   * @throws RedisError, also where only one of them failed
   */
  async pipeline(build: (commands: ChainableCommander) => void): Promise<readonly unknown[]> {
    return this.with(async (client) => {
      let target: Redis | Cluster = client;
      let asking = false;
      for (let attempt = 1; ; attempt++) {
        const commands = target.pipeline();
        if (asking) commands.asking();
        build(commands);
        const results = ((await commands.exec()) ?? []).slice(asking ? 1 : 0);
        const error = results.find(([failure]) => failure !== null)?.[0];
        if (!error) return results.map(([, value]) => value);
        const other = client instanceof Cluster && attempt < 4 ? await redirected(client, error) : undefined;
        if (other === undefined) throw error;
        ({ node: target, asking } = other);
      }
    });
  }

  /** The primaries: the one server, or every master of the Cluster. */
  async primaries(): Promise<readonly Redis[]> {
    return this.with((client) => Promise.resolve(client instanceof Cluster ? client.nodes('master') : [client]));
  }

  async ping(): Promise<void> {
    await this.with((client) => client.ping());
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      if (this.#client.status === 'ready') await this.with((client) => client.quit());
    } catch {
      // It could not be told; the connection is cut all the same.
    } finally {
      this.#client.disconnect();
    }
  }
}
