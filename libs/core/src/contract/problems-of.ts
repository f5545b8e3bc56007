import type { RejectCode, Rejection } from '../format.ts';
import { fieldsOf, typeOf, wrongType } from './paired.ts';
import type { ContractClass, ContractField, ContractProblem, ProblemRank } from './paired.ts';

interface Found extends Rejection {
  readonly rank: ProblemRank;
}

const ranks: readonly ProblemRank[] = ['missing', 'type', 'enum', 'value'];

const at = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

const found = (path: string, { rank, code, what }: ContractProblem): Found => ({
  rank,
  code,
  path,
  reason: `${path} ${what}.`,
});

const identifierFormats: readonly unknown[] = ['identifier', 'request-id'];

/** A required identifier that is there but blank is missing. */
const isBlank = (field: ContractField, value: unknown): boolean =>
  field.missing !== undefined &&
  identifierFormats.includes(field.rule?.schema['format']) &&
  (value as string).trim() === '';

const missing = (code: RejectCode): ContractProblem => ({ rank: 'missing', code, what: 'is missing' });

/** What is wrong with the field itself; not with the parts of its value. */
function problemOf(field: ContractField, value: unknown, owner: object): ContractProblem | undefined {
  if (value === undefined || value === null) return field.missing === undefined ? undefined : missing(field.missing);
  const { rule } = field;
  if (rule === undefined) return undefined;
  if (typeOf(value) !== rule.type) return wrongType(rule.type, value);
  return isBlank(field, value) ? missing(field.missing!) : rule.problem(value, owner);
}

function* ofField(field: ContractField, value: unknown, owner: object, path: string): Generator<Found, void> {
  const problem = problemOf(field, value, owner);
  if (problem !== undefined) yield found(path, problem);
  else if (field.part !== undefined && typeOf(value) === 'object') yield* ofObject(field.part(), value as object, path);
  else if (field.part !== undefined && typeOf(value) === 'array') {
    for (const [index, item] of (value as readonly object[]).entries()) {
      yield* ofObject(field.part(), item, `${path}[${index}]`);
    }
  }
}

function* ofObject(contract: ContractClass, owner: object, path: string): Generator<Found, void> {
  for (const field of fieldsOf(contract)) {
    const value = Object.hasOwn(owner, field.name) ? (owner as Record<string, unknown>)[field.name] : undefined;
    yield* ofField(field, value, owner, at(path, field.name));
  }
}

/**
 * Everything that is wrong with a value under a contract: missing fields first, then wrong JSON types, enums and values,
 * each in the order of the contract; empty where it conforms. This is the careful way, taken when the fast validator has
 * said no, and for HTTP bodies. The sentences name fields and rules, never content.
 */
export function problemsOf(contract: ContractClass, value: unknown): readonly Rejection[] {
  if (typeOf(value) !== 'object') {
    return [
      { code: 'SCHEMA_INVALID', path: '', reason: `The record must be a JSON object, got a JSON ${typeOf(value)}.` },
    ];
  }
  return [...ofObject(contract, value as object, '')]
    .sort((a, b) => ranks.indexOf(a.rank) - ranks.indexOf(b.rank))
    .map(({ code, path, reason }) => ({ code, path, reason }));
}
