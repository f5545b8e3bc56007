import { logAppendCases } from './log/log-append-cases.ts';
import { logGroupCases } from './log/log-group-cases.ts';
import type { LogCase, LogTraits } from './log/log-harness.ts';
import { logLeaderCases } from './log/log-leader-cases.ts';
import { logPositionCases } from './log/log-position-cases.ts';
import { logReadCases } from './log/log-read-cases.ts';
import { logSubscribeCases } from './log/log-subscribe-cases.ts';
import { logWholeAppendCases } from './log/log-whole-append-cases.ts';

export { everyPartitionLed } from './log/log-harness.ts';
export type { Leaders, LogCase, LogHarness, LogTraits } from './log/log-harness.ts';
export { RecordingReader } from './log/recording-reader.ts';
export type { ReaderOptions } from './log/recording-reader.ts';

export const logCases: readonly LogCase[] = [
  ...logAppendCases,
  ...logWholeAppendCases,
  ...logReadCases,
  ...logSubscribeCases,
  ...logPositionCases,
  ...logGroupCases,
  ...logLeaderCases,
];

/**
 * What every log must do, free of any test runner. Register each case where tests run:
 *
 *     for (const kept of logSuite({ members: true, identity: true })) it(kept.name, () => kept.run(harness));
 *
 * All cases may share one harness; they use topics and groups of their own.
 */
export const logSuite = (traits: LogTraits): readonly LogCase[] =>
  logCases.filter(({ needs }) => needs === undefined || traits[needs] === true);
