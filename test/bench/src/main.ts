import { Command } from 'commander';
import { profileCommand } from './commands/profile.ts';
import { throughputCommand } from './commands/throughput-command.ts';

const program = new Command('bench')
  .description(
    'Measures Tocsin beside its baselines on a real Kafka and Redis, which it starts on this machine. Run it as "npm run bench -- <command>".',
  )
  .showHelpAfterError('Run "npm run bench -- --help" or "npm run bench -- <command> --help".')
  .addCommand(profileCommand())
  .addCommand(throughputCommand());

try {
  await program.parseAsync();
} catch (error) {
  console.error(error);
  process.exit(1);
}
process.exit(0);
