import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import { IsArray, IsInt, IsString, Max, Min, ValidateNested } from 'class-validator';
import { ConfigurationError, describeProblems, readConfiguration } from './configuration.ts';

class Source {
  @IsString() topic!: string;
}

class Example {
  @IsString() name!: string;
  @IsInt() @Min(1) @Max(9) count: number = 3;
  @IsString() password: string = '';
  @IsArray() @ValidateNested({ each: true }) @Type(() => Source) sources: Source[] = [];
}

const folder = mkdtempSync(join(tmpdir(), 'tocsin-configuration-'));
afterAll(() => rmSync(folder, { recursive: true }));

const read = (text: string, environment: Record<string, string> = {}) => readConfiguration(Example, text, environment);

const problemsOf = (text: string, environment: Record<string, string> = {}) => {
  try {
    read(text, environment);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems.map(({ path, problem }) => `${path}: ${problem}`);
    throw error;
  }
  return [];
};

describe('a configuration', () => {
  it('takes defaults from the class', () => {
    expect(read('name: a')).toEqual({ name: 'a', count: 3, password: '', sources: [] });
  });

  it('names every problem at once, each with its path', () => {
    expect(problemsOf('count: 12\nsurprise: 1\nsources:\n  - topic: t\n  - topic: 5\n    more: x\n').sort()).toEqual([
      'count: must not be greater than 9',
      'name: must be a string',
      'sources[1].more: is not a known setting',
      'sources[1].topic: must be a string',
      'surprise: is not a known setting',
    ]);
  });

  it('says where YAML is broken', () => {
    expect(problemsOf('name: [a\ncount: 1').length).toBeGreaterThan(0);
    expect(problemsOf('name: [a\ncount: 1')[0]).toMatch(/^line 2, column \d+: /);
  });

  it('refuses what is not a set of keys', () => {
    expect(problemsOf('- a')).toEqual(['(file): must be a set of keys']);
  });

  it('puts secrets in from the environment and from files', () => {
    const file = join(folder, 'password');
    writeFileSync(file, 'hunter2\n');
    expect(read('name: ${WHO}', { WHO: 'ana' }).name).toBe('ana');
    expect(read(`name: a\npasswordFile: ${file}`).password).toBe('hunter2');
  });

  it('names a variable or a file that is missing, never its content', () => {
    expect(problemsOf('name: ${NOBODY}')).toEqual(['name: needs the environment variable NOBODY, which is not set']);
    expect(problemsOf(`name: a\npasswordFile: ${folder}/none`)[0]).toMatch(/^passwordFile: cannot be read: ENOENT/);
  });

  it('prints as lines', () => {
    const error = new ConfigurationError([{ path: 'a.b', problem: 'is wrong' }]);
    expect(describeProblems(error, 'tocsin.yaml')).toBe(
      'tocsin.yaml: The configuration has 1 problem.\n  a.b: is wrong',
    );
  });
});
