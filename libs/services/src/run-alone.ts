import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  ConfigurationError,
  closeOnSignal,
  configurationExitCode,
  describeProblems,
  markByBacklog,
  openLogger,
  releaseMemory,
  tuneCollector,
} from '@tocsin/nest';
import { CannotStart } from './cannot-start.ts';
import { readSettings } from './read-settings.ts';
import { start } from './start.ts';
import type { ServiceName } from './service.ts';

const say = (line: string): void => void process.stderr.write(`${line}\n`);

const help = (name: string): string => `Usage: ${name} [-c FILE | --config FILE]

Runs the service "${name}" alone. The configuration is one YAML file: --config, or TOCSIN_CONFIG, or tocsin.yaml here.
Ends with code 2 when the configuration is wrong, and drains on SIGTERM or Ctrl-C.`;

/** What is mistyped must not start a service with another configuration than the one that was meant. */
function argumentsOf(args: readonly string[]): { readonly config?: string; readonly help?: boolean } | Error {
  const options = { config: { type: 'string', short: 'c' }, help: { type: 'boolean', short: 'h' } } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    return error as Error;
  }
}

/** The whole of a service's main: reads the configuration, starts, and drains when told to end. */
export async function runAlone(name: ServiceName, args: readonly string[] = process.argv.slice(2)): Promise<void> {
  const refuse = (message: string): never => {
    say(message);
    process.exit(configurationExitCode);
  };
  const given = argumentsOf(args);
  if ('message' in given) return refuse(`${given.message}\n\n${help(name)}`);
  if (given.help === true) {
    process.stdout.write(`${help(name)}\n`);
    return;
  }
  const file = given.config ?? process.env['TOCSIN_CONFIG'] ?? 'tocsin.yaml';
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    refuse(`${file}: ${(error as Error).message}. Name a configuration with --config.`);
  }
  try {
    const settings = readSettings(text, process.env);
    const logger = openLogger(name, settings.logLevel);
    tuneCollector();
    const running = await start({ settings, services: [name], logger, refused: (error) => refuse(error.message) });
    // It works on every payment. What alert and deliver keep grows with messages, and would take half as much memory again.
    if (name === 'detect') markByBacklog(() => running.metrics.total('lag_records'));
    releaseMemory();
    say(`${name} listens on ${running.url} (/health/live, /health/ready, /metrics).`);
    closeOnSignal([{ name, close: () => running.close() }], logger, { announce: say });
  } catch (error) {
    if (error instanceof ConfigurationError) refuse(describeProblems(error, file));
    if (error instanceof CannotStart) refuse(error.message);
    throw error;
  }
}
