import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { activate, inForce, policies, ruleSets } from '@tocsin/services';
import type { Document, DocumentKind, InForce, Settings } from '@tocsin/services';
import { parse } from 'yaml';
import { UsageError, endItFirst, print, withPlatform } from './with-platform.ts';

interface ActivateOptions {
  readonly tenant?: string;
  readonly wait: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

interface ShowOptions {
  readonly tenant?: string;
  readonly json?: boolean;
}

/** `tocsin rules activate|show` and `tocsin policy activate|show`. */
export function addActivations(program: Command): void {
  add(program, 'rules', 'rule set', 'which fraud rules run, how, with what weight and parameters', () => ruleSets());
  add(program, 'policy', 'policy', 'how a tenant treats its customers: channels, legal bases, names', (settings) =>
    policies(settings),
  );
}

function add<D extends Document>(
  program: Command,
  name: string,
  thing: string,
  about: string,
  kindOf: (settings: Settings) => DocumentKind<D>,
): void {
  const verb = program.command(name).description(about);
  verb
    .command('activate <file>')
    .description(
      `put a ${thing} (YAML or JSON, with an id and without a version) in force for a tenant, in every partition, without a ` +
        'restart; exit code 1 where a partition has not confirmed it in time: it stands in the log and is applied all the same',
    )
    .option('--tenant <id>', 'whose (default: the only one that is configured)')
    .option('--wait <seconds>', 'how long to wait until every partition has confirmed it', '30')
    .option('--dry-run', 'only say what is wrong with it')
    .option('--json', 'print JSON')
    .action(async (file: string, { tenant, wait, dryRun = false, json = false }: ActivateOptions) => {
      const waitMs = secondsOf(wait);
      const content = contentOf(file);
      await withPlatform(
        program,
        async (platform, settings) => {
          const tenantId = tenantOf(settings, tenant);
          const kind = kindOf(settings);
          const problems = kind.problems(content, tenantId);
          if (problems.length > 0) throw new UsageError([`${file} cannot be activated:`, ...problems].join('\n  '));
          if (dryRun) {
            print(json, { dryRun, problems }, [`${file} can be activated for ${tenantId}.`]);
            return;
          }
          const document = content as Omit<D, 'version'>;
          const { version, waiting } = await activate(platform, kind, tenantId, document, waitMs);
          const confirmed = waiting.length === 0 ? 'confirmed by every partition' : 'not yet confirmed by';
          print(json, { tenantId, version, waiting }, [
            `${thing} ${document.id} is version ${version} of ${tenantId}, ${confirmed}${waiting.length === 0 ? '.' : ':'}`,
            ...waiting.map(({ stage, partition }) => `  ${stage}/${partition}`),
          ]);
          if (waiting.length > 0) process.exitCode = 1;
        },
        endItFirst,
      );
    });
  verb
    .command('show')
    .description('which version is in force in each partition, by what the stages have committed')
    .option('--tenant <id>', 'whose (default: the only one that is configured)')
    .option('--json', 'print JSON')
    .action(({ tenant, json = false }: ShowOptions) =>
      withPlatform(
        program,
        async (platform, settings) => {
          const kind = kindOf(settings) as unknown as DocumentKind;
          const found = await inForce(platform, kind, tenantOf(settings, tenant));
          print(json, found, found.map(lineOf));
        },
        endItFirst,
      ),
    );
}

const lineOf = ({ stage, partition, id, version }: InForce): string =>
  `${`${stage}/${partition}`.padEnd(32)} ${version === null ? 'the default' : `version ${version}  ${id ?? ''}`}`;

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds < 0) throw new UsageError('--wait must be a number of seconds.');
  return seconds * 1_000;
}

function contentOf(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8')) as unknown;
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`);
  }
}

function tenantOf({ tenants }: Settings, given: string | undefined): string {
  const all = Object.keys(tenants);
  if (given === undefined && all.length === 1) return all[0]!;
  if (given === undefined) throw new UsageError(`Name the tenant with --tenant; there are: ${all.join(', ')}.`);
  if (!all.includes(given)) throw new UsageError(`There is no tenant ${given}; there are: ${all.join(', ')}.`);
  return given;
}
