import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../../../apps/tocsin/dist/main.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command as an operator does, in a process of its own. */
export async function tocsin(
  { configuration }: { readonly configuration: string },
  ...args: readonly string[]
): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-verb-'));
  const file = join(folder, 'tocsin.yaml');
  writeFileSync(file, configuration);
  try {
    return await new Promise<Ended>((resolve, reject) => {
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], {
        env: { ...process.env, TOCSIN_CONFIG: file },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let out = '';
      let err = '';
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, out, err }));
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
