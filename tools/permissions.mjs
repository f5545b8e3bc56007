// The tables of least permissions in docs/operating.md, from the data that the test of the whole product runs with.
const begin = '<!-- permissions: written by `npm run docs` -->';
const end = '<!-- /permissions -->';

const code = (names) => names.map((name) => `\`${name}\``).join(', ');

/** All lanes of all channels are one family; so the table stays right when a channel is added. */
const folded = (names) => [
  ...new Set(names.map((name) => name.replace(/^deliveries\..+/, 'deliveries.<channel>.<lane>'))),
];

export function permissionTables({
  actors,
  permissionsOf,
  aclUser,
  clusterCommands,
  databaseCommands,
  sentinelCommands,
}) {
  const place = { installation: 'tocsin', sources: [{ name: 'cards', topic: "the bank's topics" }] };
  const rows = actors.map((actor) => {
    const { kafka } = permissionsOf(actor, place);
    const may = (resource, operation) =>
      kafka.filter((one) => one.resource === resource && one.operations.includes(operation));
    const topics = (operation) => code(folded(may('topic', operation).map(({ name }) => name))) || '–';
    const groups = ['Read', 'Describe'].flatMap((operation) => {
      const names = may('group', operation).map(({ name, pattern }) => (pattern === 'prefixed' ? `${name}*` : name));
      return names.length === 0 ? [] : [`${operation}: ${code(names)}`];
    });
    const everywhere =
      may('topic', 'Create').length > 0
        ? "Create, Describe (on the bank's: Describe)"
        : may('topic', 'Describe').length > 0
          ? 'Describe'
          : '–';
    return `| ${actor} | ${topics('Read')} | ${topics('Write')} | ${everywhere} | ${groups.join('; ') || '–'} |`;
  });
  const lines = actors.map((actor) =>
    aclUser(`tocsin-${actor}`, 'PASSWORD', permissionsOf(actor, place).redis).replace(/^/, 'user '),
  );
  return [
    begin,
    '',
    'Kafka, for the installation `tocsin`. To read or to write a topic includes to describe it.',
    '',
    '| who | Read | Write | on every topic of ours | on groups |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    'Redis 7, as lines of an ACL file; each pair of parentheses keeps its commands to its keys. Redis 6.2 knows no such selectors: there, leave the parentheses out.',
    '',
    '```',
    ...lines,
    '```',
    '',
    `In addition, on a Cluster: ${code(clusterCommands)}; where \`db\` is not 0: ${code(databaseCommands)}. At the Sentinels, where they have users: ${code(sentinelCommands)}, and the channel \`&*\`.`,
    '',
    end,
  ].join('\n');
}

/** docs/operating.md with the tables that follow from the code. */
export function withPermissions(text, source) {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < 0) throw new Error('docs/operating.md has lost its place for the permissions.');
  return text.slice(0, from) + permissionTables(source) + text.slice(to + end.length);
}
