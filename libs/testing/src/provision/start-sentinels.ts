import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './free-port.ts';
import { startGuarded } from './guarded-process.ts';
import { redisAnswers, redisCli, tlsSettings } from './start-redis.ts';
import type { RedisTls } from './start-redis.ts';
import { needTool } from './tool.ts';
import { waitUntil } from './wait-until.ts';

export interface SentinelOptions {
  /** Its replicas are found out from it. */
  readonly primary: { readonly host: string; readonly port: number };
  /** Default 3. */
  readonly count?: number;
  /** Default `mymaster`. */
  readonly name?: string;
  readonly tls?: RedisTls;
  /** The default user's, of the servers that are watched; where `users` are given, also at the Sentinels. */
  readonly password?: string;
  /** ACL users of the Sentinels themselves, each a line such as `tocsin on >secret +ping`. */
  readonly users?: readonly string[];
  /** How long a primary may be silent before it counts as down. Default 1 s. */
  readonly downAfterMs?: number;
}

export interface RunningSentinels {
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly pids: readonly number[];
  /** Which server the first of them that answers takes for the primary. */
  primary(): { readonly host: string; readonly port: number };
  stop(): Promise<void>;
}

/** Starts Redis Sentinels that know each other and the replicas of what they watch; a majority decides. */
export async function startSentinels(options: SentinelOptions): Promise<RunningSentinels> {
  const { primary, count = 3, name = 'mymaster', tls, password, users, downAfterMs = 1_000 } = options;
  const server = needTool('redis-server');
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-sentinels-'));
  const ports = await freePorts(count);
  const sentinels = ports.map((port) => {
    const file = join(folder, `${port}.conf`);
    const settings = { bind: '127.0.0.1', ...(tls === undefined ? { port } : tlsSettings(port, tls)) };
    const lines = [
      ...Object.entries(settings).map(([key, value]) => `${key} ${value}`),
      `sentinel monitor ${name} ${primary.host} ${primary.port} ${Math.floor(count / 2) + 1}`,
      `sentinel down-after-milliseconds ${name} ${downAfterMs}`,
      `sentinel failover-timeout ${name} 5000`,
      ...(password === undefined ? [] : [`sentinel auth-pass ${name} ${password}`]),
      ...(users ?? []).map((user) => `user ${user}`),
      ...(users === undefined ? [] : [`sentinel sentinel-pass ${password}`]),
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    const outputFile = join(folder, `${port}.out`);
    return { port, process: startGuarded(server, [file, '--sentinel'], { outputFile, temporaryFolder: folder }) };
  });
  const stop = async (): Promise<void> => {
    await Promise.all(sentinels.map(({ process }) => process.end('SIGKILL')));
    rmSync(folder, { recursive: true, force: true });
  };
  const ask = (port: number, ...parameters: readonly string[]): string =>
    redisCli(port, tls, [...(users === undefined ? [] : ['-a', password!]), 'SENTINEL', ...parameters, name]);
  const number = (text: string, field: string): number =>
    Number(new RegExp(`${field}\\n(\\d+)`).exec(text)?.[1] ?? Number.NaN);
  try {
    for (const { port, process } of sentinels) {
      await waitUntil(
        () => `a Sentinel to answer; it said: ${process.lastWords()}`,
        () => redisAnswers('127.0.0.1', port, tls),
      );
      await waitUntil(
        () => `a Sentinel to know the others; it said: ${process.lastWords()}`,
        () => {
          const known = ask(port, 'MASTER');
          return number(known, 'num-other-sentinels') === count - 1 && number(known, 'num-slaves') > 0;
        },
        { everyMs: 100 },
      );
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    nodes: ports.map((port) => ({ host: '127.0.0.1', port })),
    pids: sentinels.map(({ process }) => process.pid),
    primary: () => {
      const { port } = sentinels.find(({ process }) => process.running())!;
      const [host, at] = ask(port, 'GET-MASTER-ADDR-BY-NAME').split('\n');
      return { host: host!, port: Number(at) };
    },
    stop,
  };
}
