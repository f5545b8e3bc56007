import { Transform, plainToInstance } from 'class-transformer';
import { ValidateBy, validateSync } from 'class-validator';
import type { ValidationError } from 'class-validator';

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The first thing that is wrong with a value of the record, as the end of a sentence that begins with its path. */
type Check = (value: unknown) => string | undefined;

interface RecordLimits {
  readonly keys: RegExp;
  readonly atMost: number;
}

function problemIn(record: unknown, { keys, atMost }: RecordLimits, check: Check): string | undefined {
  if (!isPlain(record)) return ' must be an object';
  const entries = Object.entries(record);
  if (entries.length > atMost) return ` must have at most ${atMost} entries`;
  for (const [key, value] of entries) {
    if (!keys.test(key)) return ' has a key that is not allowed';
    const problem = check(value);
    if (problem !== undefined) return `.${key}${problem}`;
  }
  return undefined;
}

const validated = (limits: RecordLimits, check: Check): PropertyDecorator =>
  ValidateBy({
    name: 'recordOf',
    validator: {
      validate: (value) => problemIn(value, limits, check) === undefined,
      defaultMessage: (given) => `${given?.property ?? ''}${problemIn(given?.value, limits, check) ?? ''}`,
    },
  });

/** A property that holds simple values by name. */
export const RecordOf = (limits: RecordLimits, says: string, holds: (value: unknown) => boolean): PropertyDecorator =>
  validated(limits, (value) => (holds(value) ? undefined : ` ${says}`));

/** A property that holds objects of a class by name, each checked like the body itself: unknown fields are refused. */
export function RecordOfParts(limits: RecordLimits, part: new () => object): PropertyDecorator {
  const toParts = Transform(({ value }: { value: unknown }) =>
    isPlain(value)
      ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainToInstance(part, item)]))
      : value,
  );
  const check = validated(limits, (value) => {
    if (!isPlain(value)) return ' must be an object';
    const [problem] = validateSync(value, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true });
    return problem === undefined ? undefined : sentence(problem);
  });
  return (target, name) => {
    toParts(target, name);
    check(target, name);
  };
}

function sentence({ property, constraints, children }: ValidationError): string {
  const [message] = Object.values(constraints ?? {});
  if (message !== undefined) return `: ${message}`;
  const [child] = children ?? [];
  return child === undefined ? `.${property} is not valid` : `.${property}${sentence(child)}`;
}
