import { fieldsOf } from './paired.ts';
import type { ContractClass, ContractField, JsonSchema } from './paired.ts';

const schemaOfField = (field: ContractField): JsonSchema => {
  const { rule, part, list } = field;
  if (rule === undefined) return {};
  const inner = part === undefined ? {} : list === undefined ? shapeOf(part()) : { items: schemaOf(part()) };
  const schema = { ...rule.schema, ...inner };
  if (field.missing !== undefined) return { type: rule.type, ...schema };
  // Null means missing. An enum would still forbid it, so it is named there too.
  const choices = rule.schema['enum'] as readonly unknown[] | undefined;
  return { type: rule.type, nullable: true, ...schema, ...(choices === undefined ? {} : { enum: [...choices, null] }) };
};

const shapeOf = (contract: ContractClass): JsonSchema => {
  const fields = fieldsOf(contract);
  return {
    properties: Object.fromEntries(fields.map((field) => [field.name, schemaOfField(field)])),
    required: fields.filter(({ missing }) => missing !== undefined).map(({ name }) => name),
  };
};

/**
 * The JSON schema of a contract, for AJV 8 with the formats and the keyword of `contract/vocabulary.ts`. Open: unknown
 * fields are no error.
 */
export const schemaOf = (contract: ContractClass): JsonSchema => ({ type: 'object', ...shapeOf(contract) });
