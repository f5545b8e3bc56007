import { readFileSync } from 'node:fs';
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

const help = (name: string): string => `Usage: ${name} [--config FILE]

Runs the service "${name}" alone. The configuration is one YAML file: --config, or TOCSIN_CONFIG, or tocsin.yaml here.
Ends with code 2 when the configuration is wrong, and drains on SIGTERM or Ctrl-C.`;

/** The whole of a service's main: reads the configuration, starts, and drains when told to end. */
export async function runAlone(name: ServiceName, args: readonly string[] = process.argv.slice(2)): Promise<void> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`${help(name)}\n`);
    return;
  }
  const at = args.indexOf('--config');
  const file = (at >= 0 ? args[at + 1] : undefined) ?? process.env['TOCSIN_CONFIG'] ?? 'tocsin.yaml';
  const refuse = (message: string): never => {
    say(message);
    process.exit(configurationExitCode);
  };
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
