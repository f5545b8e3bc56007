import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectSecurely } from 'node:tls';
import type { Authority, Certificate } from './certificates.ts';
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
  /** Speaks TLS only, with clients, replicas and other nodes alike, and demands a certificate of each of them. */
  readonly tls?: RedisTls;
  /** ACL users, each a line such as `tocsin on >secret ~* +@all`. What it says of `default` holds for everybody else. */
  readonly users?: readonly string[];
  /** Further configuration, as on the command line: `{ 'maxmemory-policy': 'allkeys-lru' }`. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

export interface RedisTls {
  readonly authority: Pick<Authority, 'ca' | 'caFile'>;
  readonly certificate: Certificate;
}

export interface RunningRedis {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  readonly dir: string;
  /** One command by redis-cli, as the default user or as another (`--user`, `--pass`). @throws Error with its words */
  cli(...parameters: readonly (string | number)[]): string;
  /** Ends it in order (SIGTERM) and removes its folder where that was temporary. */
  stop(): Promise<void>;
  /** `kill -9`; the folder stays, also a temporary one, until `stop`. */
  kill(): Promise<void>;
}

const answersPing = (socket: ReturnType<typeof connect>, greeting: 'connect' | 'secureConnect'): Promise<boolean> =>
  new Promise((resolve) => {
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2_000, () => done(false));
    socket.on('error', () => done(false));
    socket.on('close', () => done(false));
    socket.on(greeting, () => socket.write('PING\r\n'));
    socket.on('data', (chunk) => done(/^(\+PONG|-NOAUTH)/.test(chunk.toString('latin1'))));
  });

/** Does a Redis at the address answer PING? One that demands a password does so with an error, which is an answer too. */
export const redisAnswers = (host: string, port: number, tls?: RedisTls): Promise<boolean> =>
  tls === undefined
    ? answersPing(connect({ host, port }), 'connect')
    : answersPing(
        connectSecurely({ host, port, ca: tls.authority.ca, cert: tls.certificate.cert, key: tls.certificate.key }),
        'secureConnect',
      );

/** Settings of Redis, and of Sentinel, for TLS and nothing but TLS on this port. */
export const tlsSettings = (port: number, { authority, certificate }: RedisTls): Record<string, string | number> => ({
  port: 0,
  'tls-port': port,
  'tls-ca-cert-file': authority.caFile,
  'tls-cert-file': certificate.files.cert,
  'tls-key-file': certificate.files.key,
  'tls-auth-clients': 'yes',
  'tls-replication': 'yes',
  'tls-cluster': 'yes',
});

/** redis-cli towards a server on loopback. */
export function redisCli(port: number, tls: RedisTls | undefined, parameters: readonly (string | number)[]): string {
  const secured =
    tls === undefined
      ? []
      : [
          '--tls',
          '--cacert',
          tls.authority.caFile,
          '--cert',
          tls.certificate.files.cert,
          '--key',
          tls.certificate.files.key,
        ];
  const { status, stdout, stderr } = spawnSync(
    needTool('redis-cli'),
    ['-h', '127.0.0.1', '-p', String(port), '--no-auth-warning', '-e', ...secured, ...parameters.map(String)],
    { encoding: 'utf8', timeout: 10_000 },
  );
  if (status !== 0) throw new Error(`redis-cli ${parameters.join(' ')} failed: ${stdout}${stderr}`);
  return stdout.trim();
}

/** Starts a private Redis on loopback, ready when it returns. It neither saves nor evicts unless told to. */
export async function startRedis(options: RedisOptions = {}): Promise<RunningRedis> {
  const server = needTool('redis-server');
  const port = options.port ?? (await freePort());
  const temporary = options.dir === undefined;
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'tocsin-redis-'));
  mkdirSync(dir, { recursive: true });
  const settings = {
    bind: '127.0.0.1',
    ...(options.tls === undefined ? { port } : tlsSettings(port, options.tls)),
    dir,
    save: '',
    appendonly: options.appendonly ? 'yes' : 'no',
    'maxmemory-policy': 'noeviction',
    ...(options.requirepass === undefined ? {} : { requirepass: options.requirepass }),
    ...(options.users === undefined ? {} : { aclfile: join(dir, 'users.acl') }),
    ...options.settings,
  };
  if (options.users !== undefined) {
    writeFileSync(join(dir, 'users.acl'), options.users.map((user) => `user ${user}\n`).join(''));
  }
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
        return redisAnswers('127.0.0.1', port, options.tls);
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
    cli: (...parameters) => redisCli(port, options.tls, parameters),
    stop: async () => {
      await redis.end('SIGTERM');
      clear();
    },
    kill: () => redis.end('SIGKILL'),
  };
}
