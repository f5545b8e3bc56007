import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { configurationExitCode } from '@tocsin/nest';
import { addAcceptLog } from './verbs/accept-log.ts';
import { addActivations } from './verbs/activations.ts';
import { addApiKey } from './verbs/api-key.ts';
import { addDeadLetters } from './verbs/dead-letters.ts';
import { addDoctor } from './verbs/doctor.ts';
import { addLedger } from './verbs/ledger.ts';
import { addRecover } from './verbs/recover.ts';
import { addRejected } from './verbs/rejected.ts';
import { addReplay } from './verbs/replay.ts';
import { addRetry } from './verbs/retry.ts';
import { addRun } from './verbs/run.ts';
import { addStatus } from './verbs/status.ts';
import { addTopics } from './verbs/topics.ts';
import { fail } from './verbs/with-platform.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('tocsin')
  .description('Turns a bank’s transaction streams into the alerts its customers need.')
  .version(version, '-V, --version', 'print the version')
  .option('-c, --config <file>', 'configuration (default: TOCSIN_CONFIG, or tocsin.yaml here)')
  .showHelpAfterError('Run "tocsin --help" or "tocsin <verb> --help".')
  .configureHelp({ showGlobalOptions: true })
  // 1 says that something is away or wrong: what was mistyped must not look like it. Commands made from here on inherit it.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : configurationExitCode));

addRun(program);
addTopics(program);
addStatus(program);
addDoctor(program);
addAcceptLog(program);
addRetry(program);
addRecover(program);
addActivations(program);
addRejected(program);
addDeadLetters(program);
addReplay(program);
addLedger(program);
addApiKey(program);

try {
  await program.parseAsync();
} catch (error) {
  fail(error);
}
