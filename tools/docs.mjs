// Writes the parts of docs/ that follow from the code; with --check it only compares, and says what is out of date.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { asyncApi } from './async-api.mjs';
import { withFields } from './bank-records.mjs';
import { operatingWithFaults } from './fault-results.mjs';
import { withPermissions } from './permissions.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const check = process.argv.includes('--check');
const built = (name) => import(`${root}libs/${name}/dist/index.js`);
const core = await built('core');
const { counters, defaultPartitions, embeddedPartitions, gauges, histograms, rejectCodes, topicTable } = core;
const { customerConditions, fraudRules } = await built('rules');
const { channels } = await built('channels');
const { formats } = await built('formats');
const permissions = { ...(await built('redis')), ...(await built('services')) };

const channelIds = channels.map(({ id }) => id);
const days = (span) => (span === undefined ? 'for ever' : `${span / 86_400_000} days`);
const table = (head, rows) =>
  [
    `| ${head.join(' | ')} |`,
    `|${head.map(() => '---').join('|')}|`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');
const generated = '<!-- Written by `npm run docs`; a test compares it with the code. -->';

const topics = () => `# Topics

${generated}

All records are JSON with \`type\` and \`version\`, readable with kcat; [asyncapi.json](asyncapi.json) has their fields. Partition counts are fixed for the life of a topic; the default is
${defaultPartitions.stage} for what stages read, ${defaultPartitions.delivery} for deliveries and topics for readers outside (embedded: ${embeddedPartitions.stage}).
Topics are at-least-once for readers outside the engine: take the first of each \`ce_id\` or \`id\`.

${table(
  ['topic', 'key', 'records', 'kept', 'about'],
  topicTable(channelIds).map(({ name, key, values, cleanup, retention, about }) => [
    `\`${name}\``,
    key,
    values.join(', '),
    cleanup === 'compact' ? 'the newest of each key' : days(retention),
    about,
  ]),
)}
`;

const rules = () => `# Rules and conditions

${generated}

## Fraud rules

${table(
  ['rule', 'what', 'severity', 'told to', 'needs'],
  fraudRules.map(({ id, title, severity, audience, needs }) => [
    `\`${id}\``,
    title,
    severity,
    audience,
    [needs ?? []].flat().join(', '),
  ]),
)}

## What customers can ask to be told

${table(
  ['condition', 'what'],
  customerConditions.map(({ id, title }) => [`\`${id}\``, title]),
)}
`;

const plugIns = () => `# Channels and formats

${generated}

${table(
  [
    'channel',
    'what',
    'longest text',
    'buttons',
    'receipts',
    'replies',
    'window',
    'third party',
    'discloses by default',
  ],
  channels.map(({ id, title, capabilities: c }) => [
    `\`${id}\``,
    title,
    c.maxLength,
    ...[c.buttons, c.receipts, c.replies, c.window, c.thirdParty].map((yes) => (yes ? 'yes' : 'no')),
    c.defaultClasses.join(', '),
  ]),
)}

${table(
  ['format', 'what'],
  Object.values(formats).map(({ id, title }) => [`\`${id}\``, title]),
)}

[What a bank publishes](bank-records.md) shows records of each, with every field.

A bank's record that cannot be taken goes to \`rejected\` with one of these codes: ${rejectCodes.map((code) => `\`${code}\``).join(', ')}.
`;

const labelsOf = (labels) =>
  Object.entries(labels)
    .map(([name, values]) => `\`${name}\` (${Array.isArray(values) ? values.join(', ') : `each ${values.each}`})`)
    .join('; ');
const kinds = [
  ['counter', counters, (name) => `tocsin_${name}_total`],
  ['gauge', gauges, (name) => `tocsin_${name}`],
  ['histogram, seconds', histograms, (name) => `tocsin_${name}`],
];

const metrics = () => `# Metrics

${generated}

Every service serves them on \`/metrics\`, with those of the process (\`process_*\`, \`nodejs_*\`). What the labels can be is a closed list, or bounded by
the configuration: never an account, a customer or an address. An instance reports the partitions that it owns at this moment; sum over instances.

${table(
  ['metric', 'type', 'labels', 'what it says'],
  kinds.flatMap(([type, of, full]) =>
    Object.entries(of).map(([name, { labels, about }]) => [`\`${full(name)}\``, type, labelsOf(labels), about]),
  ),
)}
`;

const files = {
  'docs/topics.md': topics,
  'docs/rules.md': rules,
  'docs/plug-ins.md': plugIns,
  'docs/metrics.md': metrics,
  'docs/asyncapi.json': () => asyncApi(topicTable(channelIds), `${root}libs/core/dist/index.d.ts`),
  'docs/bank-records.md': () => withFields(standing('docs/bank-records.md'), core),
  'docs/operating.md': () => withPermissions(operatingWithFaults({ check }), permissions),
};
const standing = (file) => {
  try {
    return readFileSync(`${root}${file}`, 'utf8');
  } catch {
    return '';
  }
};
const stale = Object.entries(files).filter(([file, make]) => standing(file) !== make());
for (const [file, make] of stale) {
  if (check) console.error(`${file} is out of date: run "npm run docs".`);
  else {
    writeFileSync(`${root}${file}`, make());
    console.log(`wrote ${file}`);
  }
}
process.exit(check && stale.length > 0 ? 1 : 0);
