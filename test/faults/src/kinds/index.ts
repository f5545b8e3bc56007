import { clockJumps } from './clock.ts';
import { takenBack, takenBackThenRollback } from './consent.ts';
import type { Kind } from './kind.ts';
import { cut, silent, slow } from './network.ts';
import { alertAway, buildThenRollback } from './outages.ts';
import { killed, killedTwice, leavesAndJoins, zombie } from './processes.ts';
import { answersLate, answersTwice, timesOut } from './providers.ts';
import { poison, policyActivated, ruleSetActivated } from './records.ts';
import { brokerKilled, controllerKilled, redisFailsOver, redisKilled, redisOlder } from './servers.ts';

/** Every kind of fault that the pipeline must survive by itself. */
export const kinds: readonly Kind[] = [
  killed,
  killedTwice,
  zombie,
  leavesAndJoins,
  brokerKilled,
  controllerKilled,
  redisKilled,
  redisOlder,
  redisFailsOver,
  timesOut,
  answersTwice,
  answersLate,
  slow,
  silent,
  cut,
  clockJumps,
  poison,
  ruleSetActivated,
  policyActivated,
  alertAway,
  buildThenRollback,
  takenBack,
  takenBackThenRollback,
];

export type { Drawn, Kind } from './kind.ts';
