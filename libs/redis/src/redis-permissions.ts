/*
 * What an ACL user of Redis must be allowed, and nothing more: the source of the table in the documentation, and what the
 * contract suites run with. Commands that a script calls count like commands that are sent.
 */

/** Something that a service does with Redis, and what it takes: commands, and the beginnings of the keys they touch. */
export interface RedisPermission {
  readonly commands: readonly string[];
  /** Without keys these are commands that concern none. */
  readonly keys: readonly string[];
}

/** For every connection: is it there, is it fit, may it be trusted with state? HELLO, AUTH and QUIT are always allowed. */
export const connectionCommands = ['ping', 'info'] as const;

/** In addition, on every node of a Cluster: to find the others, and to follow a key on its way. */
export const clusterCommands = [
  'cluster|slots',
  'cluster|info',
  'readonly',
  'readwrite',
  'asking',
  'client|setname',
] as const;

/** In addition, where another database than 0 is set. */
export const databaseCommands = ['select'] as const;

/** Of the user at the Sentinels, where they have users. */
export const sentinelCommands = ['sentinel|get-master-addr-by-name', 'sentinel|sentinels', 'subscribe'] as const;

const script = ['eval', 'evalsha'] as const;

/** What services do with Redis. `%` stands for the installation, `@` for a stage. */
const uses = {
  /** Owns partitions of a stage: acquires, checkpoints, reads, sweeps. */
  ownState: {
    commands: [...script, 'time', 'hset', 'hdel', 'hget', 'hmget', 'hgetall', 'hscan'],
    keys: '{%:@:',
  },
  /** Looks at what a stage has checkpointed, and at its position. */
  readState: { commands: [...script, 'hmget'], keys: '{%:@:' },
  /** Raises barriers and sets kill switches, and waits for replicas to have them. */
  revoke: { commands: ['eval', 'wait', 'hget', 'hset'], keys: '{%:b:' },
  kill: { commands: ['hset', 'hgetall', 'wait'], keys: '{%:k:' },
  askBarriers: { commands: ['hmget'], keys: '{%:b:' },
  askKillSwitches: { commands: ['hmget'], keys: '{%:k:' },
  /** Shares rate limits. */
  buckets: { commands: [...script, 'time', 'hmget', 'hset', 'pexpire'], keys: '{%:t:' },
  /** Keeps idempotency keys, links and codes. */
  shortTerm: { commands: [...script, 'get', 'set', 'getdel'], keys: '{%:s:' },
} as const satisfies Record<string, { readonly commands: readonly string[]; readonly keys: string }>;

export type RedisUse = keyof typeof uses;
export const redisUses = Object.keys(uses) as readonly RedisUse[];

/** One use of one installation; a stage (`detect`, or `ingest.*` for all that begin so) where state is concerned. */
export function redisPermission(use: RedisUse, installation: string, stage = ''): RedisPermission {
  const { commands, keys } = uses[use];
  return { commands, keys: [`${keys.replace('%', installation).replace('@', stage)}*`] };
}

/** A line for Redis's ACL file: each permission is a selector of its own, so that no command reaches the keys of another. */
export function aclUser(
  name: string,
  password: string,
  permissions: readonly RedisPermission[],
  { cluster = false, database = false }: { readonly cluster?: boolean; readonly database?: boolean } = {},
): string {
  const everywhere = [
    ...connectionCommands,
    ...(cluster ? clusterCommands : []),
    ...(database ? databaseCommands : []),
  ];
  const selectors = permissions.map(
    ({ commands, keys }) => `(${[...keys.map((key) => `~${key}`), ...commands.map((one) => `+${one}`)].join(' ')})`,
  );
  return [name, 'on', `>${password}`, ...everywhere.map((one) => `+${one}`), ...selectors].join(' ');
}
