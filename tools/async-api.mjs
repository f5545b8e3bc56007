import ts from 'typescript';

/*
 * docs/asyncapi.json from the table of topics and the types of the records, as the compiler sees them in libs/core: fields,
 * closed lists and comments are those of the code.
 */

/** Which type a record of each name has; names that two topics share have a type for each. */
const types = {
  'account-events': {
    transaction: 'TransactionRecord',
    'account-event': 'AccountEventRecord',
    'account-holders': 'AccountHoldersRecord',
    'account-settings': 'AccountSettingsRecord',
    conditions: 'ConditionsRecord',
    label: 'LabelRecord',
    'bank-answer': 'BankAnswerRecord',
    'rule-set': 'RuleSetRecord',
  },
  'customer-events': {
    finding: 'FindingRecord',
    profile: 'ProfileRecord',
    consent: 'ConsentRecord',
    preferences: 'PreferencesRecord',
    link: 'LinkRecord',
    reply: 'ReplyRecord',
    receipt: 'ReceiptRecord',
    'bank-answer': 'CustomerBankAnswerRecord',
    'request-sent': 'RequestSentRecord',
    'tenant-policy': 'TenantPolicyRecord',
  },
  deliveries: {
    delivery: 'DeliveryRecord',
    contact: 'ContactRecord',
    barrier: 'BarrierRecord',
    attempt: 'AttemptRecord',
    outcome: 'OutcomeRecord',
    redrive: 'RedriveRecord',
  },
  customers: { customer: 'CustomerSnapshot' },
  addresses: { address: 'AddressRecord' },
  'bank-requests': { 'bank-request': 'BankRequest' },
  cases: { case: 'StaffCase' },
  ledger: { disclosure: 'LedgerRow' },
  'dead-letters': { 'dead-letter': 'DeadLetter' },
  audit: { audit: 'AuditRow' },
};

/** What is no JSON object of a type of its own. */
const others = {
  tick: {
    description: 'Moves the clock of the stage; the header `tocsin-tick` marks it.',
    type: 'object',
    properties: { type: { const: 'tick' }, version: { const: 1 } },
    required: ['type', 'version'],
  },
  "the bank's bytes": { description: 'Byte for byte, but for starred card numbers; the reason stands in headers.' },
};

/** Names of types as JSON schemas, in `schemas`, each with those that it speaks of. */
class Schemas {
  schemas = {};
  #checker;
  #exports;

  constructor(declarations) {
    const program = ts.createProgram([declarations], { noEmit: true, strict: true, exactOptionalPropertyTypes: true });
    this.#checker = program.getTypeChecker();
    const module = this.#checker.getSymbolAtLocation(program.getSourceFile(declarations));
    this.#exports = new Map(this.#checker.getExportsOfModule(module).map((symbol) => [symbol.name, symbol]));
  }

  named(name) {
    const symbol = this.#exports.get(name);
    if (symbol === undefined) throw new Error(`libs/core exports no type ${name}.`);
    return this.#of(this.#checker.getDeclaredTypeOfSymbol(this.#resolved(symbol)));
  }

  #resolved(symbol) {
    return symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol;
  }

  #comment(symbol) {
    const text = ts.displayPartsToString(symbol.getDocumentationComment(this.#checker)).replaceAll(/\s+/g, ' ').trim();
    return text === '' ? {} : { description: text };
  }

  /** Interfaces stand once, under their names. */
  #of(type) {
    const symbol = type.getSymbol();
    const isInterface = symbol !== undefined && (symbol.flags & ts.SymbolFlags.Interface) !== 0;
    const { name } = symbol ?? {};
    if (!isInterface || name.startsWith('Readonly') || name === 'Array') return this.#inline(type);
    if (!(name in this.schemas)) {
      this.schemas[name] = {};
      this.schemas[name] = { ...this.#comment(symbol), ...this.#inline(type) };
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  #inline(type) {
    const { flags } = type;
    if (flags & ts.TypeFlags.StringLike)
      return flags & ts.TypeFlags.StringLiteral ? { const: type.value } : { type: 'string' };
    if (flags & ts.TypeFlags.NumberLike)
      return flags & ts.TypeFlags.NumberLiteral ? { const: type.value } : { type: 'number' };
    if (flags & ts.TypeFlags.Null) return { type: 'null' };
    if (type.isUnion()) return this.#union(type.types);
    if (flags & ts.TypeFlags.BooleanLike)
      return type.intrinsicName === undefined || type.intrinsicName === 'boolean'
        ? { type: 'boolean' }
        : { const: type.intrinsicName === 'true' };
    if (this.#checker.isArrayType(type) || this.#checker.isTupleType(type)) {
      const [item] = this.#checker.getTypeArguments(type);
      return { type: 'array', items: this.#of(item) };
    }
    if (flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) return this.#object(type);
    return {};
  }

  #union(parts) {
    const kinds = parts.filter(({ flags }) => !(flags & ts.TypeFlags.Undefined));
    if (kinds.every(({ flags }) => flags & ts.TypeFlags.BooleanLiteral) && kinds.length === 2)
      return { type: 'boolean' };
    if (kinds.length === 1) return this.#of(kinds[0]);
    const schemas = kinds.map((kind) => this.#of(kind));
    if (schemas.every((schema) => Object.hasOwn(schema, 'const')))
      return { enum: schemas.map((schema) => schema.const) };
    return { anyOf: schemas };
  }

  #object(type) {
    const properties = {};
    const required = [];
    for (const property of this.#checker.getPropertiesOfType(type)) {
      const schema = this.#of(this.#checker.getTypeOfSymbol(property));
      properties[property.name] = { ...this.#comment(property), ...schema };
      if (!(property.flags & ts.SymbolFlags.Optional)) required.push(property.name);
    }
    const values = this.#checker.getIndexInfosOfType(type).find(({ keyType }) => keyType.flags & ts.TypeFlags.String);
    return {
      type: 'object',
      ...(Object.keys(properties).length === 0 ? {} : { properties }),
      ...(required.length === 0 ? {} : { required }),
      ...(values === undefined ? {} : { additionalProperties: this.#of(values.type) }),
    };
  }
}

export function asyncApi(topics, declarations) {
  const schemas = new Schemas(declarations);
  const payloadOf = (topic, value) => {
    if (others[value] !== undefined) return others[value];
    const name = (types[topic] ?? types[topic.split('.')[0]] ?? {})[value];
    if (name === undefined) throw new Error(`tools/async-api.mjs does not know the type of ${value} on ${topic}.`);
    return schemas.named(name);
  };
  const channels = Object.fromEntries(
    topics.map(({ name, about, key, values }) => [
      name,
      {
        address: name,
        description: `${about} Key: ${key}.`,
        messages: Object.fromEntries(
          values.map((value) => [
            value.replaceAll(/[^a-z-]/g, '-'),
            {
              ...(value === "the bank's bytes" ? {} : { contentType: 'application/json' }),
              payload: payloadOf(name, value),
            },
          ]),
        ),
      },
    ]),
  );
  const sorted = Object.entries(schemas.schemas).sort(([a], [b]) => (a < b ? -1 : 1));
  const document = {
    asyncapi: '3.0.0',
    info: {
      title: 'Tocsin',
      version: '1.0.0',
      description:
        'The topics of a Tocsin installation. Instants (`...At`, `at`) are milliseconds since 1970. Written by `npm run docs`.',
    },
    channels,
    components: { schemas: Object.fromEntries(sorted) },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
