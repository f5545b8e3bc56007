import type { Log, StateStore } from '@tocsin/core';
import type { Platform } from '@tocsin/services';
import type { WordsOfTrouble } from '../verbs/words-of-trouble.ts';

/** Null: it answers. Else why not. */
export type Away = string | null;

/** How far a stage is by what it has saved, whoever runs. */
export interface Committed {
  readonly partitions: number;
  /** Records appended and not yet behind a checkpoint. */
  readonly lagRecords: number;
  /** How long the oldest of them has been waiting; 0 where there is none. */
  readonly lagSeconds: number;
  /** Stream time of the oldest checkpoint; null where nothing was processed yet. */
  readonly clockAt: number | null;
}

const patienceMs = 5_000;

const answer = async (ping: Promise<unknown>, words: WordsOfTrouble): Promise<Away> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${patienceMs} ms`), patienceMs);
  });
  const said = ping.then(
    () => null,
    (error: unknown) => words.of(error),
  );
  try {
    return await Promise.race([said, late]);
  } finally {
    clearTimeout(timer);
  }
};

export async function askPlatform(
  { log, state }: Platform,
  words: WordsOfTrouble,
): Promise<{ readonly log: Away; readonly state: Away }> {
  const [logAway, stateAway] = await Promise.all([answer(log.ping(), words), answer(state.ping(), words)]);
  return { log: logAway, state: stateAway };
}

/** By log and store; null where the topic is not there. */
export async function committedOf(
  { log, state }: { readonly log: Log; readonly state: StateStore },
  stage: string,
  topic: string,
  now: number,
): Promise<Committed | null> {
  const partitions = (await log.facts(topic))?.partitions;
  if (partitions === undefined) return null;
  const all = await Promise.all(
    Array.from({ length: partitions }, async (_, partition) => {
      const [{ start, end }, position] = await Promise.all([
        log.bounds(topic, partition),
        state.slot(stage, partition).position(),
      ]);
      const from = Math.max(start, position?.offset ?? start);
      const lagRecords = Math.max(0, end - from);
      const [oldest] = lagRecords === 0 ? [] : await log.read(topic, partition, from, 1);
      const clockAt = position === null || position.clockAt === 0 ? null : position.clockAt;
      return {
        lagRecords,
        lagSeconds: oldest === undefined ? 0 : Math.max(0, now - oldest.timestamp) / 1_000,
        clockAt,
      };
    }),
  );
  const clocks = all.flatMap(({ clockAt }) => (clockAt === null ? [] : [clockAt]));
  return {
    partitions,
    lagRecords: all.reduce((sum, { lagRecords }) => sum + lagRecords, 0),
    lagSeconds: Math.max(0, ...all.map(({ lagSeconds }) => lagSeconds)),
    clockAt: clocks.length === 0 ? null : Math.min(...clocks),
  };
}
