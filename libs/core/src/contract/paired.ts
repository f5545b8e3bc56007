import 'reflect-metadata';
import { Type } from 'class-transformer';
import { IsOptional, ValidateBy, ValidateNested } from 'class-validator';
import type { RejectCode } from '../format.ts';

/*
 * Each decorator of this folder states one rule twice, from one source: as a check of class-validator (for HTTP bodies,
 * the console's documentation, configuration) and as JSON schema (for AJV on the hot path, see @tocsin/formats). The rule
 * also says with which code it is broken, which neither validator can. A test puts one table of objects through all three
 * and demands equal verdicts, because generators of schemas from decorators disagree with class-validator in many cases.
 */

export type JsonSchema = Readonly<Record<string, unknown>>;
export type JsonType = 'string' | 'number' | 'boolean' | 'object' | 'array';
export type ContractClass = abstract new () => object;

/** In which order problems are reported: what is missing, then what has the wrong JSON type, then enums, then values. */
export type ProblemRank = 'missing' | 'type' | 'enum' | 'value';

export interface ContractProblem {
  readonly rank: ProblemRank;
  readonly code: RejectCode;
  /** Continues `<path> `; names no content. */
  readonly what: string;
}

/** What a field must be, once. */
export interface PairedRule {
  readonly type: JsonType;
  /** JSON schema beside `type`. May use the formats and keywords of `contract/vocabulary.ts`. */
  readonly schema: JsonSchema;
  /** Called with a value of the right JSON type. `owner` is the object that the field stands in. */
  problem(value: unknown, owner: object): ContractProblem | undefined;
}

export interface ContractField {
  readonly name: string;
  readonly rule?: PairedRule;
  /** With which code a missing field is rejected; undefined where it may be missing (or null, which means the same). */
  readonly missing?: RejectCode;
  /** The contract of the object, or of the items of the array. */
  readonly part?: () => ContractClass;
  readonly list?: { readonly max: number };
}

const contracts = new Map<object, ContractField[]>();

/** The fields of a contract in the order in which they are written, those of a parent class first. */
export function fieldsOf(contract: ContractClass): readonly ContractField[] {
  const parent = Object.getPrototypeOf(contract) as ContractClass | null;
  const inherited = typeof parent === 'function' && parent !== Function.prototype ? fieldsOf(parent) : [];
  const own = contracts.get(contract) ?? [];
  const redefined = new Set(own.map(({ name }) => name));
  return [...inherited.filter(({ name }) => !redefined.has(name)), ...own];
}

/** Adds to what is known of a field; several decorators of one field meet here. */
function describe(target: object, name: string, part: Partial<ContractField>): void {
  const fields = contracts.get(target.constructor) ?? [];
  contracts.set(target.constructor, fields);
  const at = fields.findIndex((field) => field.name === name);
  if (at < 0) fields.push({ name, ...part });
  else fields[at] = { ...fields[at]!, ...part };
}

type FieldDecorator = (target: object, name: string) => void;

export const typeOf = (value: unknown): JsonType | 'null' | 'undefined' | 'other' => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  const type = typeof value;
  if (type === 'number') return Number.isFinite(value) ? 'number' : 'other';
  return type === 'string' || type === 'boolean' || type === 'object' || type === 'undefined' ? type : 'other';
};

export const wrongType = (type: JsonType, value: unknown): ContractProblem => ({
  rank: 'type',
  code: 'SCHEMA_INVALID',
  what: `must be a JSON ${type}, got a JSON ${typeOf(value)}`,
});

/** A decorator from a rule. */
export const paired =
  (name: string, rule: PairedRule): FieldDecorator =>
  (target, property) => {
    describe(target, property, { rule });
    ValidateBy({
      name,
      validator: {
        validate: (value, args) =>
          typeOf(value) === rule.type && rule.problem(value, args?.object ?? target) === undefined,
        defaultMessage: (args) => `$property ${explainOf(rule, args?.value, args?.object ?? target)}`,
      },
    })(target, property);
  };

const explainOf = (rule: PairedRule, value: unknown, owner: object): string =>
  (typeOf(value) === rule.type ? rule.problem(value, owner) : wrongType(rule.type, value))?.what ?? 'is invalid';

/** Must be there and not null; `missing` is the code otherwise. */
export const Required =
  (missing: RejectCode): FieldDecorator =>
  (target, property) =>
    describe(target, property, { missing });

/** May be missing; null means missing. */
export const Optional = (): FieldDecorator => (target, property) => {
  describe(target, property, {});
  IsOptional()(target, property);
};

const anything: Pick<PairedRule, 'schema' | 'problem'> = { schema: {}, problem: () => undefined };

/** An object with a contract of its own. */
export const Part =
  (contract: () => new () => object): FieldDecorator =>
  (target, property) => {
    paired('isPart', { type: 'object', ...anything })(target, property);
    describe(target, property, { part: contract });
    ValidateNested()(target, property);
    Type(contract)(target, property);
  };

/** An array of objects with a contract of their own. */
export const ListOf =
  (contract: () => new () => object, max: number): FieldDecorator =>
  (target, property) => {
    paired('isListOf', {
      type: 'array',
      schema: { maxItems: max },
      problem: (value) => {
        const items = value as readonly unknown[];
        if (items.length > max) return { rank: 'value', code: 'SCHEMA_INVALID', what: `has more than ${max} items` };
        const at = items.findIndex((item) => typeOf(item) !== 'object');
        return at < 0 ? undefined : { ...wrongType('object', items[at]), what: `has an item that is no JSON object` };
      },
    })(target, property);
    describe(target, property, { part: contract, list: { max } });
    ValidateNested({ each: true })(target, property);
    Type(contract)(target, property);
  };
