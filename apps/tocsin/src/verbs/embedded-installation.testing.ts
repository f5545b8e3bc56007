import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { Command } from 'commander';
import { silentLogger } from '@tocsin/nest';
import { openPlatform, readSettings } from '@tocsin/services';
import type { Platform } from '@tocsin/services';

/** An installation on embedded storage that no service runs on, for tests of commands. */
export interface EmbeddedInstallation {
  /** Does something with log and store; both are closed again, so that a command can open them. */
  with(act: (platform: Platform) => Promise<void>): Promise<void>;
  /** Runs a command, and returns what it printed. @throws what it throws */
  run(add: (program: Command) => void, ...words: readonly string[]): Promise<string>;
  remove(): void;
}

/** `ofSource` is written behind what the source has. */
export function embeddedInstallation(ofSource = ''): EmbeddedInstallation {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-verbs-'));
  const file = join(folder, 'tocsin.yaml');
  const text = [
    'storage: embedded',
    `folder: ${join(folder, 'data')}`,
    'secret: at-least-thirty-two-characters-long',
    'tenants: { alpha: { bankName: Alpha Bank } }',
    `sources: [{ name: payments, topic: bank, format: json, startAt: earliest, tenant: alpha${ofSource} }]`,
  ].join('\n');
  writeFileSync(file, text);
  return {
    with: async (act) => {
      const platform = await openPlatform(readSettings(text, {}), silentLogger);
      await act(platform).finally(() => platform.close());
    },
    run: async (add, ...words) => {
      const said: string[] = [];
      const written = jest.spyOn(process.stdout, 'write').mockImplementation((line) => said.push(String(line)) > 0);
      const program = new Command().option('--config <file>');
      add(program);
      await program.parseAsync(['--config', file, ...words], { from: 'user' }).finally(() => written.mockRestore());
      return said.join('');
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
