// Makes the three files of a new fraud rule and its line in the table: npm run new:rule -- <id> [--family x] [--audience customer|staff]
// What it makes is a rule that runs: it passes types, lint and every test of libs/rules as it stands.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isName, isTaken } from './free-name.mjs';

const usage = `Usage: npm run new:rule -- <id> [--family <family>] [--audience customer|staff]

  <id>        lower case words joined by hyphens, such as many-merchants; also the name of the files
  --family    near-duplicates share one: only the strongest of a family counts (default: other)
  --audience  customer, or staff where telling the customer would be tipping off (default: customer)`;

const fail = (sentence) => {
  console.error(sentence);
  process.exit(2);
};

const root = fileURLToPath(new URL('..', import.meta.url));

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        family: { type: 'string', default: 'other' },
        audience: { type: 'string', default: 'customer' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    return fail(`${error.message}\n\n${usage}`);
  }
}

/** The families as the core has them. */
function knownFamilies() {
  const source = readFileSync(`${root}libs/core/src/rules/rule.ts`, 'utf8');
  const list = /export const families = \[([^\]]*)\]/.exec(source)?.[1] ?? '';
  return [...list.matchAll(/'([^']+)'/g)].map(([, name]) => name);
}

const camel = (id) => id.replace(/-(.)/g, (_, letter) => letter.toUpperCase());

const { values, positionals } = readArguments();
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const [id, ...surplus] = positionals;
const { family, audience } = values;
if (id === undefined || surplus.length > 0) fail(usage);
if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id) || !isName(camel(id))) {
  fail(`"${id}" is no id: lower case words joined by hyphens, such as many-merchants.`);
}
if (!['customer', 'staff'].includes(audience)) fail(`The audience is customer or staff, not "${audience}".`);
const families = knownFamilies();
if (!families.includes(family)) fail(`There is no family "${family}"; there are ${families.join(', ')}.`);
const rules = `${root}libs/rules/src`;
const folder = `${rules}/fraud/${id}`;
if (existsSync(folder) || existsSync(`${rules}/customer/${id}`)) fail(`There is a rule ${id} already.`);

const name = camel(id);
const title = `${id[0].toUpperCase()}${id.slice(1).replaceAll('-', ' ')}`;
const sentence = audience === 'staff' ? 'null' : `'A payment of {amount} at {merchant} looks unusual. Was it yours?'`;

const code = `import { count, debits, defineRule, fired, minutes, quiet, spanText } from '@tocsin/core';

/** Say in one sentence what somebody does whom this rule is to find. */
export const ${name} = defineRule({
  id: '${id}',
  title: '${title}',
  version: '1.0.0',
  severity: 'low',
  family: '${family}',
  audience: '${audience}',
  needs: ['occurredAt.time', 'card'],
  defaults: { payments: 5, within: minutes(10), score: 0.2 },
  sentence: ${sentence},
  features: ({ payments, within }) => ({ recent: count(debits, { by: 'card', within, upTo: payments }) }),
  decide(tx, { recent }, { payments, within, score }) {
    if (!debits.includes(tx) || recent.n < payments) return quiet;
    return fired(score, \`\${recent.n} payments within \${spanText(within)}\`, { observed: recent.n, threshold: payments });
  },
});
`;

const test = `import { describe, it } from '@jest/globals';
import { minutes } from '@tocsin/core';
import { given, pay, pays } from '@tocsin/testing';
import { ${name} } from './${id}.ts';

describe('${id}', () => {
  it('fires at the fifth payment within ten minutes', () => {
    given(${name})
      .after(pays(4, { apart: minutes(1) }))
      .when(pay())
      .thenFires('5 payments within 10 minutes');
  });

  it('is quiet when they are further apart', () => {
    given(${name})
      .after(pays(4, { apart: minutes(3) }))
      .when(pay())
      .thenQuiet();
  });

  it('needs a card', () => {
    given(${name})
      .when(pay({ card: {} }))
      .thenNotApplicable('card');
  });
});
`;

const article = `# ${id}: say in a few words what it finds

Say who does this, and why it is a sign of fraud.

**Fires** when a card pays five times within ten minutes.

| parameter  | default | meaning                           |
| ---------- | ------- | --------------------------------- |
| \`payments\` | 5       | from so many on                   |
| \`within\`   | 10 min  | in which they lie                 |
| \`score\`    | 0.2     | how sure the rule alone is, 0 to 1 |

Needs a time of day and a card. Say where the numbers come from.
`;

/** Adds the import, in alphabetical order, and the line in the table of fraud rules. */
function enlist() {
  const path = `${rules}/index.ts`;
  const source = readFileSync(path, 'utf8');
  const line = `import { ${name} } from './fraud/${id}/${id}.ts';`;
  const lines = source.split('\n');
  const imports = lines.filter((one) => /^import .* from '\.\/fraud\//.test(one));
  const later = imports.find((one) => one.split(' from ')[1] > line.split(' from ')[1]);
  const place = later === undefined ? lines.indexOf(imports.at(-1)) + 1 : lines.indexOf(later);
  const table = /(export const fraudRules: readonly FraudRule\[\] = \[)([^\]]*)(\];)/;
  const enlisted = lines.toSpliced(place, 0, line).join('\n');
  if (imports.length === 0 || !table.test(enlisted)) fail(`${path} has no table of fraud rules as this tool knows it.`);
  const entries = (list) => [...list.split(','), name].map((entry) => entry.trim()).filter((entry) => entry !== '');
  const longer = enlisted.replace(
    table,
    (_, head, list, tail) =>
      `${head}\n${entries(list)
        .map((entry) => `  ${entry},\n`)
        .join('')}${tail}`,
  );
  if (isTaken(name, [code, test, longer]))
    fail(`"${id}" cannot be: the code knows ${name} as something else. Take more words.`);
  writeFileSync(path, longer);
}

enlist();
mkdirSync(folder, { recursive: true });
writeFileSync(`${folder}/${id}.ts`, code);
writeFileSync(`${folder}/${id}.test.ts`, test);
writeFileSync(`${folder}/${id}.md`, article);
console.log(
  `The rule ${id} is in libs/rules/src/fraud/${id}: code, test and document. It runs as it stands; now make it yours.`,
);
