// npm run new:channel -- <id>: a channel that works against its own test, as a place to start from (docs/adding-a-channel.md).
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { isName, isTaken } from './free-name.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const usage = `Usage: npm run new:channel -- <id>

Creates libs/channels/src/<id>/ with code, test and document, and adds one line to the table in libs/channels/src/index.ts.
<id> is the name of the channel in configuration, topics and consents: lower-case letters, digits and hyphens, such as "pager".`;

const fail = (text) => {
  console.error(text);
  process.exit(2);
};

const [id, ...more] = process.argv.slice(2);
if (id === '--help' || id === '-h') {
  console.log(usage);
  process.exit(0);
}
if (id === undefined || more.length > 0) fail(usage);
if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id) || id.length > 32) fail(`"${id}" is no id for a channel.\n\n${usage}`);

const folder = `${root}libs/channels/src/${id}`;
const table = `${root}libs/channels/src/index.ts`;
if (existsSync(folder)) fail(`libs/channels/src/${id} exists already.`);

/** kebab-case to camelCase and PascalCase. */
const name = id.replace(/-([a-z0-9])/g, (_all, letter) => letter.toUpperCase());
const Name = name[0].toUpperCase() + name.slice(1);
if (!isName(name)) fail(`"${id}" cannot be a name in the code.`);
const words = id.replaceAll('-', ' ');
const title = words[0].toUpperCase() + words.slice(1);

const code = `import { IsNotEmpty, IsString, IsUrl } from 'class-validator';
import { defineChannel } from '@tocsin/core';
import type { Outcome } from '@tocsin/core';
import { outcomeOfRow, rowOf } from '../error-table.ts';
import type { ErrorRow } from '../error-table.ts';
import { exchange, outcomeOfStatus, retryAfterMs } from '../http.ts';
import type { Exchange } from '../http.ts';
import { objectOf, parseJson, textOf } from '../json.ts';

/** Options of the channel \`${id}\`. */
export class ${Name}Options {
  /** Where the provider answers. */
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['https', 'http'] })
  baseUrl: string = 'https://${id}.example';

  /** Proves who we are. A secret. */
  @IsString() @IsNotEmpty() token!: string;
}

/** What the provider's error codes mean. */
export const ${name}Errors: readonly ErrorRow[] = [
  { codes: ['unknown-address'], becomes: 'badAddress', about: 'Nobody can be reached there.' },
  { codes: ['unauthorised'], becomes: 'retry', scope: 'channel', about: 'The token is refused.' },
];

