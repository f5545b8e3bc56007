import type { EmbeddedBed } from '../bed/embedded-bed.ts';
import { clockJumps } from './clock.ts';
import { takenBack, takenBackThenRollback, takenBackWhileWaiting } from './consent.ts';
import { diskFull, embeddedKilled } from './disk.ts';
import type { Kind } from './kind.ts';
import { cut, silent, slow } from './network.ts';
import { alertAway, buildThenRollback } from './outages.ts';
import { killed, killedTwice, leavesAndJoins, zombie } from './processes.ts';
import { answersLate, answersTwice, timesOut } from './providers.ts';
import { redisSnapshot, rollingUpgrade, scaled } from './operations.ts';
import { poison, policyActivated, ruleSetActivated } from './records.ts';
import { redisEmptied, topicRecreated } from './stops.ts';
import { brokerKilled, controllerKilled, redisFailsOver, redisKilled, redisOlder } from './servers.ts';

/** Every kind of fault: those that the pipeline must survive by itself, and those that must stop it. */
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
  takenBackWhileWaiting,
  topicRecreated,
  redisEmptied,
  scaled,
  rollingUpgrade,
  redisSnapshot,
];

/** Of the product in one process on its embedded storage. */
export const embeddedKinds: readonly Kind<EmbeddedBed>[] = [diskFull, embeddedKilled, timesOut, answersLate, poison];

export type { Drawn, Kind } from './kind.ts';
