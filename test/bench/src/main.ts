import { Command } from 'commander';
import { latencyCommand } from './commands/latency-command.ts';
import { growthCommand } from './commands/growth-command.ts';
import { footprintCommand } from './commands/footprint-command.ts';
import { soakCommand } from './commands/soak-command.ts';
import { allCommand } from './commands/all.ts';
import { docsCommand } from './commands/docs.ts';
import { profileCommand } from './commands/profile.ts';
import { throughputCommand } from './commands/throughput-command.ts';

const program = new Command('bench')
  .description(
    'Measures Tocsin beside its baselines on a real Kafka and Redis, which it starts on this machine. Run it as "npm run bench -- <command>".',
  )
  .showHelpAfterError('Run "npm run bench -- --help" or "npm run bench -- <command> --help".')
  .addCommand(profileCommand())
  .addCommand(latencyCommand())
  .addCommand(growthCommand())
  .addCommand(footprintCommand())
  .addCommand(soakCommand())
  .addCommand(allCommand())
  .addCommand(docsCommand())
  .addCommand(throughputCommand());

try {
  await program.parseAsync();
} catch (error) {
  console.error(error);
  process.exit(1);
}
process.exit(0);
