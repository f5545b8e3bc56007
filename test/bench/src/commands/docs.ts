import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { documentOf } from '../report/document.ts';
import { resultsFolder } from '../report/publish.ts';

export const documentFile = join(resultsFolder, '..', 'performance.md');

export const docsCommand = (): Command =>
  new Command('docs').description('write docs/performance.md from the results in docs/performance/').action(() => {
    writeFileSync(documentFile, documentOf(readFileSync(documentFile, 'utf8')));
  });
