import { existsSync, readdirSync } from 'node:fs';
import { swcOptions } from './tools/swc-options.mjs';

const root = import.meta.dirname;

const project = (dir) => ({
  displayName: dir,
  rootDir: `${root}/${dir}`,
  testMatch: ['<rootDir>/src/**/*.test.ts'],
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', swcOptions] },
  testEnvironmentOptions: { customExportConditions: ['tocsin-source', 'node', 'node-addons'] },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
});

const projects = ['libs', 'apps', 'test'].flatMap((group) =>
  readdirSync(`${root}/${group}`)
    .map((name) => `${group}/${name}`)
    .filter((dir) => existsSync(`${root}/${dir}/package.json`)),
);

export default {
  projects: projects.map(project),
  reporters: ['default', `${root}/tools/closing-line-reporter.mjs`],
  testTimeout: 60_000,
};
