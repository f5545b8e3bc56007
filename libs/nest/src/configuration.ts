import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import type { ValidationError } from 'class-validator';
import { LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';

/** One thing that is wrong with a configuration: where (`sources[0].topic`) and what, as a sentence. */
export interface ConfigurationProblem {
  readonly path: string;
  readonly problem: string;
}

/** Every problem at once, so that an operator mends a file in one go. */
export class ConfigurationError extends Error {
  constructor(readonly problems: readonly ConfigurationProblem[]) {
    super(`The configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'}.`);
    this.name = 'ConfigurationError';
  }
}

/** The exit code of a process whose configuration is wrong. */
export const configurationExitCode = 2;

type Plain = Record<string, unknown>;
type Environment = Readonly<Record<string, string | undefined>>;

const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const join = (path: string, key: string | number): string =>
  typeof key === 'number' ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;

/**
 * Puts secrets in place: `${NAME}` inside a text is the environment's, and a key `<name>File` is read from that file into
 * `<name>` (one trailing newline is dropped), so that no secret need stand in the YAML file.
 */
function withSecrets(
  value: unknown,
  path: string,
  environment: Environment,
  problems: ConfigurationProblem[],
): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(/\$\{([A-Z][A-Z0-9_]*)\}/g, (_, name: string) => {
      const found = environment[name];
      if (found === undefined)
        problems.push({ path, problem: `needs the environment variable ${name}, which is not set` });
      return found ?? '';
    });
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => withSecrets(item, join(path, index), environment, problems));
  }
  if (!isPlain(value)) return value;
  const result: Plain = {};
  for (const [key, item] of Object.entries(value)) {
    if (key.endsWith('File') && typeof item === 'string') {
      const name = key.slice(0, -'File'.length);
      if (Object.hasOwn(value, name)) {
        problems.push({ path: join(path, key), problem: `stands beside ${name}: leave one of them out` });
        continue;
      }
      const file = withSecrets(item, join(path, key), environment, problems) as string;
      try {
        result[name] = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
      } catch (error) {
        problems.push({ path: join(path, key), problem: `cannot be read: ${(error as Error).message}` });
      }
    } else {
      result[key] = withSecrets(item, join(path, key), environment, problems);
    }
  }
  return result;
}

function collect(errors: readonly ValidationError[], path: string, problems: ConfigurationProblem[]): void {
  for (const error of errors) {
    const index = /^\d+$/.test(error.property) ? Number(error.property) : undefined;
    const here = index === undefined ? join(path, error.property) : join(path, index);
    for (const [rule, message] of Object.entries(error.constraints ?? {})) {
      const problem =
        rule === 'whitelistValidation'
          ? 'is not a known setting'
          : message
              .replace(new RegExp(`^each value in ${error.property}\\s+`), 'each value ')
              .replace(new RegExp(`^${error.property}\\s+`), '');
      problems.push({ path: here, problem });
    }
    collect(error.children ?? [], here, problems);
  }
}

/** Checks a plain value against a class-validator class; unknown keys are problems. */
export function checked<T extends object>(
  type: new () => T,
  value: unknown,
  path = '',
): { value: T; problems: ConfigurationProblem[] } {
  const problems: ConfigurationProblem[] = [];
  if (!isPlain(value))
    return { value: new type(), problems: [{ path: path || '(file)', problem: 'must be a set of keys' }] };
  const instance = plainToInstance(type, value, { exposeDefaultValues: true });
  collect(
    validateSync(instance, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true }),
    path,
    problems,
  );
  return { value: instance, problems };
}

/**
 * Reads one YAML text into a validated configuration; defaults stand in the class.
 * @param also further checks (references between parts, options of plug-ins); what it throws on an invalid instance is ignored
 * @throws ConfigurationError with every problem found
 */
export function readConfiguration<T extends object>(
  type: new () => T,
  text: string,
  environment: Environment,
  also: (value: T) => readonly ConfigurationProblem[] = () => [],
): T {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  // A tag that is not known is but a warning, and the value would be another one than was meant.
  const unreadable = [...document.errors, ...document.warnings];
  if (unreadable.length > 0) {
    throw new ConfigurationError(
      unreadable.map(({ pos, message }) => {
        const { line, col } = lines.linePos(pos[0]);
        return { path: `line ${line}, column ${col}`, problem: withoutContent(message) };
      }),
    );
  }
  const problems: ConfigurationProblem[] = [];
  const plain = withSecrets(valueOf(document) ?? {}, '', environment, problems);
  const { value, problems: found } = checked(type, plain);
  // A secret that could not be had is one problem, not also a text that is too short.
  const without = new Set(problems.map(({ path }) => path));
  if (isPlain(plain)) found.push(...further(value, also, found.length === 0));
  for (const { path, problem } of found) {
    const known = problems.some((other) => other.path === path && other.problem === problem);
    if (!without.has(path) && !known) problems.push({ path, problem });
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
  return value;
}

/** What YAML says, without what it quotes of the file: to whoever forgot the quotes, that is a password. */
const withoutContent = (message: string): string => message.replace(/(: |\\)[^]*$/, '');

/** Aliases are only looked up now. */
function valueOf(document: Document): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new ConfigurationError([{ path: '(file)', problem: withoutContent((error as Error).message) }]);
  }
}

function further<T>(value: T, also: (value: T) => readonly ConfigurationProblem[], valid: boolean) {
  try {
    return also(value);
  } catch (error) {
    // What has the wrong type cannot always be looked at further.
    if (valid) throw error;
    return [];
  }
}

/** The problems as lines for a terminal. */
export const describeProblems = (error: ConfigurationError, file: string): string =>
  [`${file}: ${error.message}`, ...error.problems.map(({ path, problem }) => `  ${path}: ${problem}`)].join('\n');
