import { fieldsOf, maskPan } from '@tocsin/core';
import type { ContractClass, Warning } from '@tocsin/core';

interface Known {
  readonly names: ReadonlyMap<string, ContractClass | undefined>;
}

const cache = new Map<ContractClass, Known>();

function knownOf(contract: ContractClass): Known {
  let known = cache.get(contract);
  if (known === undefined) {
    known = { names: new Map(fieldsOf(contract).map(({ name, part }) => [name, part?.()])) };
    cache.set(contract, known);
  }
  return known;
}

/** Names come from the bank: no card number in them, and no more of them than a reader needs. */
const shown = (name: string): string => maskPan(name).text.slice(0, 64);

/**
 * A warning for each field that the contract does not have; `visit` sees what stands in it. Such fields are dropped. The
 * value must conform to the contract.
 */
export function unknownFields(
  contract: ContractClass,
  value: object,
  warnings: Warning[],
  visit: (unknown: unknown, depth: number) => void,
  path = '',
  depth = 1,
): void {
  const { names } = knownOf(contract);
  for (const name in value) {
    const inner = (value as Record<string, unknown>)[name];
    const part = names.get(name);
    if (part !== undefined) {
      if (typeof inner !== 'object' || inner === null) continue;
      const items: readonly object[] = Array.isArray(inner) ? (inner as object[]) : [inner];
      for (const item of items) {
        unknownFields(part, item, warnings, visit, `${path}${name}.`, depth + (Array.isArray(inner) ? 2 : 1));
      }
    } else if (!names.has(name)) {
      warnings.push({ code: 'UNKNOWN_FIELD', path: path + shown(name) });
      visit(inner, depth);
    }
  }
}
