import type { Command } from 'commander';
import { closeOnSignal, openLogger } from '@tocsin/nest';
import { serviceNames, start } from '@tocsin/services';
import type { ServiceName } from '@tocsin/services';
import { answerFromTerminal, demoFolder, startDemo } from '../demo/demo.ts';
import { UsageError, fail, say, settingsOf } from './with-platform.ts';

interface RunOptions {
  readonly demo?: boolean;
  readonly services?: string;
  readonly folder?: string;
  readonly host: string;
  readonly port: string;
  readonly quiet?: boolean;
}

/** `tocsin run`: services in this process; with --demo everything, on embedded storage, with a simulated bank. */
export function addRun(program: Command): void {
  program
    .command('run')
    .description('run services in this process')
    .option('--services <names>', `which ones, separated by commas (default: ${serviceNames.join(',')})`)
    .option('--demo', 'everything, with a simulated bank and a simulated phone; needs no configuration')
    .option('--folder <folder>', 'where the demonstration keeps its data (default: data/demo)')
    .option('--host <address>', 'address to listen on, for the demonstration', '127.0.0.1')
    .option('--port <port>', 'port to listen on, for the demonstration', '8080')
    .option('--quiet', 'the demonstration prints alerts and answers only')
    .action(async (options: RunOptions) => {
      if (options.demo === true) return runDemo(options);
      const settings = settingsOf(program);
      const services = (options.services?.split(',') ?? [...serviceNames]) as ServiceName[];
      const unknown = services.filter((name) => !serviceNames.includes(name));
      if (unknown.length > 0)
        throw new UsageError(`There is no service ${unknown.join(', ')}; there are: ${serviceNames.join(', ')}.`);
      const logger = openLogger('tocsin', settings.logLevel);
      const running = await start({ settings, services, logger, refused: fail });
      say(`Tocsin (${services.join(', ')}) listens on ${running.url}.`);
      if (settings.storage === 'embedded') {
        say('Embedded storage: one process on one machine. It survives a crash of the process; it is not replicated.');
      }
      closeOnSignal([{ name: 'services', close: () => running.close() }], logger, { announce: say });
    });
}

const whoReaches = (host: string): string =>
  ['127.0.0.1', '::1', 'localhost'].includes(host)
    ? `It listens on ${host} only, so nobody else can reach it.`
    : `It listens on ${host}: whoever reaches it can use it and answer for Ana, for it asks nobody who they are.`;

async function runDemo(options: RunOptions): Promise<void> {
  const port = Number(options.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new UsageError('--port must be 1 to 65535.');
  const noise = (line: string): boolean => / {2}payment /.test(line);
  const demo = await startDemo({
    folder: demoFolder(options.folder),
    host: options.host,
    port,
    say: (line) => {
      if (options.quiet !== true || !noise(line)) process.stdout.write(`${line}\n`);
    },
  });
  say('');
  say(`Tocsin runs: open ${demo.url.replace(/\/\/(0\.0\.0\.0|\[::\])/, '//127.0.0.1')} in a browser.`);
  say(`${whoReaches(options.host)} Embedded storage: for one machine; not replicated.`);
  say(
    'Or stay here: a first suspicious payment comes within seconds. Type YES, NO or STOP and Enter to answer for Ana. Ctrl-C ends.',
  );
  say('');
  const stopAnswering = answerFromTerminal(demo);
  closeOnSignal(
    [
      { name: 'terminal', close: () => Promise.resolve(stopAnswering()) },
      { name: 'demo', close: () => demo.close() },
    ],
    openLogger('tocsin', 'warn'),
    { announce: say },
  );
}
