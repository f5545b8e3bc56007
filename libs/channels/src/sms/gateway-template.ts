import { ValidateBy } from 'class-validator';
import type { ValidationOptions } from 'class-validator';

/** What a template may name. `key` is the opaque id of the send. */
export const templateNames = ['to', 'text', 'key', 'from', 'language'] as const;
export type TemplateValues = Readonly<Record<(typeof templateNames)[number], string>>;

/** `url` percent-encodes; `json` writes a whole JSON string, quotes included. A value can never enter unencoded. */
export type TemplateEncoding = 'url' | 'json';

const placeholder = /\{\{\s*(\w+)\s*\|\s*(\w+)\s*\}\}/g;

export const fillTemplate = (template: string, values: TemplateValues): string =>
  template.replace(placeholder, (_all, name: keyof TemplateValues, encoding: TemplateEncoding) =>
    encoding === 'json' ? JSON.stringify(values[name]) : encodeURIComponent(values[name]),
  );

/** What is wrong with a template, as sentences. */
export function templateProblems(template: string, encodings: readonly TemplateEncoding[]): readonly string[] {
  const problems: string[] = [];
  for (const [all, name, encoding] of template.matchAll(placeholder)) {
    if (!templateNames.includes(name as never)) problems.push(`${all} names none of ${templateNames.join(', ')}`);
    if (!encodings.includes(encoding as never)) problems.push(`${all} must be encoded as ${encodings.join(' or ')}`);
  }
  if (/\{\{|\}\}/.test(template.replace(placeholder, ''))) problems.push('a placeholder is written {{name|encoding}}');
  return problems;
}

/** A template in which every value is encoded in one of these ways. */
export const IsTemplate = (encodings: readonly TemplateEncoding[], options?: ValidationOptions): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isTemplate',
      validator: {
        validate: (value: unknown) => typeof value === 'string' && templateProblems(value, encodings).length === 0,
        defaultMessage: (args) =>
          `${args?.property} is no valid template: ${templateProblems(String(args?.value), encodings).join('; ')}`,
      },
    },
    options,
  );

/** A URL template whose scheme and host are fixed: a value may only stand in path and query. */
export const IsUrlTemplate = (options?: ValidationOptions): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isUrlTemplate',
      validator: {
        validate: (value: unknown) =>
          typeof value === 'string' &&
          /^https?:\/\/[^/?#{}\s]+(\/|$)/.test(value) &&
          templateProblems(value, ['url']).length === 0,
        defaultMessage: (args) =>
          `${args?.property} must be an http(s) URL with a fixed host and values as {{name|url}}`,
      },
    },
    options,
  );

/** A pattern that compiles. */
export const IsPattern = (options?: ValidationOptions): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isPattern',
      validator: {
        validate(value: unknown) {
          try {
            return typeof value === 'string' && new RegExp(value, 'u') instanceof RegExp;
          } catch {
            return false;
          }
        },
        defaultMessage: (args) => `${args?.property} must be a regular expression`,
      },
    },
    options,
  );
