import type { Command } from 'commander';
import { stagesOf } from './stages.ts';
import { print, withPlatform } from './with-platform.ts';

interface StageStatus {
  readonly stage: string;
  readonly topic: string;
  readonly partitions: number;
  /** Records appended and not yet behind a checkpoint. */
  readonly lag: number;
  /** Stream time of the oldest checkpoint, null where nothing was processed yet. */
  readonly clockAt: number | null;
}

/** `tocsin status`: how far each stage is, from the committed positions. */
export function addStatus(program: Command): void {
  program
    .command('status')
    .description('how far each stage is')
    .option('--json', 'print JSON')
    .action(({ json = false }: { json?: boolean }) =>
      withPlatform(program, async ({ log, state }, settings) => {
        const found: StageStatus[] = [];
        for (const { stage, topic } of stagesOf(settings)) {
          const partitions = (await log.facts(topic))?.partitions ?? 0;
          let lag = 0;
          let clockAt: number | null = null;
          for (let partition = 0; partition < partitions; partition++) {
            const { start, end } = await log.bounds(topic, partition);
            const position = await state.slot(stage, partition).position();
            lag += Math.max(0, end - (position?.offset ?? start));
            if (position !== null && position.clockAt > 0)
              clockAt = Math.min(clockAt ?? position.clockAt, position.clockAt);
          }
          found.push({ stage, topic, partitions, lag, clockAt });
        }
        const lines = found.map(
          ({ stage, partitions, lag, clockAt }) =>
            `${stage.padEnd(28)} ${String(partitions).padStart(4)} partitions  ${String(lag).padStart(9)} behind  ${clockAt === null ? 'nothing processed yet' : new Date(clockAt).toISOString()}`,
        );
        print(json, found, lines);
      }),
    );
}
