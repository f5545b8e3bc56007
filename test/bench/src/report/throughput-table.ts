import type { Contender } from '../commands/throughput.ts';
import { median } from './statistics.ts';
import { grouped, micros, table } from './table.ts';

const ofRuns = ({ runs }: Contender, field: 'perSecond' | 'cpuMicros' | 'brokerMicros' | 'redisMicros' | 'rssBytes') =>
  median(runs.map((run) => run[field]));

/** Medians of the runs; rates also as multiples of the baselines of the same client. */
export function throughputTable(contenders: readonly Contender[]): string {
  const find = (name: string, client: string) =>
    contenders.find((one) => one.name === name && one.client === client) ?? contenders.find((one) => one.name === name);
  const times = (one: Contender, name: string): string => {
    const base = find(name, one.client);
    return base === undefined || base === one ? '–' : (ofRuns(one, 'perSecond') / ofRuns(base, 'perSecond')).toFixed(2);
  };
  return table(
    [
      'what',
      'client',
      '× stock',
      '× script',
      '× pass-through',
      'per second',
      'CPU µs',
      'broker µs',
      'Redis µs',
      'RSS MB',
    ],
    contenders.map((one) => [
      one.name,
      one.client,
      times(one, 'stock'),
      times(one, 'script'),
      times(one, 'pass-through'),
      grouped(ofRuns(one, 'perSecond')),
      micros(ofRuns(one, 'cpuMicros')),
      micros(ofRuns(one, 'brokerMicros')),
      micros(ofRuns(one, 'redisMicros')),
      grouped(ofRuns(one, 'rssBytes') / 1e6),
    ]),
  );
}
