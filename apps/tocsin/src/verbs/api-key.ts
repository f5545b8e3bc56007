import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { hashApiKey } from '@tocsin/services';
import { print } from './with-platform.ts';

/** `tocsin api-key`: a new key for a bank back end, and the hash for the configuration. Nothing is stored. */
export function addApiKey(program: Command): void {
  program
    .command('api-key')
    .description('make a key for the API: the key for the caller, its hash for gateway.apiKeys')
    .option('--json', 'print JSON')
    .action(({ json = false }: { json?: boolean }) => {
      const key = `tocsin_${randomBytes(32).toString('base64url')}`;
      const sha256 = hashApiKey(key);
      print(json, { key, sha256 }, [
        `key     ${key}`,
        `sha256  ${sha256}`,
        'The key is shown this once; the configuration keeps the hash only.',
      ]);
    });
}
