/** Spans are numbers of milliseconds, amounts are numbers in major units, null is "off". */
export type Parameter = number | string | boolean | null | readonly string[];
export type Parameters = Readonly<Record<string, Parameter>>;

/** A number that is off by default, and that a rule set can switch on. 0 would be a limit. */
export const off = null as number | null;

const isList = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

function fits(given: Parameter, value: unknown): boolean {
  if (given === null) return value === null || fits(0, value);
  if (typeof given === 'number') return typeof value === 'number' && Number.isFinite(value) && value >= 0;
  return typeof given === 'object' ? isList(value) : typeof value === typeof given;
}

const kindOf = (given: Parameter): string => {
  if (given === null) return 'a number or null';
  if (typeof given === 'number') return 'a number that is not negative';
  return typeof given === 'object' ? 'a list of texts' : `a ${typeof given}`;
};

/** What is wrong with a rule's parameters, as sentences; empty when they can be used. */
export const problemsOfParameters = (
  rule: string,
  defaults: Parameters,
  given: Readonly<Record<string, unknown>>,
): readonly string[] =>
  Object.entries(given).flatMap(([name, value]) => {
    if (!Object.hasOwn(defaults, name)) return [`${rule} has no parameter ${name}.`];
    const standard = defaults[name]!;
    return fits(standard, value) ? [] : [`${rule}.${name} must be ${kindOf(standard)}.`];
  });
