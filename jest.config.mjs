import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { swcOptions } from './tools/swc-options.mjs';

const root = import.meta.dirname;

/**
 * What a project's tests need running, from its package.json: "tocsin": { "needs": ["kafka", "redis"] }. It is started
 * once per run, and only when a test of such a project is selected.
 */
const provision = (dir) => {
  const needs = JSON.parse(readFileSync(`${root}/${dir}/package.json`, 'utf8')).tocsin?.needs ?? [];
  if (needs.length === 0) return {};
  return {
    globalSetup: `${root}/tools/provide/${[...needs].sort().join('-')}.mjs`,
    globalTeardown: `${root}/tools/provide/withdraw.mjs`,
  };
};

const project = (dir) => ({
  ...provision(dir),
  displayName: dir,
  rootDir: `${root}/${dir}`,
  testMatch: ['<rootDir>/src/**/*.test.ts'],
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', swcOptions] },
  testEnvironmentOptions: { customExportConditions: ['tocsin-source', 'node', 'node-addons'] },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  setupFiles: [`${root}/tools/quiet-lmdb.mjs`],
});

const projects = ['libs', 'apps', 'test'].flatMap((group) =>
  readdirSync(`${root}/${group}`)
    .map((name) => `${group}/${name}`)
    .filter((dir) => existsSync(`${root}/${dir}/package.json`)),
);

export default {
  projects: projects.map(project),
  reporters: ['default', `${root}/tools/closing-line-reporter.mjs`],
  // Most of the long tests wait for servers: two at a time keep two cores busy.
  maxWorkers: '100%',
  testSequencer: `${root}/tools/sequencer.mjs`,
  testTimeout: 60_000,
};
