/** Writes the tables of fields into docs/bank-records.md, from the contracts that the formats check by. */
const formats = {
  identifier: 'id',
  'request-id': 'id of a request of ours',
  'iso-4217': 'ISO 4217 code',
  'iso-3166-1': 'ISO 3166-1 alpha-2 code',
  'iso-date': 'day, `YYYY-MM-DD`',
  'occurred-at': 'time, or day',
};

const codes = (values) => values.map((value) => `\`${value}\``).join(', ');

function kindOf({ rule, list, part }) {
  const { format, amount, enum: choices, pattern, minimum, maximum } = rule?.schema ?? {};
  if (choices !== undefined) return codes(choices);
  if (format !== undefined) return formats[format] ?? format;
  if (amount !== undefined) return amount === 'signed' ? 'decimal string, may be negative' : 'decimal string';
  if (pattern !== undefined) return `${/\{(\d+)\}/.exec(pattern)?.[1]} digits`;
  if (minimum !== undefined) return `number from ${minimum} to ${maximum}`;
  if (list !== undefined) return `list of at most ${list.max}`;
  if (part !== undefined) return 'object';
  return { boolean: '`true` or `false`', string: 'text', object: 'any object' }[rule.type];
}

function* rowsOf(contract, fieldsOf, before = '') {
  for (const field of fieldsOf(contract)) {
    const path = before + field.name;
    yield [`\`${path}\``, field.missing === undefined ? '' : `\`${field.missing}\``, kindOf(field)];
    if (field.part !== undefined) {
      yield* rowsOf(field.part(), fieldsOf, `${path}${field.list === undefined ? '.' : '[].'}`);
    }
  }
}

export function withFields(text, core) {
  const { fieldsOf } = core;
  const table = (...contracts) => {
    // Of several contracts the fields that they share stand once.
    const rows = new Map(contracts.flatMap((contract) => [...rowsOf(contract, fieldsOf)]).map((row) => [row[0], row]));
    return [
      '| field | without it | what |',
      '|---|---|---|',
      ...[...rows.values()].map((row) => `| ${row.join(' | ')} |`),
    ].join('\n');
  };
  const event = (type, contract) => `Type \`${type}\`:\n\n${table(contract)}`;
  const tables = {
    transactions: table(core.TransactionContract),
    'account-events': [
      event('account-holders', core.AccountHoldersContract),
      event('account-settings', core.AccountSettingsContract),
      event('label', core.LabelContract),
      `Types ${codes(core.accountEventKinds)}:\n\n${table(core.AccountEventContract)}`,
    ].join('\n\n'),
    'bank-answers': table(core.BankAnswerContract),
  };
  return text.replaceAll(
    /(<!-- fields of ([a-z-]+): written by `npm run docs` -->\n)[^]*?(<!-- \/fields -->)/g,
    (_, begin, name, end) => `${begin}\n${tables[name]}\n\n${end}`,
  );
}
