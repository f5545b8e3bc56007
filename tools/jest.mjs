// Starts Jest on this very Node in ESM mode, from any folder, without asking the caller for NODE_OPTIONS.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('..', import.meta.url));
const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
const jest = [require.resolve('jest/bin/jest'), '--config', `${root}jest.config.mjs`, ...process.argv.slice(2)];
const run = spawnSync(process.execPath, [...flags, ...jest], { stdio: 'inherit', cwd: root });
process.exit(run.status ?? 1);