/** ${title}: say here who the provider is, and where its interface is documented. */
export const ${name} = defineChannel({
  id: '${id}',
  title: '${title}',
  options: ${Name}Options,
  capabilities: {
    maxLength: 1_000,
    buttons: false,
    receipts: false,
    replies: false,
    window: false,
    perSecond: 10,
    thirdParty: true,
    defaultClasses: ['existence'],
  },
  provider: ({ baseUrl }) => ({ name: new URL(baseUrl).host, account: '' }),
  open: ({ baseUrl, token }, tools) => ({
    async send({ address }, { text }, { key, now, signal }) {
      const request = {
        url: \`\${baseUrl.replace(/\\/+$/, '')}/messages\`,
        method: 'POST',
        headers: { authorization: \`Bearer \${token}\`, 'content-type': 'application/json' },
        body: JSON.stringify({ to: address, text, key }),
      };
      const answer = await exchange(tools, request, signal);
      return answer.kind === 'answered' ? outcomeOfAnswer(answer, now) : answer.outcome;
    },
  }),
});

function outcomeOfAnswer({ status, headers, text }: Extract<Exchange, { kind: 'answered' }>, now: number): Outcome {
  const { id, error } = objectOf(parseJson(text));
  if (status >= 200 && status < 300) {
    const ref = textOf(id);
    return ref === undefined ? { kind: 'unknown', code: 'answer-unreadable' } : { kind: 'accepted', ref };
  }
  const code = textOf(error);
  const row = code === undefined ? undefined : rowOf(${name}Errors, [code]);
  return row === undefined
    ? outcomeOfStatus('${id}', status, retryAfterMs(headers, now))
    : outcomeOfRow(row, \`${id}-\${code}\`, retryAfterMs(headers, now));
}
`;

const test = `import { describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { channelCases, counterpartRetryAfterSeconds, startHttpCounterpart } from '@tocsin/suites';
import type { ChannelUnderTest, CounterpartAnswer } from '@tocsin/suites';
import { ${name}, ${name}Errors, ${Name}Options } from './${id}.ts';

const plainOptions = (port: number, more: object = {}): object => ({ baseUrl: \`http://127.0.0.1:\${port}\`, token: 'secret', ...more });

/** Plays the provider, as strictly as the real one. */
async function startProvider(errors: string[] = []) {
  let count = 0;
  return startHttpCounterpart({
    answer({ path, headers, body }): CounterpartAnswer {
      const error = errors.shift();
      if (error !== undefined) return { status: 400, body: JSON.stringify({ error }) };
      const { to, text, key, ...surplus } = JSON.parse(body) as Record<string, unknown>;
      if (headers.authorization !== 'Bearer secret') return { status: 401, body: '{"error":"unauthorised"}' };
      const good = path === '/messages' && [to, text, key].every((value) => typeof value === 'string') && Object.keys(surplus).length === 0;
      return good ? { status: 200, body: JSON.stringify({ id: \`id-\${(count += 1)}\` }) } : { status: 400, body: '{}' };
    },
    text: ({ body }) => (JSON.parse(body) as { text: string }).text,
  });
}

async function underTest(): Promise<ChannelUnderTest> {
  const provider = await startProvider();
  return {
    channel: ${name},
    options: (port = provider.port) => plainOptions(port),
    badOptions: [
      { options: plainOptions(1, { token: '' }), path: 'token' },
      { options: plainOptions(1, { baseUrl: 'nowhere' }), path: 'baseUrl' },
    ],
    recipient: { address: 'somebody' },
    retryAfterSeconds: counterpartRetryAfterSeconds,
    ...provider,
  };
}

describe('the contract of a channel', () => {
  it.each(channelCases(underTest))('$name', ({ run }) => run());
});

describe('${id}', () => {
  it.each(${name}Errors.flatMap(({ codes, becomes }) => codes.map((code) => ({ code, becomes }))))('$code becomes $becomes', async ({ code, becomes }) => {
    const provider = await startProvider([code]);
    const open = ${name}.open(plainToInstance(${Name}Options, plainOptions(provider.port)), { fetch });
    const message = { text: 'x', subject: '', language: 'en', replies: [], template: { name: 'x', parameters: {} } };
    const outcome = await open.send({ address: 'somebody' }, message, { key: 'k', now: 0, signal: new AbortController().signal });
    await provider.stop();
    expect(outcome).toMatchObject({ kind: becomes, code: \`${id}-\${code}\` });
  });
});
`;

const document = `# Channel \`${id}\`

Say who the provider is, where its interface is documented, and what is special about it.

## Options

| Option | Default | Meaning |
|---|---|---|
| \`baseUrl\` | \`https://${id}.example\` | Where the provider answers. |
| \`token\` | | Proves who we are. Secret. |

## Errors

| Code | Outcome | Meaning |
|---|---|---|
| unknown-address | badAddress | Nobody can be reached there. |
| unauthorised | retry (channel) | The token is refused. |

## Checked against

The stand-in of its own test.
`;

const importLine = `import { ${name} } from './${id}/${id}.ts';`;
const before = readFileSync(table, 'utf8');
const lastImport = before.lastIndexOf('\nimport ');
const endOfImport = before.indexOf('\n', lastImport + 1);
const list = /(export const channels: readonly Channel\[\] = \[)([^\]]*?),?\s*\];/;
if (lastImport < 0 || !list.test(before))
  fail('The table in libs/channels/src/index.ts does not look as expected; nothing was changed.');
const after = `${before.slice(0, endOfImport)}\n${importLine}${before.slice(endOfImport)}`.replace(
  list,
  `$1$2, ${name}];`,
);

if (isTaken(name, [code, test, after]) || isTaken(Name, [code, test, after]))
  fail(`"${id}" cannot be: the code knows ${name} as something else. Take more words.`);

const style = await resolveConfig(table);
const pretty = (text) => format(text, { ...style, parser: 'typescript' });
const files = [
  [`${folder}/${id}.ts`, await pretty(code)],
  [`${folder}/${id}.test.ts`, await pretty(test)],
  [`${folder}/${id}.md`, document],
  [table, await pretty(after)],
];
mkdirSync(folder);
for (const [path, text] of files) writeFileSync(path, text);

console.log(`Created:
${files.map(([path]) => `  ${path.slice(root.length)}`).join('\n')}

Now:
  npm test -- --selectProjects libs/channels --testPathPatterns ${id}
Then make it talk to your provider: docs/adding-a-channel.md.`);
