import { addressOf } from './cluster-nodes.ts';
import type { RedisConnection } from './redis-connection.ts';
import { redisError } from './redis-error.ts';
import type { TocsinRedisOptions } from './redis-options.ts';

/** Since this version the commands and script rules that the adapter relies on are there. */
const oldest = [6, 2] as const;

/** What makes a Redis unfit, as sentences. INFO is enough; CONFIG is often not permitted. */
export async function checkRedis(
  connection: RedisConnection,
  { production, replicas = 0 }: TocsinRedisOptions,
): Promise<readonly string[]> {
  const problems = new Set<string>();
  for (const primary of await connection.primaries()) {
    const facts = factsOf(
      await connection.with(() => primary.info()).catch((error: unknown) => Promise.reject(redisError(error))),
    );
    for (const problem of problemsOf(facts, production === true, replicas)) {
      problems.add(connection.cluster ? `${problem} (Node ${addressOf(primary)}.)` : problem);
    }
    if (!connection.cluster && facts.get('cluster_enabled') === '1') {
      problems.add('Redis is a node of a Cluster, which refuses the keys of other nodes. Name it as a Cluster.');
    }
  }
  return [...problems];
}

function factsOf(info: string): ReadonlyMap<string, string> {
  const facts = new Map<string, string>();
  for (const line of info.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) facts.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return facts;
}

/** Exported for its tests: facts are the fields of INFO. */
export function problemsOf(
  facts: ReadonlyMap<string, string>,
  production: boolean,
  replicas: number,
): readonly string[] {
  const problems: string[] = [];
  const version = facts.get('redis_version') ?? 'unknown';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (!(major > oldest[0] || (major === oldest[0] && minor >= oldest[1]))) {
    problems.push(`Redis has version ${version}; ${oldest.join('.')} or newer is needed.`);
  }
  const policy = facts.get('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    problems.push(
      `Redis evicts keys when memory is used up (maxmemory-policy ${policy}); state would be lost without a word. Set maxmemory-policy noeviction.`,
    );
  }
  if (facts.get('role') === 'slave') {
    problems.push('Redis is a replica, which cannot be written to. Name the primary, or the Sentinels.');
  }
  const connected = Number(facts.get('connected_slaves') ?? 0);
  if (connected < replicas) {
    problems.push(
      `Redis has ${connected} replicas, and ${replicas} must confirm a revocation; every revocation would fail.`,
    );
  }
  if (!production) return problems;
  if (!facts.has('min_slaves_good_slaves')) {
    problems.push(
      'Redis acknowledges writes that no replica has. Set min-replicas-to-write 1 (and min-replicas-max-lag 10).',
    );
  }
  if (facts.get('aof_enabled') === '0') {
    problems.push('Redis keeps no append-only file, so a restart falls back to the last snapshot. Set appendonly yes.');
  }
  return problems;
}
