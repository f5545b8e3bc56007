import { cpuSecondsOf } from './cpu-time.ts';
import type { Bed } from './bed.ts';
import { takenBy } from './scrape.ts';
import type { Scrape } from './scrape.ts';

/** One look at a service, the broker and Redis at the same time. */
export interface Look {
  readonly scrape: Scrape;
  readonly brokerCpuSeconds: number;
  readonly redisCpuSeconds: number;
}

export interface Measured {
  readonly what: string;
  /** Records within the window that was measured: after the start, before the last of them. */
  readonly records: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** CPU time of the service's process, per record. */
  readonly cpuMicros: number;
  readonly brokerMicros: number;
  readonly redisMicros: number;
  readonly rssBytes: number;
}

export const look = (bed: Bed, scrape: Scrape): Look => ({
  scrape,
  brokerCpuSeconds: cpuSecondsOf(bed.kafka.pid),
  redisCpuSeconds: cpuSecondsOf(bed.redis.pid),
});

/**
 * Rate and cost between the first look that shows a twentieth of the records and the last one before all of them: so
 * neither the start of a process nor the wait for the next look is counted.
 */
export function measured(what: string, stage: string, looks: readonly Look[], expected: number): Measured {
  const taken = ({ scrape }: Look): number => takenBy(scrape, stage);
  const windowed = {
    begin: looks.find((one) => taken(one) >= expected / 20),
    end: looks.findLast((one) => taken(one) < expected),
  };
  // So few that one look saw none of them and the next one all.
  const isTooSmall =
    windowed.begin === undefined || windowed.end === undefined || taken(windowed.end) <= taken(windowed.begin);
  const begin = isTooSmall ? looks[0]! : windowed.begin!;
  const end = isTooSmall ? looks.at(-1)! : windowed.end!;
  const records = Math.max(1, taken(end) - taken(begin));
  const seconds = (end.scrape.at - begin.scrape.at) / 1_000;
  const per = (after: number, before: number): number => ((after - before) * 1e6) / records;
  return {
    what,
    records,
    seconds,
    perSecond: records / seconds,
    cpuMicros: per(end.scrape.cpuSeconds, begin.scrape.cpuSeconds),
    brokerMicros: per(end.brokerCpuSeconds, begin.brokerCpuSeconds),
    redisMicros: per(end.redisCpuSeconds, begin.redisCpuSeconds),
    rssBytes: Math.max(...looks.map(({ scrape }) => scrape.rssBytes)),
  };
}
