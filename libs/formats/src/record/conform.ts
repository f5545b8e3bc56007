import { problemsOf } from '@tocsin/core';
import type { Decoded, Rejection, Warning } from '@tocsin/core';
import { unknownFields } from '../contract/unknown-fields.ts';
import { validatorOf } from '../contract/validator.ts';
import { isDeeperThan } from './depth.ts';
import type { Headers } from './envelope.ts';
import { readJson } from './read-json.ts';
import type { JsonRecordOptions } from './options.ts';

/** What a record holds once it conforms; or why it does not. */
export type Conforming<Contract> =
  { readonly value: Contract; readonly warnings: Warning[] } | { readonly rejections: readonly Rejection[] };

export const refused = (rejections: readonly Rejection[]): Decoded => ({ transactions: [], warnings: [], rejections });

const disagreement: Rejection = {
  code: 'SCHEMA_INVALID',
  path: '',
  reason: 'The record does not conform to the contract.',
};

function tooDeep(maxDepth: number): Rejection {
  return { code: 'RECORD_TOO_DEEP', path: '', reason: `The record is nested deeper than ${maxDepth} levels.` };
}

/** The careful way, taken once the answer is known to be no: what is wrong, in the order in which it is reported. */
function whyNot(contract: new () => object, json: unknown, maxDepth: number): readonly Rejection[] {
  if (isDeeperThan(json, maxDepth)) return [tooDeep(maxDepth)];
  const problems = problemsOf(contract, json);
  return problems.length > 0 ? problems : [disagreement];
}

/**
 * Bytes to a value that conforms to a contract. `contractFor` names the contract, by the value where one topic carries
 * several. The fast way parses once, validates once and looks at unknown fields alone for depth; everything else is left
 * to the careful way.
 */
export function conform<Contract extends object>(
  value: Uint8Array | null,
  headers: Headers,
  options: JsonRecordOptions,
  contractFor: (json: unknown) => new () => Contract,
): Conforming<Contract> {
  const read = readJson(value, headers, options);
  if ('rejection' in read) return { rejections: [read.rejection] };
  const { json } = read;
  const contract = contractFor(json);
  const conforms = validatorOf(contract);
  if (!conforms(json)) return { rejections: whyNot(contract, json, options.maxDepth) };
  const warnings: Warning[] = [];
  let deep = false;
  unknownFields(contract, json, warnings, (unknown, depth) => {
    deep ||= isDeeperThan(unknown, options.maxDepth - depth);
  });
  return deep ? { rejections: [tooDeep(options.maxDepth)] } : { value: json, warnings };
}
