import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { startGuarded } from './guarded-process.ts';
import { needTool } from './tool.ts';
import { waitUntil } from './wait-until.ts';

export interface RedisOptions {
  /** Where its files lie. Such a folder is the caller's and stays; without one, a temporary folder is made and removed. */
  readonly dir?: string;
  /** Default: a free one. Give the former one to start again at the same address. */
  readonly port?: number;
  /** An append-only file, flushed every second. Default false. */
  readonly appendonly?: boolean;
  readonly requirepass?: string;
  /** Further configuration, as on the command line: `{ 'maxmemory-policy': 'allkeys-lru' }`. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

export interface RunningRedis {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  readonly dir: string;
  /** Ends it in order (SIGTERM) and removes its folder where that was temporary. */
  stop(): Promise<void>;
  /** `kill -9`; the folder stays, also a temporary one, until `stop`. */
  kill(): Promise<void>;
}

/** Does a Redis at the address answer PING? One that demands a password does so with an error, which is an answer too. */
export const redisAnswers = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2_000, () => done(false));
    socket.on('error', () => done(false));
    socket.on('close', () => done(false));
    socket.on('connect', () => socket.write('PING\r\n'));
    socket.on('data', (chunk) => done(/^(\+PONG|-NOAUTH)/.test(chunk.toString('latin1'))));
  });

/** Starts a private Redis on loopback, ready when it returns. It neither saves nor evicts unless told to. */
export async function startRedis(options: RedisOptions = {}): Promise<RunningRedis> {
  const server = needTool('redis-server');
  const port = options.port ?? (await freePort());
  const temporary = options.dir === undefined;
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'tocsin-redis-'));
  mkdirSync(dir, { recursive: true });
  const settings = {
    bind: '127.0.0.1',
    port,
    dir,
    save: '',
    appendonly: options.appendonly ? 'yes' : 'no',
    'maxmemory-policy': 'noeviction',
    ...(options.requirepass === undefined ? {} : { requirepass: options.requirepass }),
    ...options.settings,
  };
  const redis = startGuarded(
    server,
    Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
    { outputFile: join(dir, 'redis.out'), ...(temporary ? { temporaryFolder: dir } : {}) },
  );
  const clear = (): void => {
    if (temporary) rmSync(dir, { recursive: true, force: true });
  };
  try {
    await waitUntil(
      () => `Redis to answer; it said: ${redis.lastWords()}`,
      () => {
        if (!redis.running()) throw new Error(`Redis ended at its start: ${redis.lastWords()}`);
        return redisAnswers('127.0.0.1', port);
      },
    );
  } catch (error) {
    await redis.end('SIGKILL');
    clear();
    throw error;
  }
  return {
    host: '127.0.0.1',
    port,
    pid: redis.pid,
    dir,
    stop: async () => {
      await redis.end('SIGTERM');
      clear();
    },
    kill: () => redis.end('SIGKILL'),
  };
}
