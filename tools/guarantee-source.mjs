// Hashes over what the guarantee rests on: the sources of the engine and of its adapters, tests left out. A campaign's result
// counts as long as they have not changed, whatever else has, and however commits were rebased since.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The simulation is test code that other projects use too. */
const isTest = (name) => name.endsWith('.test.ts') || name.startsWith('simulation/');

function hashOf(folders) {
  const hash = createHash('sha256');
  for (const folder of folders) {
    const names = readdirSync(join(root, folder), { recursive: true }).map(String);
    for (const name of names.filter((one) => one.endsWith('.ts') && !isTest(one)).sort()) {
      hash
        .update(`${folder}/${name}\n`)
        .update(readFileSync(join(root, folder, name)))
        .update('\n');
    }
  }
  return hash.digest('hex').slice(0, 12);
}

/** What every campaign rests on. */
export const guaranteeSource = () => hashOf(['libs/engine/src', 'libs/kafka/src', 'libs/redis/src']);

/** What those on the embedded storage rest on besides. */
export const embeddedSource = () => hashOf(['libs/embedded/src']);
