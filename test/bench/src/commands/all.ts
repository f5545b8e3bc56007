import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';

const main = fileURLToPath(new URL('../main.js', import.meta.url));

/** Every part that fits into one sitting, with the options that make it fit: together about 30 minutes on 2 quiet cores. */
export const parts: Readonly<Record<string, readonly string[]>> = {
  throughput: ['--records', '250000', '--runs', '3'],
  latency: ['--seconds', '15', '--runs', '3'],
  footprint: ['--records', '1000000', '--runs', '3'],
  growth: ['--runs', '3', '--records', '30000'],
};

export const allCommand = (): Command => {
  const command = new Command('all').description(
    'every part but the soak and the profiles, one after the other, kept in docs/performance/, and docs/performance.md written anew',
  );
  for (const part of Object.keys(parts)) command.option(`--no-${part}`, `leave out ${part}`);
  return command.action((wanted: Record<string, boolean>) => {
    for (const [part, options] of Object.entries(parts)) {
      if (wanted[part] === false) continue;
      // A process each: what one part leaves in memory must not be another's.
      const run = spawnSync(process.execPath, [main, part, ...options, '--record'], { stdio: 'inherit' });
      if (run.status !== 0) throw new Error(`${part} failed.`);
    }
    const docs = spawnSync(process.execPath, [main, 'docs'], { stdio: 'inherit' });
    if (docs.status !== 0) throw new Error('docs/performance.md could not be written.');
  });
};
