import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const on = (...names) => names.map((name) => `layer:${name}`);
const plugIns = ['plugin', 'engine', 'adapter', 'simulator', 'suites', 'testing'];

/** The dependency rule, one row per layer. test/architecture plants a violation of each row and expects it to be caught. */
export const layers = [
  { sourceTag: 'layer:core', onlyDependOnLibsWithTags: on('core') },
  ...plugIns.map((name) => ({ sourceTag: `layer:${name}`, onlyDependOnLibsWithTags: on('core') })),
  { sourceTag: 'layer:nest', onlyDependOnLibsWithTags: on('core', 'engine') },
  { sourceTag: 'layer:services', onlyDependOnLibsWithTags: on('core', 'plugin', 'engine', 'adapter', 'nest') },
  { sourceTag: 'layer:app', onlyDependOnLibsWithTags: on('core', 'services', 'nest', 'adapter') },
  { sourceTag: 'layer:console', onlyDependOnLibsWithTags: [] },
  {
    sourceTag: 'layer:app-tocsin',
    onlyDependOnLibsWithTags: on(
      'core',
      'plugin',
      'engine',
      'adapter',
      'simulator',
      'suites',
      'nest',
      'services',
      'console',
    ),
  },
  { sourceTag: 'layer:test', onlyDependOnLibsWithTags: ['*'] },
];

/** Each outside client has one importer, so that it can be replaced there. */
const owned = [
  { packages: ['kafkajs', '@platformatic/kafka'], owner: 'libs/kafka' },
  { packages: ['ioredis'], owner: 'libs/redis' },
  { packages: ['lmdb'], owner: 'libs/embedded' },
];

const restricted = (allowedOwner) => ({
  patterns: [
    ...owned
      .filter(({ owner }) => owner !== allowedOwner)
      .map(({ packages, owner }) => ({ group: packages, message: `Only ${owner} may import this client.` })),
    { group: ['@tocsin/testing'], message: 'Only tests may import @tocsin/testing.' },
  ],
});

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '.nx/**', 'coverage/**', 'data/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  { files: ['**/*.mjs'], extends: [tseslint.configs.recommended] },
  {
    files: ['{apps,libs,test}/**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['{apps,libs}/**/*.ts'],
    ignores: ['**/*.test.ts'],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        { enforceBuildableLibDependency: false, allowCircularSelfDependency: false, depConstraints: layers },
      ],
      'no-restricted-imports': ['error', restricted()],
    },
  },
  ...owned.map(({ owner }) => ({
    files: [`${owner}/**/*.ts`],
    ignores: ['**/*.test.ts'],
    rules: { 'no-restricted-imports': ['error', restricted(owner)] },
  })),
  {
    // The pure layers: no clock, no randomness, no waiting, nothing of Node. A step must replay to the same result.
    files: ['libs/core/src/**/*.ts', 'libs/rules/src/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['node:*', '@nestjs/*', 'kafkajs', 'ioredis', 'lmdb', '@platformatic/*', '@tocsin/testing'],
              message: 'The core and the rules are pure: no I/O, no framework, no client.',
            },
          ],
        },
      ],
      'no-restricted-globals': [
        'error',
        'process',
        'Buffer',
        'setTimeout',
        'setInterval',
        'setImmediate',
        'fetch',
        'crypto',
        'performance',
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Time enters as an argument.' },
        { object: 'Math', property: 'random', message: 'Randomness would not replay.' },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'AwaitExpression', message: 'The core does not wait.' },
        { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: 'Time enters as an argument.' },
      ],
    },
  },
  prettier,
);
