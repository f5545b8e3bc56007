import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { progress } from './progress.ts';
import { needTool } from './tool.ts';

export const kafkaVersion = '4.3.1';

// The same folder, seen from src/provision and from dist/provision.
const recipe = (file: string): string => fileURLToPath(new URL(`../../broker/${file}`, import.meta.url));

const cache = (): string =>
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'tocsin', `kafka-${kafkaVersion}`);

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** What differs from the recorded check sums: missing, changed or foreign files. Empty when all is as it should be. */
export function differences(folder: string, recorded: string): readonly string[] {
  const expected = new Map(
    recorded
      .trim()
      .split('\n')
      .map((line) => line.split(/\s+/))
      .map(([sum, name]) => [name!, sum!]),
  );
  const present = new Set(existsSync(folder) ? readdirSync(folder) : []);
  return [
    ...[...expected]
      .filter(([name, sum]) => !present.has(name) || sha256(join(folder, name)) !== sum)
      .map(([name]) => name),
    ...[...present].filter((name) => !expected.has(name)),
  ];
}

/**
 * The folder with Apache Kafka's jars: from the cache in the home folder, else fetched once with Maven. Every file is
 * compared with its recorded SHA-256 each time, so neither a changed download nor a damaged cache is ever run.
 */
export function brokerJars(): string {
  const folder = cache();
  const recorded = readFileSync(recipe('jars.sha256'), 'utf8');
  if (differences(folder, recorded).length === 0) return folder;
  const maven = needTool('mvn');
  progress(`Fetching Apache Kafka ${kafkaVersion} with Maven (44 MB, once per machine) ...`);
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  try {
    const run = spawnSync(
      maven,
      ['-q', '-B', '-f', recipe('pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${fresh}`],
      { encoding: 'utf8' },
    );
    if (run.status !== 0) {
      throw new Error(
        `Maven could not fetch Apache Kafka ${kafkaVersion}; give an address instead with TOCSIN_TEST_KAFKA=host:port. ` +
          `Maven said: ${run.error?.message ?? `${run.stdout}${run.stderr}`.trim().slice(0, 500)}`,
      );
    }
    const wrong = differences(fresh, recorded);
    if (wrong.length > 0) throw new Error(`These files are not the recorded ones (SHA-256): ${wrong.join(', ')}`);
    // Another run may have been quicker; whichever lies there was compared by whoever put it there.
    rmSync(folder, { recursive: true, force: true });
    renameSync(fresh, folder);
  } catch (error) {
    if (differences(folder, recorded).length > 0) throw error;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return folder;
}
