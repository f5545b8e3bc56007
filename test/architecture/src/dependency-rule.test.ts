import { rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { root, run } from './workspace.ts';

/*
 * The dependency rule is worth what it catches. So one violation per row is planted as a real file, linted, and removed;
 * each must be reported, and the same places without a violation must not be.
 */

interface Planted {
  readonly folder: string;
  readonly code: string;
  /** Part of a rule's id that must report it. */
  readonly rule: RegExp;
}

const boundary = /@nx\/enforce-module-boundaries/;
const imports = (name: string) =>
  `import * as planted from '${name}';\nexport const plantedKeys = Object.keys(planted);\n`;

const violations: readonly Planted[] = [
  { folder: 'libs/core', code: imports('@tocsin/rules'), rule: boundary },
  { folder: 'libs/rules', code: imports('@tocsin/formats'), rule: boundary },
  { folder: 'libs/formats', code: imports('@tocsin/channels'), rule: boundary },
  { folder: 'libs/channels', code: imports('@tocsin/engine'), rule: boundary },
  { folder: 'libs/engine', code: imports('@tocsin/kafka'), rule: boundary },
  { folder: 'libs/kafka', code: imports('@tocsin/engine'), rule: boundary },
  { folder: 'libs/redis', code: imports('@tocsin/kafka'), rule: boundary },
  { folder: 'libs/embedded', code: imports('@tocsin/redis'), rule: boundary },
  { folder: 'libs/simulator', code: imports('@tocsin/channels'), rule: boundary },
  { folder: 'libs/suites', code: imports('@tocsin/kafka'), rule: boundary },
  { folder: 'libs/testing', code: imports('@tocsin/engine'), rule: boundary },
  { folder: 'libs/nest', code: imports('@tocsin/redis'), rule: boundary },
  { folder: 'libs/services', code: imports('@tocsin/simulator'), rule: boundary },
  { folder: 'apps/ingest', code: imports('@tocsin/simulator'), rule: boundary },
  { folder: 'apps/detect', code: imports('@tocsin/rules'), rule: boundary },
  { folder: 'apps/console', code: imports('@tocsin/core'), rule: boundary },
  { folder: 'libs/core', code: imports('node:fs'), rule: /no-restricted-imports/ },
  { folder: 'libs/rules', code: imports('ioredis'), rule: /no-restricted-imports/ },
  { folder: 'libs/engine', code: imports('kafkajs'), rule: /no-restricted-imports/ },
  { folder: 'libs/services', code: imports('ioredis'), rule: /no-restricted-imports/ },
  { folder: 'libs/nest', code: imports('lmdb'), rule: /no-restricted-imports/ },
  { folder: 'libs/services', code: imports('@tocsin/testing'), rule: /no-restricted-imports/ },
  { folder: 'libs/core', code: 'export const planted = () => Date.now();\n', rule: /no-restricted-properties/ },
  { folder: 'libs/rules', code: 'export const planted = () => Math.random();\n', rule: /no-restricted-properties/ },
  { folder: 'libs/core', code: 'export const planted = () => new Date();\n', rule: /no-restricted-syntax/ },
  {
    folder: 'libs/core',
    code: 'export const planted = async () => await Promise.resolve(1);\n',
    rule: /no-restricted-syntax/,
  },
  { folder: 'libs/core', code: 'export const planted = () => process.pid;\n', rule: /no-restricted-globals/ },
];

/** What is allowed, in the same places: the rule must not simply refuse everything. */
const allowed: readonly { readonly folder: string; readonly code: string }[] = [
  { folder: 'libs/rules', code: imports('@tocsin/core') },
  { folder: 'libs/kafka', code: imports('kafkajs') },
  { folder: 'libs/services', code: imports('@tocsin/engine') },
  { folder: 'apps/ingest', code: imports('@tocsin/services') },
];

interface Report {
  readonly filePath: string;
  readonly messages: readonly { readonly ruleId: string | null; readonly message: string }[];
}

const place = (folder: string, index: number, kind: string) => `${folder}/src/planted-${kind}-${index}.ts`;

describe('the dependency rule', () => {
  const files = [
    ...violations.map((planted, index) => ({ ...planted, file: place(planted.folder, index, 'violation') })),
    ...allowed.map((planted, index) => ({ ...planted, rule: null, file: place(planted.folder, index, 'allowed') })),
  ];
  const reports = new Map<string, Report>();

  beforeAll(() => {
    // Without a cached project graph the boundary rule would only warn and pass.
    const graph = run('node_modules/nx/dist/bin/nx.js', ['show', 'projects']);
    expect(graph.output).toContain('@tocsin/core');
    for (const { file, code } of files) writeFileSync(`${root}${file}`, code);
    const lint = run('node_modules/eslint/bin/eslint.js', ['--format', 'json', ...files.map(({ file }) => file)]);
    for (const report of JSON.parse(lint.output.slice(lint.output.indexOf('['))) as Report[]) {
      reports.set(report.filePath.slice(root.length), report);
    }
  }, 180_000);

  afterAll(() => {
    for (const { file } of files) rmSync(`${root}${file}`, { force: true });
  });

  it.each(
    violations.map(
      (planted, index) =>
        [planted.folder, planted.code.split('\n')[0], place(planted.folder, index, 'violation'), planted.rule] as const,
    ),
  )('catches in %s: %s', (_folder, _code, file, rule) => {
    const ids = reports.get(file)?.messages.map(({ ruleId }) => ruleId ?? 'parse error') ?? [];
    expect(ids.some((id) => rule.test(id))).toBe(true);
  });

  it.each(
    allowed.map(
      (planted, index) =>
        [planted.folder, planted.code.split('\n')[0], place(planted.folder, index, 'allowed')] as const,
    ),
  )('lets pass in %s: %s', (_folder, _code, file) => {
    expect(reports.get(file)?.messages).toEqual([]);
  });
});
